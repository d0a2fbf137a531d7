#!/usr/bin/env bash
# Runs the servers, the clients and the bridge in a simulated world, seed after seed, and tells a
# violation as a story with the fewest unusual events.
#   tools/simulate.sh [--seconds N] [--scenario echo|chat|connect|load|bridge|lines|farewell|all]
#   tools/simulate.sh --seed N [--scenario NAME] [--trace]     one seed, again
#   tools/simulate.sh --script '...' --scenario NAME --trace   what a story has shown
# Without --seed and --from it begins with a seed of its own each time, and prints it.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUNSHIN_BUILD:-build/release}
if [ ! -f "$build/CMakeCache.txt" ]; then
  cmake --preset release >/dev/null
fi
cmake --build "$build" --target simulate -j "$(tools/jobs.sh)" >/dev/null
exec "$build/tests/simulation/simulate" "$@"
