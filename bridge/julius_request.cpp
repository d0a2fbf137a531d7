#include "bridge/julius_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bunshin {
namespace {

/// What follows the line of a verb.
enum class Follows : std::uint8_t { nothing, line, grammar, words };

struct Verb {
  std::string_view name;
  JuliusVerb verb;
  Follows follows = Follows::nothing;
};

constexpr std::string_view kWordsEnd = "DICEND";

constexpr std::array kVerbs = {
    Verb{"STATUS", JuliusVerb::status},
    Verb{"VERSION", JuliusVerb::version},
    Verb{"DIE", JuliusVerb::die},
    Verb{"PAUSE", JuliusVerb::pause},
    Verb{"TERMINATE", JuliusVerb::terminate},
    Verb{"RESUME", JuliusVerb::resume},
    Verb{"INPUTONCHANGE", JuliusVerb::input_on_change, Follows::line},
    Verb{"GRAMINFO", JuliusVerb::grammar_info},
    Verb{"CHANGEGRAM", JuliusVerb::change_grammar, Follows::grammar},
    Verb{"ADDGRAM", JuliusVerb::add_grammar, Follows::grammar},
    Verb{"DELGRAM", JuliusVerb::delete_grammar, Follows::line},
    Verb{"ACTIVATEGRAM", JuliusVerb::activate_grammar, Follows::line},
    Verb{"DEACTIVATEGRAM", JuliusVerb::deactivate_grammar, Follows::line},
    Verb{"ADDWORD", JuliusVerb::add_word, Follows::words},
    Verb{"SYNCGRAM", JuliusVerb::sync_grammar},
    Verb{"LISTPROCESS", JuliusVerb::list_process},
    Verb{"CURRENTPROCESS", JuliusVerb::current_process, Follows::line},
    Verb{"SHIFTPROCESS", JuliusVerb::shift_process},
    Verb{"ADDPROCESS", JuliusVerb::add_process, Follows::line},
    Verb{"DELPROCESS", JuliusVerb::delete_process, Follows::line},
    Verb{"ACTIVATEPROCESS", JuliusVerb::activate_process, Follows::line},
    Verb{"DEACTIVATEPROCESS", JuliusVerb::deactivate_process, Follows::line},
};

const Verb& verb_of(JuliusVerb verb) {
  return *std::find_if(kVerbs.begin(), kVerbs.end(),
                       [verb](const Verb& known) { return known.verb == verb; });
}

/// These are told by how the line begins; the others are the whole of it.
bool takes_a_name(JuliusVerb verb) {
  return verb == JuliusVerb::change_grammar || verb == JuliusVerb::add_grammar;
}

std::optional<JuliusRequest> parse_line(std::string_view line) {
  for (const Verb& known : kVerbs) {
    const bool whole = !takes_a_name(known.verb) && known.verb != JuliusVerb::grammar_info &&
                       known.verb != JuliusVerb::add_word;
    if (whole ? line != known.name : line.substr(0, known.name.size()) != known.name) continue;
    JuliusRequest command{known.verb, {}, {}};
    if (!takes_a_name(known.verb)) return command;
    line.remove_prefix(known.name.size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    command.name = line;
    return command;
  }
  return std::nullopt;
}

bool is_complete(const JuliusRequest& command) {
  const std::vector<std::string>& lines = command.lines;
  switch (verb_of(command.verb).follows) {
    case Follows::nothing:
      return true;
    case Follows::line:
      return lines.size() == 1;
    case Follows::grammar:
      return !lines.empty() && lines.back() == kWordsEnd;
    case Follows::words:
      return lines.size() > 1 && lines.back() == kWordsEnd;
  }
  return true;
}

}  // namespace

std::string JuliusRequest::text() const {
  std::string text(verb_of(verb).name);
  if (!name.empty()) text.append(" ").append(name);
  text.push_back('\n');
  for (const std::string& line : lines) text.append(line).push_back('\n');
  return text;
}

std::optional<std::string> JuliusRequest::problem() const {
  const Verb& known = verb_of(verb);
  const auto has_line_end = [](const std::string& line) {
    return line.find_first_of("\r\n") != std::string::npos;
  };
  if (has_line_end(name) || std::any_of(lines.begin(), lines.end(), has_line_end)) {
    return "a line of it holds a line end";
  }
  if (!name.empty() && !takes_a_name(verb)) {
    return fmt::format("nothing may follow {} in its line", known.name);
  }
  JuliusRequest begun{verb, name, {}};
  for (const std::string& line : lines) {
    if (is_complete(begun)) return fmt::format("{} has a line too many", known.name);
    begun.lines.push_back(line);
  }
  if (is_complete(begun)) return std::nullopt;
  return fmt::format("{} lacks {}", known.name,
                     known.follows == Follows::line ? "its argument" : "its end, DICEND");
}

std::optional<JuliusRequest> JuliusRequest::parse(std::string_view text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  auto request = parse_line(text.substr(0, end));
  while (request && end < text.size()) {
    text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
    const std::size_t next = text.find('\n');
    request->lines.emplace_back(text.substr(0, next));
    if (next == text.npos) break;
  }
  return request;
}

}  // namespace bunshin
