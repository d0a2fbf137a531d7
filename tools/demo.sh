#!/usr/bin/env bash
# From a fresh clone to recorded speech moving a simulated robot.
#   tools/demo.sh [OPTION...]   the options are those of `bunshin demo`
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh build

log=build/demo.log
mkdir -p build
jobs=$(tools/jobs.sh)
echo "demo: building, $jobs at a time (what cores and memory allow); some minutes the first time," \
  "the log is $log"
{ cmake --preset demo && cmake --build --preset demo -j "$jobs"; } >"$log" 2>&1 || {
  cat "$log" >&2
  echo "demo: the build failed, see above" >&2
  exit 1
}

exec build/demo/tools/bunshin demo "$@"
