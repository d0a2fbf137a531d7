#!/usr/bin/env bash
# Installs what is missing, then builds and runs every test.
#   tools/test.sh           all steps
#   tools/test.sh STEP...   only these: release asan tsan tidy macos exact study
# The first three build and run the tests: with g++; with clang++, AddressSanitizer and
# UndefinedBehaviorSanitizer; with ThreadSanitizer. The last two have the engine kqueue, too. tidy
# is clang-tidy, macos a cross-build, exact compares counts with their limits, and study checks
# that the performance study makes a complete report (never its timings).
set -uo pipefail
cd "$(dirname "$0")/.."

all_steps=(release asan tsan tidy macos exact study)
steps=("${@:-${all_steps[@]}}")
for step in "${steps[@]}"; do
  [[ " ${all_steps[*]} " == *" $step "* ]] || {
    echo "usage: tools/test.sh [STEP...], a STEP is one of: ${all_steps[*]}" >&2
    exit 2
  }
done

jobs=$(nproc)
mkdir -p build

# Runs a command with its output in a log, which is shown only when the command fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || { cat "$log"; return 1; }
}

# ThreadSanitizer of g++ 12 and clang 14 can not live with the address space layout of recent
# kernels (vm.mmap_rnd_bits above 28).
fixed_layout() {
  if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi
}

# A suite that fails is run once more, since the machine may be busy with something else; the summary
# names it.
run_tests() {
  fixed_layout ctest --preset "$1" -j "$((2 * jobs))" --repeat until-pass:2
}

build_and_test() {
  local preset=$1
  rm -f "build/$preset.test.log"
  quietly "build/$preset.configure.log" cmake --preset "$preset" &&
    quietly "build/$preset.build.log" fixed_layout cmake --build --preset "$preset" -j "$jobs" &&
    run_tests "$preset" 2>&1 | tee "build/$preset.test.log" | grep -vE '^ +Start |  Passed  '
}

tidy() {
  quietly build/tidy.configure.log cmake --preset tidy || return 1
  tools/tidy.sh build/tidy
}

run_step() {
  case "$1" in
    tidy) tidy ;;
    macos) quietly build/macos.log tools/macos_check.sh ;;
    exact) bench/exact.sh --build build/release ;;
    study) quietly build/study.log bench/study/run.py --ci --build build/release --out build/study-ci ;;
    *) build_and_test "$1" ;;
  esac
}

tools/setup.sh all || exit 1

summary=""
failed=0
for step in "${steps[@]}"; do
  echo "== $step"
  began=$SECONDS
  if run_step "$step"; then result=ok; else result=FAILED failed=1; fi
  echo "== $step: $result after $((SECONDS - began)) s"
  summary+="$step: $result after $((SECONDS - began)) s"$'\n'
  if [ -f "build/$step.test.log" ]; then
    summary+=$(grep 'tests passed' "build/$step.test.log")$'\n'
    while read -r suite; do summary+="  failed at first: $suite"$'\n'; done < <(
      sed -nE 's/.*#[0-9]+: ([^ ]+) .*\*\*\*.*/\1/p' "build/$step.test.log" | sort -u)
  fi
done

echo "== summary, $SECONDS s"
printf '%s' "$summary"
exit "$failed"
