#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bunshin {

/// One word of a hypothesis (WHYPO). What the engine was told not to send is empty.
struct JuliusWord {
  std::string word;
  std::string class_id;
  std::string phone;
  std::optional<double> confidence;  // CM=, 0 to 1
};

/// SHYPO or PHYPO. rank is 0 when the engine gave none, as in a first-pass guess.
struct JuliusHypothesis {
  bool first_pass = false;
  int rank = 0;
  double score = 0;
  std::vector<JuliusWord> words;
};

enum class JuliusKind {
  empty,       // a block of nothing: the answer to DEACTIVATEPROCESS
  plain_text,  // a line that is no element: the answer to ADDWORD
  unknown,     // an element this list does not name
  recogout,
  recogfail,
  rejected,
  input,
  inputparam,
  startproc,
  stopproc,
  startrecog,
  endrecog,
  sysinfo,
  engineinfo,
  graminfo,
  grammar,
  gmm,
  graphout,
  recogprocess,
  warn,
};

/// What one block of Julius' module mode says. A plain value.
struct JuliusMessage {
  JuliusKind kind = JuliusKind::empty;
  std::string tag;                                              // "INPUT"; empty without element
  std::vector<std::pair<std::string, std::string>> attributes;  // of that element, in order
  std::vector<JuliusHypothesis> hypotheses;                     // recogout
  std::string text;                                             // graminfo, plain_text

  /// The value of an attribute, empty when it is absent.
  std::string_view attribute(std::string_view name) const;
  /// Of INPUTPARAM: how long the utterance was, in milliseconds.
  std::optional<long> input_msec() const;
  /// The engine's last word: SHYPO RANK="1" without PASS. Nothing else may move the robot.
  const JuliusHypothesis* final_hypothesis() const;
};

struct JuliusParse {
  JuliusMessage message;  // meaningless when there is an error
  std::string error;      // one line; empty: parsed
  std::string spoilt;     // why the last hypotheses were left out; empty: none was
  bool ok() const { return error.empty(); }
};

/// Reads one block, framed and decoded to UTF-8. Never throws on what is in it. Takes the unescaped
/// WORD="<s>" of engines before 4.5 and of -noxmlescape. Of a result it takes the hypotheses, best
/// first, up to the first that is not whole: a worse one that is spoilt costs the best one nothing,
/// and behind a spoilt best one there is none that counts.
JuliusParse parse_julius_block(std::string_view block);

}  // namespace bunshin
