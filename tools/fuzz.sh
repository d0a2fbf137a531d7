#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz, two at a time, each on what tests/fuzz/corpus holds for it and
# on what earlier runs have found (build/fuzz/corpus).
#   tools/fuzz.sh                      ten seconds a target, as tools/test.sh does
#   tools/fuzz.sh MINUTES [TARGET...]  so many minutes a target, with progress; all targets or some
# An input that crashes is kept in build/fuzz/crashes, and the command that shows it again is printed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

all_targets=(tests/fuzz/*_fuzz.cpp)
all_targets=("${all_targets[@]##*/}")
all_targets=("${all_targets[@]%_fuzz.cpp}")
usage() {
  echo "usage: tools/fuzz.sh [MINUTES [TARGET...]], a TARGET is one of: ${all_targets[*]}" >&2
  exit 2
}

seconds=10
if [ $# -gt 0 ]; then
  [[ $1 =~ ^[1-9][0-9]*$ ]] || usage
  seconds=$((60 * $1))
  shift
fi
targets=("${@:-${all_targets[@]}}")
for target in "${targets[@]}"; do
  [[ " ${all_targets[*]} " == *" $target "* ]] || usage
done

mkdir -p build
if ! { cmake --preset fuzz && cmake --build --preset fuzz -j "$(tools/jobs.sh)"; } \
  >build/fuzz.build.log 2>&1; then
  cat build/fuzz.build.log
  exit 1
fi

export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
crashes=build/fuzz/crashes
mkdir -p "$crashes" build/fuzz/logs

# The last number behind $1 in the log $2.
number() { sed -nE "s/.*$1 *([0-9]+).*/\1/p" "$2" | tail -1; }

run_target() {
  local target=$1 log=build/fuzz/logs/$1.log corpus=build/fuzz/corpus/$1
  mkdir -p "$corpus"
  if build/fuzz/tests/fuzz/fuzz_"$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
    -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$crashes/$target-" \
    "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    printf '%-18s %9s executions, coverage %s (%s before)\n' "$target" \
      "$(number stat::number_of_executed_units: "$log")" "$(number cov: "$log")" \
      "$(number 'INITED cov:' "$log")"
  else
    echo "== $target FAILED"
    tail -60 "$log"
    sed -nE "s|.*Test unit written to (.*)|reproduce: build/fuzz/tests/fuzz/fuzz_$target \1|p" "$log"
    return 1
  fi
}

# Once a minute, of those that run.
show_progress() {
  while sleep 60 >&- 2>&-; do
    for log in build/fuzz/logs/*.log; do
      grep -q stat:: "$log" || echo "  ... $(basename "$log" .log): $(number '^#' "$log") executions," \
        "coverage $(number cov: "$log")"
    done
  done
}

rm -f build/fuzz/logs/*.log
show_progress &
progress=$!
trap 'kill "$progress" 2>/dev/null' EXIT

failed=0
started=0
for target in "${targets[@]}"; do
  if [ "$started" -ge 2 ]; then wait -n || failed=1; fi
  run_target "$target" &
  started=$((started + 1))
done
for ((left = started < 2 ? started : 2; left > 0; left--)); do wait -n || failed=1; done
exit "$failed"
