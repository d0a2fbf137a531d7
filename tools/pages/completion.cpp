#include "tools/pages/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace bunshin {

namespace {

/// In single quotes, as all three shells read them; fish wants a backslash doubled, too.
std::string quoted(const std::string& text, bool fish = false) {
  std::string out = "'";
  for (const char letter : text) {
    if (letter == '\'') {
      out += fish ? "\\'" : "'\\''";
    } else if (letter == '\\' && fish) {
      out += "\\\\";
    } else {
      out += letter;
    }
  }
  return out + "'";
}

/// What completes the value of `option`: "@files", "@none" or the words that it may be.
std::string values_of(const DescribedOption& option) {
  if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, " "));
  return option.is_file() ? "@files" : "@none";
}

/// The first argument of a command that says what it may be.
std::string argument_values(const DescribedCommand& command) {
  for (const DescribedOption& argument : command.arguments) {
    std::string values = values_of(argument);
    if (values != "@none") return values;
  }
  return {};
}

/// The same for bash and zsh: functions that print, for the words of a command, a line each of
/// what may follow, "name:what it is"; for an option that takes a value, the values.
std::string tables(const DescribedCommand& program) {
  std::string commands = "_bunshin_commands() {\n  case \"$1\" in\n";
  std::string options = "_bunshin_options() {\n  case \"$1\" in\n";
  std::string values = "_bunshin_values() {\n  case \"$1 $2\" in\n";
  for (const DescribedCommand* command : all_of(program)) {
    const std::string path = command->joined(" ");
    if (!command->commands.empty()) {
      commands += fmt::format("    {}) printf '%s\\n'", quoted(path));
      for (const DescribedCommand& below : command->commands) {
        commands += " \\\n      " + quoted(below.path.back() + ":" + below.description);
      }
      commands += " ;;\n";
    }
    options += fmt::format("    {}) printf '%s\\n'", quoted(path));
    for (const DescribedOption& option : command->options) {
      for (const std::string& name : option.names) {
        options += " \\\n      " + quoted(fmt::format("{}:{}", name, option.description));
        if (option.value.empty()) continue;
        values += fmt::format("    {}) echo {} ;;\n", quoted(fmt::format("{} {}", path, name)),
                              quoted(values_of(option)));
      }
    }
    options += " ;;\n";
    if (const std::string words = argument_values(*command); !words.empty()) {
      values += fmt::format("    {}) echo {} ;;\n", quoted(path + " @"), quoted(words));
    }
  }
  const std::string end = "  esac\n}\n";
  return commands + end + options + end + values + end;
}

/// The words of the command that stands before the cursor: `chain`. A value is no command.
constexpr const char* kFindChain = R"sh(
  local chain= word skip= table
  for word in "${before[@]}"; do
    if [ -n "$skip" ]; then skip=; continue; fi
    if [ -n "$(_bunshin_values "$chain" "$word")" ]; then skip=1; continue; fi
    table=$(_bunshin_commands "$chain" | sed 's/:.*//')
    case " ${table//$'\n'/ } " in *" $word "*) chain=${chain:+$chain }$word ;; esac
  done
  local values=
  [ -z "$skip" ] || values=$(_bunshin_values "$chain" "$last")
)sh";

constexpr const char* kBash = R"sh(
  COMPREPLY=()
  if [ -z "$values" ]; then
    case "$current" in
      -*) values=$(_bunshin_options "$chain" | sed 's/:.*//') ;;
      *) values="$(_bunshin_commands "$chain" | sed 's/:.*//') $(_bunshin_values "$chain" @)" ;;
    esac
  fi
  case "$values" in
    *@files*)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    *@none*) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current") ;;
  esac
}
complete -F _bunshin bunshin
)sh";

constexpr const char* kZsh = R"sh(
  local -a found
  if [ -z "$values" ]; then
    case "${words[CURRENT]}" in
      -*) found=("${(@f)$(_bunshin_options "$chain")}") ;;
      *)
        found=("${(@f)$(_bunshin_commands "$chain")}")
        values=$(_bunshin_values "$chain" @)
        ;;
    esac
  fi
  case "$values" in
    @files) _files ;;
    @none) ;;
    '') [ -z "${found[*]}" ] || _describe bunshin found ;;
    *) found=(${=values}); _describe value found ;;
  esac
}
if [ "${funcstack[1]}" = _bunshin ]; then _bunshin "$@"; else compdef _bunshin bunshin; fi
)sh";

}  // namespace

std::string bash_completion(const DescribedCommand& program) {
  return "# bash completion for bunshin: written by `bunshin completion bash`\n" + tables(program) +
         R"sh(
_bunshin() {
  local current=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]}
  local before=("${COMP_WORDS[@]:1:COMP_CWORD - 1}"))sh" +
         kFindChain + kBash;
}

std::string zsh_completion(const DescribedCommand& program) {
  return "#compdef bunshin\n# zsh completion for bunshin: written by `bunshin completion zsh`\n" +
         tables(program) + R"sh(
_bunshin() {
  local last=${words[CURRENT-1]}
  local -a before
  before=("${(@)words[2,CURRENT-1]}"))sh" +
         kFindChain + kZsh;
}

namespace {

std::string fish_option(const std::string& condition, const DescribedOption& option) {
  std::string line = "complete -c bunshin" + condition;
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.value.empty()) {
    const std::string values = values_of(option);
    line += values == "@files" ? " -r -F" : " -x";
    if (!values.starts_with('@')) line += " -a " + quoted(values, true);
  }
  return line + " -d " + quoted(option.description, true) + '\n';
}

}  // namespace

std::string fish_completion(const DescribedCommand& program) {
  std::string paths;
  std::string lines;
  for (const DescribedCommand* command : all_of(program)) {
    const std::string path = command->joined(" ");
    if (!path.empty()) paths += " " + quoted(path, true);
    const std::string condition = " -n '__bunshin_is " + quoted(path).substr(1, path.size()) + "'";
    for (const DescribedCommand& below : command->commands) {
      lines += fmt::format("complete -c bunshin{} -a {} -d {}\n", condition, below.path.back(),
                           quoted(below.description, true));
    }
    for (const DescribedOption& option : command->options) lines += fish_option(condition, option);
    const std::string values = argument_values(*command);
    if (values == "@files") {
      lines += fmt::format("complete -c bunshin{} -F\n", condition);
    } else if (!values.empty()) {
      lines += fmt::format("complete -c bunshin{} -a {}\n", condition, quoted(values, true));
    }
  }
  return "# fish completion for bunshin: written by `bunshin completion fish`\n"
         "set -g __bunshin_paths" +
         paths + R"(
function __bunshin_is
  set -l path
  for word in (commandline -opc)[2..-1]
    set -l longer (string join ' ' $path $word)
    contains -- "$longer" $__bunshin_paths; and set path $path $word
  end
  test "$path" = "$argv"
end
complete -c bunshin -f
)" + lines;
}

}  // namespace bunshin
