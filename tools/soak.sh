#!/usr/bin/env bash
# Ten minutes, or so many as are given: clients come and go, Julius is dropped and the serial line
# replaced a hundred times. Every byte, the memory and the open descriptors are checked.
#   tools/soak.sh [MINUTES]
# What is tried was built in build/release, or in the folder that BUNSHIN_BUILD names.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${BUNSHIN_BUILD:-build/release}/tools/bunshin
[ -x "$binary" ] || {
  echo "soak: no program $binary: cmake --preset release && cmake --build --preset release" >&2
  exit 2
}
exec /usr/bin/python3 tests/faults/soak.py --binary "$binary" "$@"
