#!/usr/bin/env bash
# Builds everything but the benchmarks for another architecture of Debian, runs the suites of the
# reactor, the handlers and the bridge under qemu-user, and makes the packages.
#   tools/cross_check.sh arm64|armhf
# tools/setup.sh cross installs what it takes. What the emulator can not do is named at the end. What is
# tested is compiled without optimisation, the packages with it.
set -euo pipefail
cd "$(dirname "$0")/.."

architecture=${1:-}
case "$architecture" in
  arm64) emulator=qemu-aarch64-static ;;
  armhf) emulator=qemu-arm-static ;;
  *) echo "usage: tools/cross_check.sh arm64|armhf" >&2; exit 2 ;;
esac
build=build/cross/$architecture
BUNSHIN_CROSS_ROOT=$(tools/cross_root.sh "$architecture")
export BUNSHIN_CROSS_ROOT BUNSHIN_CROSS_ARCHITECTURE=$architecture

source tools/cross_limits.sh
# io_uring was built, and is told as absent: not a failure here.
export BUNSHIN_UNTESTED_ENGINES=io_uring

emulated() { "$emulator" -L "$BUNSHIN_CROSS_ROOT" "$@"; }

cmake -G Ninja -S . -B "$build" --toolchain cmake/debian-cross.cmake -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_CXX_FLAGS_RELEASE=-O0 -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DBUNSHIN_BUILD_TESTS=ON \
  >"$build.configure.log" 2>&1 || { cat "$build.configure.log"; exit 1; }
cmake --build "$build" -j "$(tools/jobs.sh)" >"$build.build.log" 2>&1 || {
  grep -A8 -E 'error|FAILED' "$build.build.log"
  exit 1
}
echo "== $architecture: everything but the benchmarks is built"
emulated "$build/tools/bunshin" version

result=0
ctest --test-dir "$build" -L '^(reactor|handlers|bridge)$' --no-tests=error -j "$(nproc)" \
  -E "$(join_limits)" --output-on-failure >"$build.test.log" 2>&1 || result=$?
grep -vE '^ +Start |  Passed  ' "$build.test.log" || true

echo "== $architecture: not tried under qemu-user"
print_limits
echo "== $architecture: packages"
tools/package.sh "$architecture"
exit "$result"
