#include "bridge/config_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "bridge/did_you_mean.h"
#include "reactor/printable.h"

// toml++ 3.3 asserts, and in clang's release builds assumes, what bad input can break ("[[=";
// tomlplusplus issue 294). Without NDEBUG both go through TOML_ASSERT; made to do nothing, the
// parser goes on to its own error message.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace bunshin {
namespace {

const toml::table& as_table(const void* table) { return *static_cast<const toml::table*>(table); }

[[noreturn]] void fail_at(const std::string& file, const toml::source_region& where,
                          std::string_view what) {
  throw ConfigError(fmt::format("{}:{}: {}", file, where.begin.line, printable(what, 400)));
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

struct Unit {
  std::string_view name;
  std::chrono::milliseconds length;
};

constexpr std::array kUnits = {
    Unit{"ms", std::chrono::milliseconds(1)},
    Unit{"s", std::chrono::seconds(1)},
    Unit{"min", std::chrono::minutes(1)},
    Unit{"h", std::chrono::hours(1)},
};

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
  std::int64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  for (const Unit& unit : kUnits) {
    if (text == unit.name && count <= kLongest / unit.length) return count * unit.length;
  }
  return std::nullopt;
}

/// Asking whether a character is a blank, toml++ 3.3.0 runs into __builtin_unreachable for U+00A1
/// to U+0499, U+2E5E to U+3257 (all kana) and U+FB08 to U+FEFE. It asks outside of strings and
/// comments, where TOML has ASCII only: so a copy is parsed first in which '?' stands for each byte
/// that is not. That is refused wherever such a byte would be.
std::string only_ascii(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return copy;
}

/// It asks as well behind a line end that a backslash takes out of a string. None here needs one.
void refuse_continued_lines(std::string_view text, const std::string& name) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t last = line.find_last_not_of(" \t\r");
    if (last != line.npos && line[last] == '\\' && line.front() != '#') {
      throw ConfigError(fmt::format("{}:{}: a backslash ends the line", name, number));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

toml::table parse_toml(std::string_view text, const std::string& name) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  refuse_continued_lines(text, name);
  try {
    const std::string copy = only_ascii(text);
    if (copy != text) (void)toml::parse(std::string_view(copy));
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const bool hidden = error.description().find('?') != std::string_view::npos;
    fail_at(name, error.source(),
            fmt::format("{}{}", error.description(),
                        hidden ? " ('?' stands for what is not ASCII: that goes in quotes)" : ""));
  }
}

}  // namespace

ConfigSection::ConfigSection(const void* table, const std::string& file, std::string prefix)
    : table_(table), file_(&file), prefix_(std::move(prefix)) {}

void ConfigSection::fail(std::string_view key, std::string_view reason) const {
  const toml::table& table = as_table(table_);
  const toml::node* node = table.get(key);
  const toml::source_region& where = node != nullptr ? node->source() : table.source();
  fail_at(*file_, where, fmt::format("{}{}: {}", prefix_, key, reason));
}

void ConfigSection::allow_only(std::span<const std::string_view> known) const {
  for (const auto& [key, node] : as_table(table_)) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    const auto near = did_you_mean(key.str(), known);
    const std::string hint = near ? fmt::format(", did you mean \"{}\"?", *near) : std::string();
    fail_at(*file_, key.source(), fmt::format("{}{}: unknown key{}", prefix_, key.str(), hint));
  }
}

void ConfigSection::allow_only(std::initializer_list<std::string_view> known) const {
  allow_only(std::span(known.begin(), known.size()));
}

bool ConfigSection::has(std::string_view key) const { return as_table(table_).contains(key); }

std::string ConfigSection::place(std::string_view key) const {
  return fmt::format("{}:{}: {}{}", *file_, line(key), prefix_, key);
}

std::uint32_t ConfigSection::line(std::string_view key) const {
  return as_table(table_).get(key)->source().begin.line;
}

std::optional<std::string> ConfigSection::text(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_string();
  if (value == nullptr) fail(key, "should be a string");
  if (has_control_character(value->get())) {
    fail(key, "it holds a line end or another control character");
  }
  return value->get();
}

std::optional<std::vector<std::string>> ConfigSection::texts(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_array()) fail(key, "should be a list of strings");
  std::vector<std::string> all;
  for (const toml::node& element : *node->as_array()) {
    const auto* value = element.as_string();
    if (value == nullptr) fail(key, "should be a list of strings");
    if (has_control_character(value->get())) {
      fail(key, "it holds a line end or another control character");
    }
    all.push_back(value->get());
  }
  return all;
}

std::optional<bool> ConfigSection::flag(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_boolean()) fail(key, "should be true or false");
  return node->as_boolean()->get();
}

std::optional<std::int64_t> ConfigSection::integer(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_integer()) fail(key, "should be an integer");
  return node->as_integer()->get();
}

std::optional<double> ConfigSection::confidence(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_number()) fail(key, "should be a number");
  const double value = node->value<double>().value_or(-1);
  if (value >= 0 && value <= 1) return value;
  fail(key, "a confidence is a number from 0 to 1");
}

std::optional<std::chrono::milliseconds> ConfigSection::duration(std::string_view key) const {
  const std::optional<std::string> value = text(key);
  if (!value) return std::nullopt;
  if (const auto length = parse_duration(*value)) return length;
  fail(key, fmt::format("\"{}\" should be a time of at most a day: \"500ms\", \"3s\", \"2min\"",
                        *value));
}

std::optional<ConfigSection> ConfigSection::table(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) fail(key, fmt::format("should be a table: [{}{}]", prefix_, key));
  return ConfigSection(node->as_table(), *file_, fmt::format("{}{}.", prefix_, key));
}

std::vector<ConfigSection> ConfigSection::tables(std::string_view key) const {
  std::vector<ConfigSection> sections;
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr) return sections;
  const std::string wanted = fmt::format("should be tables, each begun by [[{}]]", key);
  if (!node->is_array()) fail(key, wanted);
  for (const toml::node& element : *node->as_array()) {
    if (!element.is_table()) {
      fail_at(*file_, element.source(), fmt::format("{}{}: {}", prefix_, key, wanted));
    }
    sections.push_back(
        ConfigSection(element.as_table(), *file_, fmt::format("{}{}.", prefix_, key)));
  }
  return sections;
}

struct ConfigText::Table {
  toml::table value;
};

ConfigText::ConfigText(std::string_view text, std::string name)
    : name_(std::move(name)), table_(new Table{parse_toml(text, name_)}) {}

ConfigText::~ConfigText() = default;

ConfigSection ConfigText::root() const { return {&table_->value, name_, ""}; }

}  // namespace bunshin
