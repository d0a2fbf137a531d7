#!/usr/bin/env bash
# Fails the system calls of each command in turn, and judges what becomes of it: tests/faults/.
#   tools/faults.sh           the chosen cases: each failure of each call on each engine, once
#   tools/faults.sh --all     every case: the first call, one in the middle, and all of them
#   tools/faults.sh CASE...   those whose names begin so: COMMAND/ENGINE/PHASE/CALL/ERROR/WHEN
#   tools/faults.sh --list    only names them
# What is tried was built in build/release, or in the folder that BUNSHIN_BUILD names.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUNSHIN_BUILD:-build/release}
binary=$build/tools/bunshin
uring_faults=$PWD/$build/tests/faults/libbunshin_uring_faults.so
for file in "$binary" "$uring_faults"; do
  [ -e "$file" ] || {
    echo "faults: there is no $file: cmake --preset release && cmake --build --preset release" >&2
    exit 2
  }
done
exec /usr/bin/python3 tests/faults/faults.py --binary "$binary" --uring-faults "$uring_faults" "$@"
