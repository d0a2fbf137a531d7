#!/usr/bin/env bash
# Builds what the course's figures need: the loop as WebAssembly in one file, the page's code in
# another, and the pictures for where they can not run. Called by tools/docs.sh.
#   docs/course/loop/build.sh OUT      makes OUT/loop_module.js, OUT/figure.js, OUT/SCENARIO.LANGUAGE.svg
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$here/../../.."
export objects=$PWD/build/loop
mkdir -p "$objects/include"
ln -sfn /usr/include/fmt "$objects/include/fmt"  # header-only: Debian's library is not WebAssembly

sources=()
for source in reactor/*.cpp reactor/simulation/*.cpp handlers/*.cpp docs/course/loop/*.cpp; do
  case "$source" in
    reactor/epoll_engine.cpp | reactor/kqueue_engine.cpp | reactor/uring_*) ;;  # of one kernel each
    reactor/broken.cpp | docs/course/loop/try_loop.cpp) ;;
    handlers/conversation.cpp) ;;  # Debian's emscripten has no <coroutine>
    *) sources+=("$source") ;;
  esac
done

# With a file of what each depends on, as make would read it.
compile() {
  local object
  object=$objects/$(tr / _ <<<"$1").o
  if [ -e "$object" ] && [ -z "$(find $(sed 's/^[^:]*://; s/\\$//' "$object.d") -newer "$object" -print -quit)" ]; then
    return
  fi
  em++ -std=c++20 -Oz -fexceptions -Wall -Wextra -DFMT_HEADER_ONLY -I. -Idocs/course/loop \
    -isystem "$objects/include" -MMD -MF "$object.d" -c "$1" -o "$object"
}
export -f compile
printf '%s\n' "${sources[@]}" | xargs -P "$(tools/jobs.sh)" -I{} bash -c 'compile "$0"' {}

# In one file, which a page from the file system may load. -O1: more would need a JavaScript
# optimiser that Debian's package does not bring.
em++ -fexceptions -O1 -sMODULARIZE=1 -sEXPORT_NAME=createLoop -sSINGLE_FILE=1 -sENVIRONMENT=web,node \
  -sALLOW_MEMORY_GROWTH=1 -sEXPORTED_RUNTIME_METHODS=ccall --no-entry "$objects"/*.o \
  -o "$out/loop_module.js"
esbuild docs/course/loop/figure.js --bundle --format=iife --target=es2022 --minify \
  --loader:.css=text --log-level=warning --outfile="$out/figure.js"
esbuild docs/course/loop/pictures.js --bundle --platform=node --format=cjs --log-level=warning \
  --outfile="$objects/pictures.cjs"
node "$objects/pictures.cjs" "$out/loop_module.js" "$out"

size=$(gzip -9 -c "$out/loop_module.js" "$out/figure.js" | wc -c)
[ "$size" -le 1500000 ] || { echo "loop: $size bytes compressed are more than 1.5 MB" >&2; exit 1; }
echo "loop: $((size / 1000)) kB compressed"
