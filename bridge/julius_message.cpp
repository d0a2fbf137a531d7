#include "bridge/julius_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <pugixml.hpp>
#include <utility>

#include "bridge/text_decoder.h"

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

/// strtod, as libc++ has no from_chars for double yet; the program keeps the "C" locale.
std::optional<double> parse_number(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Each of these returns what is wrong, or nothing.
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

/// One whole element with nothing behind it.
std::string load(std::string_view text, pugi::xml_document& document) {
  // pugixml takes a NUL for the end, and would accept half a message.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return fmt::format("NUL at byte {}", nul);
  }
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return fmt::format("{} at byte {}", parsed.description(), parsed.offset);
  const pugi::xml_node root = document.document_element();
  if (!root.next_sibling()) return {};
  return fmt::format("more follows </{}>: a \".\" line is missing", root.name());
}

std::size_t count_replacements(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(kReplacement); at != text.npos;
       at = text.find(kReplacement, at + kReplacement.size())) {
    ++count;
  }
  return count;
}

/// A byte that could not be read may stand in a word, which then matches no rule. Anywhere else it
/// may have been what tells a guess from a result, or the begin of a word.
bool only_words_are_damaged(std::string_view text, const JuliusHypothesis& hypothesis) {
  std::size_t in_words = 0;
  for (const JuliusWord& word : hypothesis.words) {
    for (const std::string& part : {word.word, word.class_id, word.phone}) {
      in_words += count_replacements(part);
    }
  }
  return in_words == count_replacements(text);
}

std::string read_hypothesis(std::string_view text, JuliusHypothesis& hypothesis) {
  pugi::xml_document document;
  if (std::string error = load(text, document); !error.empty()) return error;
  const pugi::xml_node node = document.document_element();
  hypothesis.first_pass = std::string_view(node.name()) == "PHYPO" || node.attribute("PASS");
  hypothesis.rank = parse_integer<int>(node.attribute("RANK").value()).value_or(0);
  hypothesis.score = parse_number(node.attribute("SCORE").value()).value_or(0);
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) return "text stands between its words";
    if (std::string_view(child.name()) != "WHYPO") continue;
    std::string error = read_word(child, hypothesis.words.emplace_back());
    if (!error.empty()) return error;
  }
  if (only_words_are_damaged(text, hypothesis)) return {};
  return "bytes that are not of the encoding stand outside of its words";
}

std::size_t find_hypothesis(std::string_view text, std::size_t from = 0) {
  return std::min(text.find("<SHYPO", from), text.find("<PHYPO", from));
}

/// REQUIRES: one begins at the front of `text`.
std::size_t hypothesis_size(std::string_view text) {
  const std::string_view end_tag = text[1] == 'S' ? "</SHYPO>" : "</PHYPO>";
  const std::size_t next = std::min(find_hypothesis(text, 1), text.size());
  const std::size_t end = text.find(end_tag);
  return end < next ? end + end_tag.size() : next;
}

/// Each on its own: an XML parser gives up at the first fault, wherever that is.
std::string read_hypotheses(std::string_view text, std::vector<JuliusHypothesis>& all) {
  for (text = trim(text); !text.empty(); text = trim(text)) {
    if (find_hypothesis(text) != 0) return "something else stands between them";
    const std::size_t size = hypothesis_size(text);
    JuliusHypothesis hypothesis;
    if (std::string error = read_hypothesis(text.substr(0, size), hypothesis); !error.empty()) {
      return error;
    }
    all.push_back(std::move(hypothesis));
    text.remove_prefix(size);
  }
  return {};
}

/// A grammar's own name may stand in there unescaped, so it never goes through the XML parser.
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

std::string read_element(std::string_view text, JuliusMessage& message) {
  pugi::xml_document document;
  if (std::string error = load(text, document); !error.empty()) return error;
  const pugi::xml_node root = document.document_element();
  message.tag = root.name();
  message.kind = kind_of(message.tag);
  if (message.kind == JuliusKind::recogout && root.first_child()) {
    return "something else stands before its hypotheses";
  }
  for (const pugi::xml_attribute& attribute : root.attributes()) {
    message.attributes.emplace_back(attribute.name(), attribute.value());
  }
  return {};
}

JuliusParse read_block(std::string_view block) {
  constexpr std::string_view kOpen = "<RECOGOUT";
  constexpr std::string_view kClose = "</RECOGOUT>";
  JuliusParse result;
  const std::size_t first = find_hypothesis(block);
  if (block.substr(0, kOpen.size()) != kOpen || first == block.npos) {
    result.error = read_element(block, result.message);
  } else if (block.substr(block.size() - kClose.size()) != kClose) {
    result.error = fmt::format("{} is missing at its end", kClose);
  } else {
    result.error = read_element(std::string(block.substr(0, first)).append(kClose), result.message);
    if (!result.ok()) return result;
    block.remove_suffix(kClose.size());
    result.spoilt = read_hypotheses(block.substr(first), result.message.hypotheses);
  }
  return result;
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
    return read_block(block);
  }
  return result;
}

}  // namespace bunshin
