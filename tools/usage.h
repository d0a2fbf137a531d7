#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>

namespace bunshin {

// How the program speaks of its own arguments. Main thread only.

/// Lays the help out in `columns`: descriptions are wrapped between words.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::size_t columns) : columns_(columns) {}
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_description(const CLI::App* command) const override;

 private:
  std::size_t columns_;
};

/// What is wrong with the arguments that `app` could not take: one sentence that names the word and
/// what it may have meant.
std::string usage_mistake(const CLI::App& app, const CLI::ParseError& error);

}  // namespace bunshin
