#include "tools/pages/manual_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sstream>

namespace bunshin {

namespace {

/// Text that no macro and no escape sequence can be read into. A `-` is one that can be copied.
std::string plain(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '\\') {
      escaped += "\\e";
    } else if (letter == '-') {
      escaped += "\\-";
    } else {
      escaped += letter;
    }
  }
  if (escaped.starts_with('.') || escaped.starts_with('\'')) escaped.insert(0, "\\&");
  return escaped;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

std::string typed(const DescribedCommand& command) {
  return command.path.empty() ? "bunshin" : "bunshin " + command.joined(" ");
}

std::string synopsis(const DescribedCommand& command) {
  std::string text = fmt::format(".B {}\n", plain(typed(command)));
  if (!command.options.empty()) text += "[\\fIOPTIONS\\fR]\n";
  for (const DescribedOption& argument : command.arguments) {
    const std::string name = "\\fI" + plain(argument.names.front()) + "\\fR";
    text += (argument.required ? name : '[' + name + ']') + '\n';
  }
  if (!command.commands.empty()) text += "\\fICOMMAND\\fR ...\n";
  return text;
}

std::string sentence(const std::string& text) {
  return text.empty() || text.ends_with('.') || text.ends_with('?') ? text : text + '.';
}

std::string item(const DescribedOption& option) {
  std::string names;
  for (const std::string& name : option.names) {
    if (!names.empty()) names += ", ";
    names += "\\fB" + plain(name) + "\\fR";
  }
  const bool has_place = !option.names.front().starts_with('-');
  if (!option.value.empty() && !has_place) names += " \\fI" + plain(option.value) + "\\fR";
  std::string text = fmt::format(".TP\n{}\n{}\n", names, plain(sentence(option.description)));
  if (!option.choices.empty()) {
    text += plain(fmt::format("One of {}.", fmt::join(option.choices, ", "))) + '\n';
  }
  if (!option.limits.empty()) text += plain(fmt::format("It must be: {}.", option.limits)) + '\n';
  if (!option.default_value.empty()) {
    text += plain(fmt::format("The default is {}.", option.default_value)) + '\n';
  }
  if (!option.variable.empty()) {
    text += fmt::format("The variable \\fB{}\\fR says the same.\n", plain(option.variable));
  }
  return text;
}

std::string section(const std::string& heading, const std::vector<DescribedOption>& options) {
  if (options.empty()) return {};
  std::string text = fmt::format(".SH {}\n", heading);
  for (const DescribedOption& option : options) text += item(option);
  return text;
}

std::string list_of_commands(const DescribedCommand& command) {
  if (command.commands.empty()) return {};
  std::string text = ".SH COMMANDS\n";
  for (const DescribedCommand& below : command.commands) {
    text += fmt::format(".TP\n\\fB{}\\fR(1)\n{}\n", plain(page_name(below)),
                        plain(sentence(below.description)));
  }
  return text;
}

std::string as_it_is(const std::string& heading, const std::string& text) {
  if (text.empty()) return {};
  std::string shown = fmt::format(".SH {}\n.nf\n", heading);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) shown += plain(line) + '\n';
  return shown + ".fi\n";
}

constexpr const char* kAddresses =
    ".SH ADDRESSES\n"
    "127.0.0.1:9876, [::1]:9876, localhost:9876, or 9876 for a port of 127.0.0.1;\n"
    "unix:/path is a socket of the file system, on Linux unix:@name one without a file.\n";

constexpr const char* kEnd =
    ".SH SIGNALS\n"
    "A command ends in order at SIGINT, SIGTERM, SIGHUP and SIGQUIT.\n"
    "At SIGUSR1 one that serves says on standard error how things stand.\n"
    ".SH EXIT STATUS\n"
    "0 when all is done, 1 when something failed, 2 when the command was called wrongly.\n";

bool takes_address(const DescribedCommand& command) {
  const auto is = [](const DescribedOption& option) {
    return option.value == "ADDRESS" || option.names.front() == "ADDRESS";
  };
  return std::any_of(command.arguments.begin(), command.arguments.end(), is) ||
         std::any_of(command.options.begin(), command.options.end(), is);
}

}  // namespace

std::string page_name(const DescribedCommand& command) {
  return command.path.empty() ? "bunshin" : "bunshin-" + command.joined("-");
}

std::string manual_page(const DescribedCommand& command, const std::string& version,
                        const std::string& more_heading, const std::string& more) {
  const std::string name = page_name(command);
  std::string page = fmt::format(".TH {} 1 \"\" \"bunshin {}\" \"User Commands\"\n",
                                 plain(upper(name)), plain(version));
  page += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}.SH DESCRIPTION\n{}\n", plain(name),
                      plain(command.description), synopsis(command),
                      plain(sentence(command.description)));
  page += section("ARGUMENTS", command.arguments);
  page += list_of_commands(command);
  page += section("OPTIONS", command.options);
  if (takes_address(command)) page += kAddresses;
  page += as_it_is(more_heading, more);
  page += kEnd;
  if (!command.path.empty()) page += ".SH SEE ALSO\n.BR bunshin (1)\n";
  return page;
}

}  // namespace bunshin
