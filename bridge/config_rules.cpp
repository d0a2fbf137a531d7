#include <fmt/format.h>

#include <utility>
#include <vector>

#include "bridge/config_readers.h"
#include "bridge/phrases.h"
#include "bridge/text_decoder.h"
#include "bridge/word_check.h"

namespace bunshin {
namespace {

/// One of "words", "pattern" and "output" says what the rule is for.
std::string_view kind_of(const ConfigSection& section) {
  std::string_view kind;
  for (const std::string_view key : {"words", "pattern", "output"}) {
    if (!section.has(key)) continue;
    if (!kind.empty()) section.fail(key, fmt::format("a rule has either this or \"{}\"", kind));
    kind = key;
  }
  if (kind.empty()) section.fail("words", "missing: a rule needs the words it is for");
  return kind;
}

void read_words(const ConfigSection& section, BridgeConfig& config, Rule& rule) {
  rule.words = normalise_words(*section.text("words"));
  if (rule.words.empty()) section.fail("words", "it holds no word");
  if (rule.words.find(kReplacement) != std::string::npos) {
    section.fail("words", "it holds U+FFFD, which no rule matches");
  }
  for (const std::string& doubt : doubts_about(rule.words, config.julius.encoding)) {
    config.warnings.push_back(fmt::format("{}: {}", section.place("words"), doubt));
  }
}

void read_pattern(const ConfigSection& section, Rule& rule) {
  rule.pattern = *section.text("pattern");
  if (rule.pattern.empty()) section.fail("pattern", "it is empty");
  if (const auto problem = pattern_problem(rule.pattern)) {
    section.fail("pattern", fmt::format("no regular expression: {}", *problem));
  }
}

void read_send(const ConfigSection& section, const RobotProtocol& protocol, Rule& rule) {
  const auto send = section.text("send");
  if (!send && !rule.output) section.fail("send", "missing: a rule needs the command to send");
  rule.send = send.value_or("{0}");
  if (rule.output && rule.send != "{0}") {
    section.fail("send", "what was heard is sent: a rule with \"output\" needs none");
  }
  if (const auto problem = captures_problem(rule)) section.fail("send", *problem);
  if (greatest_capture(rule.send)) return;  // known only when something is heard
  if (const auto problem = command_check(protocol)(rule.send)) {
    section.fail("send", not_understood(protocol, rule.send, *problem));
  }
}

Rule read_rule(const ConfigSection& section, BridgeConfig& config) {
  section.allow_only({"words", "pattern", "output", "send", "min_confidence", "cool_down"});
  Rule rule;
  const std::string_view kind = kind_of(section);
  if (kind == "words") read_words(section, config, rule);
  if (kind == "pattern") read_pattern(section, rule);
  rule.output = section.flag("output").value_or(false);
  if (kind == "output" && !rule.output) section.fail("output", "should be true, or not there");
  read_send(section, config.robot.lines, rule);
  rule.min_confidence = section.confidence("min_confidence");
  rule.cool_down = section.duration("cool_down").value_or(rule.cool_down);
  return rule;
}

}  // namespace

void read_rules(const ConfigSection& root, BridgeConfig& config) {
  const std::vector<ConfigSection> sections = root.tables("rule");
  for (std::size_t i = 0; i < sections.size(); ++i) {
    Rule rule = read_rule(sections[i], config);
    for (std::size_t j = 0; j < i; ++j) {
      const Rule& earlier = config.rules[j];
      if (earlier.name() != rule.name()) continue;
      const std::string_view key = kind_of(sections[i]);
      sections[i].fail(key, fmt::format("\"{}\" has a rule already, in line {}", rule.name(),
                                        sections[j].line(kind_of(sections[j]))));
    }
    config.rules.push_back(std::move(rule));
  }
}

}  // namespace bunshin
