#include <fmt/format.h>

#include <utility>
#include <vector>

#include "bridge/config_readers.h"
#include "bridge/rapiro_protocol.h"
#include "bridge/text_decoder.h"

namespace bunshin {
namespace {

Rule read_rule(const ConfigSection& section) {
  section.allow_only({"words", "send", "min_confidence"});
  const auto words = section.text("words");
  const auto send = section.text("send");
  if (!words) section.fail("words", "missing: a rule needs the words it is for");
  if (!send) section.fail("send", "missing: a rule needs the command to send");
  Rule rule{normalise_words(*words), *send, section.confidence("min_confidence")};
  if (rule.words.empty()) section.fail("words", "it holds no word");
  if (rule.words.find(kReplacement) != std::string::npos) {
    section.fail("words", "it holds U+FFFD, which no rule matches");
  }
  if (const auto problem = validate_command(rule.send)) {
    section.fail("send",
                 fmt::format("Rapiro would not understand \"{}\": {}", rule.send, *problem));
  }
  return rule;
}

}  // namespace

void read_rules(const ConfigSection& root, BridgeConfig& config) {
  const std::vector<ConfigSection> sections = root.tables("rule");
  for (std::size_t i = 0; i < sections.size(); ++i) {
    Rule rule = read_rule(sections[i]);
    for (std::size_t j = 0; j < i; ++j) {
      if (config.rules[j].words != rule.words) continue;
      sections[i].fail("words", fmt::format("\"{}\" has a rule already, in line {}", rule.words,
                                            sections[j].line("words")));
    }
    config.rules.push_back(std::move(rule));
  }
}

}  // namespace bunshin
