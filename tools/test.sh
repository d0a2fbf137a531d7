#!/usr/bin/env bash
# Installs what is missing, then builds and runs every test.
#   tools/test.sh           all steps
#   tools/test.sh STEP...   only these: format release user asan tsan fuzz faults tidy macos exact
#                           study
# release, asan and tsan build and run the tests: with g++; with clang++, AddressSanitizer and
# UndefinedBehaviorSanitizer; with ThreadSanitizer. The last two have the engine kqueue, too. user
# runs those of release again as an ordinary user, when root runs this. fuzz gives each parser ten
# seconds of libFuzzer, and faults fails the system calls of the program of release, one by one.
# format and tidy are clang-format and clang-tidy, macos a cross-build, exact compares counts with
# their limits, and study checks that the performance study makes a complete report (never its
# timings).
set -uo pipefail
cd "$(dirname "$0")/.."

all_steps=(format release user asan tsan fuzz faults tidy macos exact study)
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

build_and_test() {
  local preset=$1
  rm -f "build/$preset.test.log"
  quietly "build/$preset.configure.log" cmake --preset "$preset" &&
    quietly "build/$preset.build.log" fixed_layout cmake --build --preset "$preset" -j "$jobs" &&
    run_tests "$preset" fixed_layout ctest --preset "$preset"
}

# Nobody, with the limits of an ordinary login, on what `release` has built. Its tests are named in
# a folder where nobody may write. Where nobody may not read, root without its powers has to do.
test_as_user() {
  local user=nobody
  rm -f build/user.test.log
  if [ "$(id -u)" -ne 0 ]; then
    echo "an ordinary user runs this: release was that"
    return
  fi
  setpriv --reuid=nobody --clear-groups test -r "$PWD/tools/test.sh" || user=root
  mkdir -p build/user
  echo "subdirs($PWD/build/release/tests)" >build/user/CTestTestfile.cmake
  chown -R "$user" build/user
  run_tests user prlimit --memlock=8388608 --nofile=1024: \
    setpriv --reuid="$user" --regid=nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
    env HOME=/nonexistent ctest --test-dir build/user -LE install --no-tests=error
}

check_format() {
  find reactor handlers bridge tools bench tests docs -name '*.h' -print0 -o -name '*.cpp' -print0 |
    xargs -0 clang-format --dry-run -Werror
}

tidy() {
  quietly build/tidy.configure.log cmake --preset tidy || return 1
  tools/tidy.sh build/tidy
}

run_step() {
  case "$1" in
    format) check_format ;;
    user) test_as_user ;;
    fuzz) tools/fuzz.sh ;;
    tidy) tidy ;;
    faults) tools/faults.sh ;;
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
  [ ! -f "build/$step.test.log" ] ||
    summary+=$(grep 'tests passed' "build/$step.test.log")$'\n'
done

echo "== summary, $SECONDS s"
printf '%s' "$summary"
exit "$failed"
