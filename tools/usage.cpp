#include "tools/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string_view>
#include <vector>

#include "bridge/did_you_mean.h"
#include "reactor/printable.h"

namespace bunshin {

namespace {

/// A word that is longer than the line has one to itself.
std::string wrap(const std::string& text, std::size_t width) {
  std::istringstream words(text);
  std::string wrapped;
  std::size_t column = 0;
  for (std::string word; words >> word; column += word.size()) {
    if (column > 0 && column + 1 + word.size() > width) {
      wrapped += '\n';
      column = 0;
    } else if (column > 0) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
  }
  return wrapped;
}

/// The innermost command that was named.
const CLI::App& command_of(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? app : command_of(*named.back());
}

std::vector<std::string> commands_in(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> options_in(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// A word that no command took.
std::string unknown_word(const CLI::App& command, const std::string& word) {
  const bool option = word.starts_with('-');
  const std::vector<std::string> known = option ? options_in(command) : commands_in(command);
  const std::string of = command.get_parent() ? " of " + command.get_name() : "";
  std::string sentence = fmt::format("\"{}\" is no {}{}", printable(word),
                                     option          ? "option"
                                     : known.empty() ? "argument"
                                                     : "command",
                                     of);
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  if (const auto near = did_you_mean(word, candidates)) {
    return sentence + fmt::format(", did you mean \"{}\"?", *near);
  }
  if (!option && !known.empty()) sentence += fmt::format("; there are {}", fmt::join(known, ", "));
  return sentence;
}

}  // namespace

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return wrap(option->get_description(), columns_ - get_column_width());
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(out, command->get_name(),
                           wrap(command->get_description(), columns_ - get_column_width()),
                           get_column_width());
  return out.str();
}

std::string HelpFormatter::make_description(const CLI::App* command) const {
  return wrap(command->get_description(), columns_) + '\n';
}

std::string usage_mistake(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = command_of(app);
  const auto unknown = app.remaining(true);
  if (!unknown.empty()) return unknown_word(command, unknown.front());
  const auto commands = commands_in(command);
  if (!commands.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return fmt::format("a command is missing: {}", fmt::join(commands, ", "));
  }
  std::string sentence = error.what();
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  return sentence;
}

}  // namespace bunshin
