#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bunshin {

/// What a client of Julius' module mode may ask for, from the engine's source (module.c of 4.6).
enum class JuliusVerb : std::uint8_t {
  status,              // answered SYSINFO
  version,             // ENGINEINFO
  die,                 // the engine serves nobody any more
  pause,               // after the utterance that runs: STOPPROC
  terminate,           // at once: REJECTED for the utterance that runs, and STOPPROC
  resume,              // STARTPROC
  input_on_change,     // what becomes of an utterance when the grammar changes
  grammar_info,        // GRAMINFO
  change_grammar,      // the DFA and the dictionary follow; GRAMMAR
  add_grammar,         // the same
  delete_grammar,      // GRAMMAR
  activate_grammar,    //
  deactivate_grammar,  //
  add_word,            // dictionary entries follow; answered by a line of plain text
  sync_grammar,        // GRAMMAR
  list_process,        // RECOGPROCESS
  current_process,     // RECOGPROCESS
  shift_process,       //
  add_process,         //
  delete_process,      //
  activate_process,    //
  deactivate_process,  // an empty block
};

/// One command with its arguments, typed. A plain value.
struct JuliusRequest {
  JuliusVerb verb = JuliusVerb::status;
  /// In the command's own line: the name of a new grammar (CHANGEGRAM, ADDGRAM), or nothing.
  std::string name;
  /// The lines that follow, without line ends. One, which may be empty, for INPUTONCHANGE
  /// ("TERMINATE", "PAUSE" or "WAIT"), DELGRAM, ACTIVATEGRAM, DEACTIVATEGRAM (names or numbers,
  /// parted by commas) and *PROCESS with a name; a grammar and "DFAEND" (not where words alone
  /// are recognised), a dictionary and "DICEND" for CHANGEGRAM and ADDGRAM; a grammar's name,
  /// entries and "DICEND" for ADDWORD.
  std::vector<std::string> lines;
  bool operator==(const JuliusRequest&) const = default;

  /// As it is sent, every line with its end. What is wrong with its arguments is sent as it is.
  [[nodiscard]] std::string text() const;
  /// What the lines of a JuliusCommandReader mean; nothing for what the engine ignores.
  static std::optional<JuliusRequest> parse(std::string_view text);
  /// Why the engine would misread it, as the end of a sentence, or nothing: a line end inside a
  /// line, an argument too few or too many, an end mark that is missing.
  [[nodiscard]] std::optional<std::string> problem() const;
};

}  // namespace bunshin
