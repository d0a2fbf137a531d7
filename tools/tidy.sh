#!/usr/bin/env bash
# clang-tidy over all sources of the program. What was found clean is remembered by what the compiler
# sees of it, so that a second run takes only the time of preprocessing.
#   tools/tidy.sh [BUILD_FOLDER]      a folder with compile_commands.json; default: build/tidy
set -uo pipefail
cd "$(dirname "$0")/.."

build=${1:-build/tidy}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bunshin/tidy
mkdir -p "$cache"
export build cache

check() {
  local command key output
  command=$(python3 -c 'import json, sys
for entry in json.load(open(sys.argv[1])):
    if entry["file"] == sys.argv[2]: print(entry["command"].split(" -o ")[0])' \
    "$build/compile_commands.json" "$1")
  key=$(cd "$build" && { eval "$command -E -P $1"; cat "$OLDPWD/.clang-tidy" "$1"; clang-tidy --version; } |
    sha256sum | cut -d' ' -f1)
  [ -e "$cache/$key" ] && return
  output=$(clang-tidy -quiet -p "$build" "$1" 2>/dev/null) || { echo "$output"; return 1; }
  touch "$cache/$key"
}
export -f check

python3 -c 'import json, sys
print("\n".join(entry["file"] for entry in json.load(open(sys.argv[1]))))' "$build/compile_commands.json" |
  grep -F "$PWD/" | xargs -P "$(nproc)" -I {} bash -c 'check {}'
