#include "bridge/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <utility>

#include "bridge/did_you_mean.h"
#include "bridge/rapiro_protocol.h"
#include "bridge/small_file.h"
#include "bridge/text_decoder.h"
#include "reactor/printable.h"
#include "reactor/serial_line.h"

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

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

[[noreturn]] void fail_at(const std::string& file, const toml::source_region& where,
                          std::string_view what) {
  throw ConfigError(fmt::format("{}:{}: {}", file, where.begin.line, printable(what, 400)));
}

/// Reads one table of the file: typed access to its keys, errors that say where.
class Section {
 public:
  Section(const toml::table& table, const std::string& file, std::string prefix)
      : table_(table), file_(file), prefix_(std::move(prefix)) {}

  [[noreturn]] void fail(const toml::node& node, std::string_view key,
                         std::string_view reason) const {
    fail_at(file_, node.source(), fmt::format("{}{}: {}", prefix_, key, reason));
  }
  // Of something that is missing: the line is the table's own.
  [[noreturn]] void fail(std::string_view key, std::string_view reason) const {
    fail(table_, key, reason);
  }

  void allow_only(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, node] : table_) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      const auto near = did_you_mean(key.str(), {known.begin(), known.end()});
      const std::string hint = near ? fmt::format(", did you mean \"{}\"?", *near) : std::string();
      fail_at(file_, key.source(), fmt::format("{}{}: unknown key{}", prefix_, key.str(), hint));
    }
  }

  std::optional<std::string> text(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    const auto* value = node->as_string();
    if (!value) fail_type(*node, key, "a string");
    for (const char c : value->get()) {
      if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
        fail(*node, key, "it holds a line end or another control character");
      }
    }
    return value->get();
  }

  std::optional<double> confidence(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    if (!node->is_number()) fail_type(*node, key, "a number");
    const double value = node->value<double>().value_or(-1);
    if (value >= 0 && value <= 1) return value;
    fail(*node, key, "a confidence is a number from 0 to 1");
  }

  std::optional<std::int64_t> integer(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    if (!node->is_integer()) fail_type(*node, key, "an integer");
    return node->as_integer()->get();
  }

  std::optional<Section> table(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    if (!node->is_table()) fail_type(*node, key, fmt::format("a table: [{}]", key));
    return Section(*node->as_table(), file_, fmt::format("{}.", key));
  }

  std::vector<Section> tables(std::string_view key) const {
    std::vector<Section> sections;
    const toml::node* node = table_.get(key);
    if (!node) return sections;
    const std::string wanted = fmt::format("tables, each begun by [[{}]]", key);
    if (!node->is_array()) fail_type(*node, key, wanted);
    for (const toml::node& element : *node->as_array()) {
      if (!element.is_table()) fail_type(element, key, wanted);
      sections.emplace_back(*element.as_table(), file_, fmt::format("{}.", key));
    }
    return sections;
  }

  const toml::node& node(std::string_view key) const { return *table_.get(key); }

 private:
  [[noreturn]] void fail_type(const toml::node& node, std::string_view key,
                              std::string_view wanted) const {
    fail(node, key, fmt::format("should be {}", wanted));
  }

  const toml::table& table_;
  const std::string& file_;
  std::string prefix_;
};

/// The whole truth is known to whoever resolves the address; this finds slips of the pen.
std::optional<std::string> address_problem(std::string_view address) {
  constexpr std::string_view kUnix = "unix:";
  if (address.substr(0, kUnix.size()) == kUnix) {
    if (address.size() > kUnix.size()) return std::nullopt;
    return "\"unix:\" should be followed by a path";
  }
  const std::size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (colon == std::string_view::npos || host.empty() ||
      (!bracketed && host.find_first_of(":[] ") != std::string_view::npos)) {
    return fmt::format("\"{}\" should be HOST:PORT, [IPV6]:PORT or unix:PATH", address);
  }
  const std::string_view port = address.substr(colon + 1);
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error == std::errc() && end == port.data() + port.size() && 0 < number && number <= 65535) {
    return std::nullopt;
  }
  return fmt::format("\"{}\" is not a port, 1 to 65535", port);
}

void read_julius(const Section& section, BridgeConfig& config) {
  section.allow_only({"address", "encoding"});
  if (const auto address = section.text("address")) {
    if (const auto problem = address_problem(*address)) {
      section.fail(section.node("address"), "address", *problem);
    }
    config.julius_address = *address;
  }
  if (const auto encoding = section.text("encoding")) {
    try {
      TextDecoder decoder(*encoding);
    } catch (const std::invalid_argument& error) {
      section.fail(section.node("encoding"), "encoding", error.what());
    }
    config.julius_encoding = *encoding;
  }
}

void read_serial(const Section& section, BridgeConfig& config) {
  section.allow_only({"device", "baud"});
  if (const auto device = section.text("device")) {
    if (device->empty()) section.fail(section.node("device"), "device", "it is empty");
    config.serial_device = *device;
  }
  if (const auto baud = section.integer("baud")) {
    if (!is_standard_baud(*baud)) {
      section.fail(section.node("baud"), "baud",
                   fmt::format("{} is not a standard baud rate; Rapiro's is 57600", *baud));
    }
    config.serial_baud = static_cast<int>(*baud);
  }
}

Rule read_rule(const Section& section) {
  section.allow_only({"words", "send", "min_confidence"});
  const auto words = section.text("words");
  const auto send = section.text("send");
  if (!words) section.fail("words", "missing: a rule needs the words it is for");
  if (!send) section.fail("send", "missing: a rule needs the command to send");
  Rule rule{normalise_words(*words), *send, section.confidence("min_confidence")};
  if (rule.words.empty()) section.fail(section.node("words"), "words", "it holds no word");
  if (rule.words.find(kReplacement) != std::string::npos) {
    section.fail(section.node("words"), "words", "it holds U+FFFD, which no rule matches");
  }
  if (const auto problem = validate_command(rule.send)) {
    section.fail(section.node("send"), "send",
                 fmt::format("Rapiro would not understand \"{}\": {}", rule.send, *problem));
  }
  return rule;
}

void read_rules(const std::vector<Section>& sections, BridgeConfig& config) {
  for (std::size_t i = 0; i < sections.size(); ++i) {
    Rule rule = read_rule(sections[i]);
    for (std::size_t j = 0; j < i; ++j) {
      if (config.rules[j].words != rule.words) continue;
      const auto line = sections[j].node("words").source().begin.line;
      sections[i].fail(sections[i].node("words"), "words",
                       fmt::format("\"{}\" has a rule already, in line {}", rule.words, line));
    }
    config.rules.push_back(std::move(rule));
  }
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

BridgeConfig parse_config(std::string_view text, const std::string& name) {
  const toml::table table = parse_toml(text, name);
  const Section root(table, name, "");
  root.allow_only({"min_confidence", "julius", "serial", "rule"});
  BridgeConfig config;
  config.min_confidence = root.confidence("min_confidence").value_or(config.min_confidence);
  if (const auto julius = root.table("julius")) read_julius(*julius, config);
  if (const auto serial = root.table("serial")) read_serial(*serial, config);
  read_rules(root.tables("rule"), config);
  return config;
}

BridgeConfig load_config(const std::string& path) {
  const SmallFile file = read_small_file(path, kMaxFile);
  if (!file.error.empty()) throw ConfigError(file.error);
  return parse_config(file.text, path);
}

BridgeConfig builtin_config() {
  return parse_config(builtin_config_text(), "built-in rapiro.toml");
}

}  // namespace bunshin
