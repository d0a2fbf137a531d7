#!/usr/bin/env bash
# Installs what is missing, then builds and runs every test.
#   tools/test.sh           all steps
#   tools/test.sh STEP...   only these: format release asan simulate tsan fuzz faults tidy macos wasm
#                           browser cross exact study docs
# release, asan and tsan build and run the tests: with g++, as an ordinary user even when root runs
# this; with clang++, AddressSanitizer and UndefinedBehaviorSanitizer; with g++ and ThreadSanitizer
# (clang++'s has an operator new that the tests can not replace). The last two have the engine
# kqueue, too. fuzz gives each parser ten seconds of libFuzzer, and faults fails the system calls of
# the program of release, one by one.
# simulate runs the scenarios in a simulated world for a minute, compares two compilers, and takes
# each protection out (tests/simulation/breaks.py); wasm does it under node.
# browser tries the scope's page in chromium.
# format and tidy are clang-format and clang-tidy, macos a cross-build, cross builds for arm64 and armhf
# and runs the suites of reactor, handlers and bridge under qemu-user, exact compares counts with
# their limits, and study checks that the performance study makes a complete report (never its
# timings).
set -uo pipefail
cd "$(dirname "$0")/.."

all_steps=(format release asan simulate tsan fuzz faults tidy macos wasm browser cross exact study docs)
steps=("${@:-${all_steps[@]}}")
for step in "${steps[@]}"; do
  [[ " ${all_steps[*]} " == *" $step "* ]] || {
    echo "usage: tools/test.sh [STEP...], a STEP is one of: ${all_steps[*]}" >&2
    exit 2
  }
done

jobs=$(tools/jobs.sh)
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

# run_tests NAME COMMAND...: the log is build/NAME.test.log, shown is what did not pass.
run_tests() {
  local log=build/$1.test.log
  shift
  "$@" -j "$((2 * $(nproc)))" --output-on-failure 2>&1 | tee "$log" | grep -vE '^ +Start |  Passed  '
}

build() {
  rm -f "build/$1".{test,root.test}.log
  quietly "build/$1.configure.log" cmake --preset "$1" &&
    quietly "build/$1.build.log" fixed_layout cmake --build --preset "$1" -j "$jobs"
}

build_and_test() {
  build "$1" && run_tests "$1" fixed_layout ctest --preset "$1"
}

# Root sees less than an ordinary user: nobody runs the tests then, with the limits of an ordinary
# login, in a folder where nobody may write. Where nobody may not read, root without its powers has
# to do.
release() {
  if [ "$(id -u)" -ne 0 ]; then
    build_and_test release
    return
  fi
  build release || return 1
  local user=nobody
  setpriv --reuid=nobody --clear-groups test -r "$PWD/tools/test.sh" || user=root
  mkdir -p build/user
  echo "subdirs($PWD/build/release/tests)" >build/user/CTestTestfile.cmake
  chown -R "$user" build/user
  run_tests release prlimit --memlock=8388608 --nofile=1024: \
    setpriv --reuid="$user" --regid=nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
    env HOME=/nonexistent ctest --test-dir build/user -LE install --no-tests=error &&
    run_tests release.root ctest --preset release -L 'install|docs'
}

# Half of the minute on seeds that are always the same, half on new ones.
simulate() {
  local programs=build/release/tests/simulation broken=build/breaks/tests/simulation
  "$programs/simulate" --seconds 30 --from 1 --coverage && "$programs/simulate" --seconds 30 &&
    quietly build/breaks.configure.log cmake --preset breaks &&
    quietly build/breaks.build.log cmake --build --preset breaks -j "$jobs" &&
    diff <("$programs/simulation_sums") <("$broken/simulation_sums") &&
    echo "g++ and clang++: the same runs" &&
    tests/simulation/breaks.py --binary "$broken/simulate"
}

check_format() {
  find reactor handlers bridge tools bench tests docs -name '*.h' -print0 -o -name '*.cpp' -print0 |
    xargs -0 clang-format --dry-run -Werror && tools/comment_style.py
}

tidy() {
  quietly build/tidy.configure.log cmake --preset tidy || return 1
  tools/tidy.sh build/tidy
}

cross() {
  tools/setup.sh cross && tools/cross_check.sh arm64 && tools/cross_check.sh armhf
}

run_step() {
  case "$1" in
    format) check_format ;;
    release) release ;;
    fuzz) tools/fuzz.sh ;;
    tidy) tidy ;;
    faults) tools/faults.sh ;;
    simulate) simulate ;;
    wasm) tools/wasm_check.sh ;;
    browser) tools/browser_check.sh ;;
    macos) quietly build/macos.log tools/macos_check.sh ;;
    cross) cross ;;
    exact) bench/exact.sh --build build/release ;;
    study)
      quietly build/study.log bench/study/run.py --ci --build build/release --out build/study-ci &&
        bench/study/compare.py docs/study/results.json build/study-ci/results.json \
          --svg build/study-ci/compare.svg >build/study-ci/compare.md
      ;;
    docs) tools/docs.sh ;;
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
  for log in "build/$step.test.log" "build/$step.root.test.log"; do
    [ ! -f "$log" ] || summary+=$(grep 'tests passed' "$log")$'\n'
  done
done

echo "== summary, $SECONDS s"
printf '%s' "$summary"
exit "$failed"
