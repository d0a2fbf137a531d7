#!/usr/bin/env bash
# Tries the scope's page beside the program of release, in chromium (tests/browser/).
#   tools/browser_check.sh [FILE...]     of tests/browser; else all
# The pictures in docs/ are made with BUNSHIN_PICTURES=docs tools/browser_check.sh pictures.test.mjs
set -euo pipefail
cd "$(dirname "$0")/.."

export BUNSHIN=${BUNSHIN:-$PWD/${BUNSHIN_BUILD:-build/release}/tools/bunshin}
export BUNSHIN_PICTURES=${BUNSHIN_PICTURES:+$PWD/$BUNSHIN_PICTURES}
[ -x "$BUNSHIN" ] || {
  echo "browser_check: no program $BUNSHIN: cmake --preset release && cmake --build --preset release" >&2
  exit 2
}
tools/setup.sh browser
cd tests/browser
# Packages in the versions, and with the sums, that the lock file names; nothing of theirs is run.
npm ci --silent --no-audit --no-fund --ignore-scripts
[ $# -gt 0 ] || set -- *.test.mjs
node --test "$@"
