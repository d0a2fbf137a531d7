#!/usr/bin/env bash
# Fails the system calls of each command in turn, and judges what becomes of it: tests/faults/.
#   tools/faults.sh           the chosen cases: each failure of each call on each engine, once
#   tools/faults.sh --all     every case: the first call, one in the middle, and all of them
#   tools/faults.sh CASE...   those whose names begin so: COMMAND/ENGINE/PHASE/CALL/ERROR/WHEN
#   tools/faults.sh --list    only names them
# The program is build/release/tools/bunshin, or what BUNSHIN_BINARY names.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${BUNSHIN_BINARY:-build/release/tools/bunshin}
[ -x "$binary" ] || {
  echo "faults: no program $binary: cmake --preset release && cmake --build --preset release" >&2
  exit 2
}
exec /usr/bin/python3 tests/faults/faults.py --binary "$binary" "$@"
