#!/usr/bin/env bash
# What the program takes where it is left alone: its size, its memory at rest, and how long it needs to
# be ready. Fails above the limits beside them.
#   bench/footprint.sh [PROGRAM]          default: build/release/tools/bunshin
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-build/release/tools/bunshin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# report NAME VALUE LIMIT UNIT
report() {
  local verdict=ok
  if awk "BEGIN { exit !($2 > $3) }"; then verdict="ABOVE THE LIMIT" failed=1; fi
  printf '%-28s %10s %s (at most %s) %s\n' "$1" "$2" "$4" "$3" "$verdict"
}

# Starts the program and waits until it says that it listens: sets pid, and took, in milliseconds.
start() {
  local began
  mkfifo "$work/out"
  began=$(date +%s%N)
  "$program" "$@" >"$work/out" 2>"$work/errors" &
  pid=$!
  timeout 10 head -n 1 <"$work/out" >/dev/null
  took=$((($(date +%s%N) - began) / 1000))
  rm "$work/out"
}

finish() {
  kill "$pid"
  wait "$pid" 2>/dev/null || true
}

strip -o "$work/stripped" "$program"
report "stripped program" "$(stat -c %s "$work/stripped")" 4194304 bytes

# The best of ten: what the program itself needs, and not who else wanted the processor.
best=1000000
for _ in 1 2 3 4 5 6 7 8 9 10; do
  start echo 127.0.0.1:0
  if [ "$took" -lt "$best" ]; then best=$took; fi
  finish
done
report "start to ready" "$(awk "BEGIN { print $best / 1000 }")" 50 ms

# The bridge, with a robot that is there; it waits for the engine.
start sim rapiro --link "$work/robot"
robot=$pid
"$program" bridge --serial "$work/robot" --julius "unix:$work/nobody" 2>"$work/errors" &
pid=$!
for _ in $(seq 100); do
  grep -q "is open" "$work/errors" && break
  sleep 0.1
done
grep -q "is open" "$work/errors" || { echo "footprint: the bridge did not come up" >&2; exit 1; }
report "bridge, resident at rest" "$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")" 8192 KiB
finish
pid=$robot
finish
exit "$failed"
