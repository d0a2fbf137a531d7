#include "bridge/julius_message.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <pugixml.hpp>

namespace bunshin {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

struct KindName {
  std::string_view tag;
  JuliusKind kind;
};

constexpr std::array<KindName, 17> kKinds = {{
    {"RECOGOUT", JuliusKind::recogout},
    {"RECOGFAIL", JuliusKind::recogfail},
    {"REJECTED", JuliusKind::rejected},
    {"INPUT", JuliusKind::input},
    {"INPUTPARAM", JuliusKind::inputparam},
    {"STARTPROC", JuliusKind::startproc},
    {"STOPPROC", JuliusKind::stopproc},
    {"STARTRECOG", JuliusKind::startrecog},
    {"ENDRECOG", JuliusKind::endrecog},
    {"SYSINFO", JuliusKind::sysinfo},
    {"ENGINEINFO", JuliusKind::engineinfo},
    {"GRAMINFO", JuliusKind::graminfo},
    {"GRAMMAR", JuliusKind::grammar},
    {"GMM", JuliusKind::gmm},
    {"GRAPHOUT", JuliusKind::graphout},
    {"RECOGPROCESS", JuliusKind::recogprocess},
    {"WARN", JuliusKind::warn},
}};

JuliusKind kind_of(std::string_view tag) {
  for (const KindName& known : kKinds) {
    if (known.tag == tag) return known.kind;
  }
  return JuliusKind::unknown;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// strtod, as libc++ has no from_chars for double yet; the program keeps the "C" locale.
std::optional<double> parse_number(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Each of these returns what is wrong, or nothing.
std::string read_word(const pugi::xml_node& node, JuliusWord& word) {
  word.word = node.attribute("WORD").value();
  word.class_id = node.attribute("CLASSID").value();
  word.phone = node.attribute("PHONE").value();
  const pugi::xml_attribute confidence = node.attribute("CM");
  if (!confidence) return {};
  word.confidence = parse_number(confidence.value());
  if (word.confidence) return {};
  return fmt::format("confidence CM=\"{}\" is not a number", confidence.value());
}

std::string read_hypothesis(const pugi::xml_node& node, JuliusHypothesis& hypothesis) {
  hypothesis.first_pass = std::string_view(node.name()) == "PHYPO" || node.attribute("PASS");
  hypothesis.rank = parse_integer<int>(node.attribute("RANK").value()).value_or(0);
  hypothesis.score = parse_number(node.attribute("SCORE").value()).value_or(0);
  for (const pugi::xml_node& child : node.children("WHYPO")) {
    std::string error = read_word(child, hypothesis.words.emplace_back());
    if (!error.empty()) return error;
  }
  return {};
}

std::string read_hypotheses(const pugi::xml_node& root, std::vector<JuliusHypothesis>& all) {
  for (const pugi::xml_node& child : root.children()) {
    const std::string_view name = child.name();
    if (name != "SHYPO" && name != "PHYPO") continue;
    std::string error = read_hypothesis(child, all.emplace_back());
    if (!error.empty()) return error;
  }
  return {};
}

// A grammar's own name may stand in there unescaped, so it never goes through the XML parser.
std::optional<std::string_view> graminfo_text(std::string_view block) {
  constexpr std::string_view kOpen = "<GRAMINFO>";
  constexpr std::string_view kClose = "</GRAMINFO>";
  if (block.size() < kOpen.size() + kClose.size()) return std::nullopt;
  if (block.substr(0, kOpen.size()) != kOpen) return std::nullopt;
  if (block.substr(block.size() - kClose.size()) != kClose) return std::nullopt;
  block.remove_prefix(kOpen.size());
  block.remove_suffix(kClose.size());
  return block;
}

std::string read_element(std::string_view block, JuliusMessage& message) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(block.data(), block.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return fmt::format("{} at byte {}", parsed.description(), parsed.offset);
  const pugi::xml_node root = document.document_element();
  if (root.next_sibling()) {
    return fmt::format("more follows </{}>: a \".\" line is missing", root.name());
  }
  message.tag = root.name();
  message.kind = kind_of(message.tag);
  for (const pugi::xml_attribute& attribute : root.attributes()) {
    message.attributes.emplace_back(attribute.name(), attribute.value());
  }
  if (message.kind != JuliusKind::recogout) return {};
  return read_hypotheses(root, message.hypotheses);
}

}  // namespace

std::string_view JuliusMessage::attribute(std::string_view name) const {
  for (const auto& [key, value] : attributes) {
    if (key == name) return value;
  }
  return {};
}

std::optional<long> JuliusMessage::input_msec() const {
  if (kind != JuliusKind::inputparam) return std::nullopt;
  const std::optional<long> msec = parse_integer<long>(attribute("MSEC"));
  return msec && *msec >= 0 ? msec : std::nullopt;
}

const JuliusHypothesis* JuliusMessage::final_hypothesis() const {
  for (const JuliusHypothesis& hypothesis : hypotheses) {
    if (!hypothesis.first_pass && hypothesis.rank == 1) return &hypothesis;
  }
  return nullptr;
}

JuliusParse parse_julius_block(std::string_view block) {
  JuliusParse result;
  JuliusMessage& message = result.message;
  // pugixml takes a NUL for the end, and would accept half a message.
  if (const std::size_t nul = block.find('\0'); nul != std::string_view::npos) {
    result.error = fmt::format("NUL at byte {}", nul);
    return result;
  }
  block = trim(block);
  if (block.empty()) return result;
  if (block.front() != '<') {
    message.kind = JuliusKind::plain_text;
    message.text = block;
  } else if (const auto text = graminfo_text(block)) {
    message.kind = JuliusKind::graminfo;
    message.tag = "GRAMINFO";
    message.text = *text;
  } else {
    result.error = read_element(block, message);
  }
  return result;
}

}  // namespace bunshin
