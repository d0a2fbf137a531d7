#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace bunshin {

// What the program knows of its own commands, as manual pages and completions are made of it: they
// can not say anything else than `--help` does. Main thread only.

/// An option, or an argument that has a place of its own.
struct DescribedOption {
  std::vector<std::string> names;    ///< "--version", "-V"; of an argument its one name, "ADDRESS"
  std::string value;                 ///< "FILE", or empty: it takes none
  std::vector<std::string> choices;  ///< what the value may be, if only one of a few words
  std::string limits;                ///< or what must hold for it, as CLI11 says it
  std::string description;
  std::string default_value;
  std::string variable;  ///< of the environment, that says the same
  bool required = false;

  /// Whether the value names a file, so that a shell completes it as one.
  [[nodiscard]] bool is_file() const;
};

struct DescribedCommand {
  std::vector<std::string> path;  ///< "sim", "julius"; empty: the program itself
  std::string description;
  std::vector<DescribedOption> options;
  std::vector<DescribedOption> arguments;
  std::vector<DescribedCommand> commands;

  /// The words of the path with `between` them.
  [[nodiscard]] std::string joined(const char* between) const;
};

DescribedCommand describe(const CLI::App& program);

/// `program` and all commands below it, each before its own.
std::vector<const DescribedCommand*> all_of(const DescribedCommand& program);

}  // namespace bunshin
