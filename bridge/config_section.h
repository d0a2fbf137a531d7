#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bunshin {

/// One line a person can act on: "rapiro.toml:12: serial.baud: 57601 is not a standard baud rate".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One table of a TOML file: typed access to its keys. Whatever is wrong is a ConfigError that
/// names file, line and key; what a key that is absent means its reader knows. A view: the
/// ConfigText it came from must outlive it.
class ConfigSection {
 public:
  /// Of the key's line, or of the table's own where the key is missing.
  [[noreturn]] void fail(std::string_view key, std::string_view reason) const;
  /// A key that is none of these is a typing mistake.
  void allow_only(std::span<const std::string_view> known) const;
  void allow_only(std::initializer_list<std::string_view> known) const;
  [[nodiscard]] bool has(std::string_view key) const;
  /// What stands before the reason in an error about the key: "my.toml:12: rule.words".
  /// REQUIRES: has(key).
  [[nodiscard]] std::string place(std::string_view key) const;
  /// Where a key stands. REQUIRES: has(key).
  [[nodiscard]] std::uint32_t line(std::string_view key) const;

  /// Without control characters.
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
  /// From 0 to 1.
  [[nodiscard]] std::optional<double> confidence(std::string_view key) const;
  /// "500ms", "3s", "2min" or "1h"; at most a day, and not less than 0.
  [[nodiscard]] std::optional<std::chrono::milliseconds> duration(std::string_view key) const;
  /// [key], or key = { ... }
  [[nodiscard]] std::optional<ConfigSection> table(std::string_view key) const;
  /// Each [[key]], in order.
  [[nodiscard]] std::vector<ConfigSection> tables(std::string_view key) const;

 private:
  friend class ConfigText;
  ConfigSection(const void* table, const std::string& file, std::string prefix);

  const void* table_;  // a toml::table; toml++ stays in the .cpp
  const std::string* file_;
  std::string prefix_;  // of its keys in errors: "serial."
};

/// A configuration file that has been parsed.
class ConfigText {
 public:
  /// `name` stands for the file in errors. Throws ConfigError.
  ConfigText(std::string_view text, std::string name);
  ~ConfigText();
  ConfigText(const ConfigText&) = delete;
  ConfigText& operator=(const ConfigText&) = delete;

  [[nodiscard]] ConfigSection root() const;

 private:
  struct Table;

  const std::string name_;
  std::unique_ptr<const Table> table_;
};

}  // namespace bunshin
