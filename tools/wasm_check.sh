#!/usr/bin/env bash
# Builds reactor/, handlers/ and the simulation for WebAssembly, runs the scenarios under node, and
# compares what happens in them, byte for byte, with what happens in the build of release.
#   tools/wasm_check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

out=build/wasm
native=${BUNSHIN_BUILD:-build/release}/tests/simulation/simulation_sums
[ -x "$native" ] || {
  echo "wasm_check: no program $native: cmake --preset release && cmake --build --preset release" >&2
  exit 2
}
command -v em++ >/dev/null || tools/setup.sh wasm
mkdir -p "$out/include"
ln -sfn /usr/include/fmt "$out/include/fmt"  # header-only: Debian's library is not WebAssembly

sources=()
for source in reactor/*.cpp reactor/simulation/*.cpp handlers/*.cpp tests/simulation/*.cpp; do
  case "$source" in
    reactor/epoll_engine.cpp | reactor/kqueue_engine.cpp | reactor/uring_*) ;;  # of one kernel each
    reactor/broken.cpp) ;;                                        # for the build of breaks
    handlers/conversation.cpp) ;;                                 # Debian's emscripten has no <coroutine>
    tests/simulation/*_test.cpp | tests/simulation/simulate.cpp) ;;
    tests/simulation/bridge_scenario.cpp | tests/simulation/connect_scenario.cpp) ;;
    *) sources+=("$source") ;;
  esac
done

compile() {
  em++ -std=c++20 -O2 -fexceptions -Wall -Wextra -DFMT_HEADER_ONLY -DBUNSHIN_WITHOUT_BRIDGE \
    -I. -isystem "$1/include" -c "$2" -o "$1/$(tr / _ <<<"$2").o"
}
export -f compile
printf '%s\n' "${sources[@]}" | xargs -P "$(tools/jobs.sh)" -I{} bash -c 'compile "$0" "$1"' "$out" {}
em++ -fexceptions -O1 -sALLOW_MEMORY_GROWTH=1 -sWASM_ASYNC_COMPILATION=0 "$out"/*.o -o "$out/sums.js"

"$native" >"$out/native.txt"
node "$out/sums.js" >"$out/wasm.txt"
diff "$out/native.txt" "$out/wasm.txt"
echo "wasm: $(wc -l <"$out/wasm.txt") runs under node are those of the native build," \
  "$(stat -c %s "$out/sums.wasm") bytes of WebAssembly"
