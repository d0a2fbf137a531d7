#include "tools/pages/described_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace bunshin {

namespace {

/// CLI11 says "NAME:{auto,poll}" or "N:INT in [1 - 9]": the value, and what must hold for it.
void describe_value(const CLI::Option& option, DescribedOption& described) {
  const std::string type = option.get_type_name();
  const std::size_t colon = type.find(':');
  described.value = type.substr(0, colon);
  if (described.value.empty()) described.value = "VALUE";
  if (colon == std::string::npos) return;
  described.limits = type.substr(colon + 1);
  if (!described.limits.starts_with('{') || !described.limits.ends_with('}')) return;
  std::istringstream words(described.limits.substr(1, described.limits.size() - 2));
  for (std::string word; std::getline(words, word, ',');) described.choices.push_back(word);
  described.limits.clear();
}

DescribedOption describe_option(const CLI::Option& option) {
  DescribedOption described;
  for (const std::string& name : option.get_snames()) described.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
  if (!option.nonpositional()) described.names.push_back(option.get_name(true));
  if (option.get_items_expected_max() > 0) describe_value(option, described);
  described.description = option.get_description();
  described.default_value = option.get_default_str();
  described.variable = option.get_envname();
  described.required = option.get_required();
  return described;
}

DescribedCommand describe_command(const CLI::App& app, std::vector<std::string> path) {
  DescribedCommand described;
  described.path = std::move(path);
  described.description = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    auto& kind = option->nonpositional() ? described.options : described.arguments;
    kind.push_back(describe_option(*option));
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_group().empty()) continue;
    std::vector<std::string> longer = described.path;
    longer.push_back(command->get_name());
    described.commands.push_back(describe_command(*command, std::move(longer)));
  }
  return described;
}

void append_all(const DescribedCommand& command, std::vector<const DescribedCommand*>& all) {
  all.push_back(&command);
  for (const DescribedCommand& below : command.commands) append_all(below, all);
}

}  // namespace

bool DescribedOption::is_file() const {
  static constexpr std::array kFiles = {"FILE", "PATH", "DEVICE", "TRANSCRIPT", "FOLDER"};
  const std::string& word = value == "TEXT" ? names.front() : value;
  return std::find(kFiles.begin(), kFiles.end(), word) != kFiles.end();
}

std::string DescribedCommand::joined(const char* between) const {
  return fmt::format("{}", fmt::join(path, between));
}

DescribedCommand describe(const CLI::App& program) { return describe_command(program, {}); }

std::vector<const DescribedCommand*> all_of(const DescribedCommand& program) {
  std::vector<const DescribedCommand*> all;
  append_all(program, all);
  return all;
}

}  // namespace bunshin
