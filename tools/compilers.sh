#!/usr/bin/env bash
# Compiles everything with other compilers, as C++20 and as C++23, where a warning is an error.
#   tools/compilers.sh [COMPILER...]     default: g++-12 clang++-16 clang++-19, the newest of Debian 12
# Without optimisation, and nothing is run. tools/setup.sh compilers installs them.
# musl is not among them: Debian's musl-tools wrap a C compiler, and there is no C++ library for it.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build/compilers
[ $# -gt 0 ] || set -- g++-12 clang++-16 clang++-19
for compiler in "$@"; do
  command -v "$compiler" >/dev/null || {
    echo "compilers: $compiler is not installed; tools/setup.sh compilers installs it" >&2
    exit 1
  }
  for standard in 20 23; do
    build=build/compilers/$compiler-$standard
    cmake --preset release -B "$build" -DCMAKE_CXX_COMPILER="$(command -v "$compiler")" \
      -DCMAKE_CXX_STANDARD="$standard" -DCMAKE_CXX_FLAGS_RELEASE=-O0 -DBUNSHIN_KQUEUE_SHIM=ON \
      >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
    cmake --build "$build" -j "$(tools/jobs.sh)" -- -k 0 >"$build.log" 2>&1 || {
      grep -E 'error:|FAILED' "$build.log"
      echo "compilers: $compiler, C++$standard: see $build.log" >&2
      exit 1
    }
    echo "$compiler, C++$standard: no warning"
  done
done
