#!/usr/bin/env bash
# Counts what an echo costs the server, exactly: system calls, instructions, allocations, memory.
#   bench/exact.sh [--build DIR]      DIR: build/release, a build with the benchmarks
# Prints a table of `bunshin echo` with its defaults on every engine that works here and of the
# hand-coded loops, beside the limits. Fails when a limit is exceeded, and when a hand-coded loop
# strays from what it is known to need: then the counting is wrong, or the compiler is another.
#
# A message: 100 connections, 64 bytes each, in lockstep (see exact/lockstep.cpp). Counts are
# differences between a run and one of twice the length, so that starting costs nothing.
set -uo pipefail

build=$(dirname "$0")/../build/release
if [[ ${1:-} == --build && -n ${2:-} ]]; then
  build=$2
elif [[ $# -gt 0 ]]; then
  echo "usage: bench/exact.sh [--build DIR]" >&2
  exit 2
fi
bunshin=$build/tools/bunshin
lockstep=$build/bench/exact/bench_lockstep
baseline=$build/bench/baseline/bench
for needed in "$bunshin" "$lockstep" strace valgrind vgdb; do
  command -v "$needed" >/dev/null || {
    echo "bench/exact.sh: $needed is missing; tools/setup.sh installs, the preset \"release\" builds" >&2
    exit 2
  }
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -S -n "$(ulimit -H -n)"

connections=100 rounds=20   # of echoing
visitors=50 waves=10        # of connecting, echoing once, and parting
idlers=10000
members=50 says=10        # of a chat in which each line goes to all

# strace_counts NAME MODE CONNECTIONS ROUNDS SERVER...: "NAME CALLS" lines in $scratch/NAME
strace_counts() {
  "$lockstep" "${@:2:3}" strace -f -c -U calls,name -o "$scratch/$1" "${@:5}"
}

# callgrind_counts NAME ROUNDS SERVER...: what callgrind found in $scratch/NAME.1
callgrind_counts() {
  "$lockstep" dump $connections "$2" valgrind -q --tool=callgrind \
    --callgrind-out-file="$scratch/$1" "${@:3}" 2>"$scratch/valgrind" ||
    { cat "$scratch/valgrind" >&2; return 1; }
}

calls() { awk -v name="$2" '$2 == name { n = $1 } END { print n + 0 }' "$scratch/$1"; }

instructions() { awk '/^totals:/ { print $2 }' "$scratch/$1.1"; }

# Callgrind names a function once, "(12) malloc", and then by its number.
allocations() {
  awk '/^c?fn=/ {
         id = $1; sub(/^c?fn=/, "", id)
         if (NF > 1) name[id] = $2
         callee = name[id]
       }
       /^calls=/ && callee ~ /^(malloc|calloc|realloc|aligned_alloc|posix_memalign|memalign)$/ {
         n += substr($1, 7)
       }
       END { print n + 0 }' "$scratch/$1.1"
}

# per COUNT TWICE EVENTS: by how much the second exceeds the first, for each of so many events
per() { awk -v a="$1" -v b="$2" -v n="$3" 'BEGIN { printf "%.2f", (b - a) / n }'; }

failures=0
# judge VALUE LIMIT: the cell of the table. LIMIT is "", "<=N" or "N+-N".
judge() {
  awk -v value="$1" -v limit="$2" 'BEGIN {
    good = 1; shown = limit
    if (limit ~ /^<=/) { good = value + 0 <= substr(limit, 3) + 0; shown = "≤ " substr(limit, 3) }
    if (limit ~ /\+-/) {
      split(limit, known, /\+-/); shown = "= " known[1]
      good = value >= known[1] - known[2] && value <= known[1] + known[2]
    }
    printf "%s%s%s", value, shown == "" ? "" : " (" shown ")", good ? "" : " **no**"
    exit !good
  }'
}

# measure TITLE LIMITS SERVER...: one row. LIMITS: one for each column, separated by commas.
measure() {
  local title=$1 limits values cell row
  IFS=, read -r -a limits <<<"$2,"
  shift 2
  strace_counts echo echo $connections $rounds "$@" &&
    strace_counts echo2 echo $connections $((2 * rounds)) "$@" &&
    callgrind_counts grind $rounds "$@" &&
    callgrind_counts grind2 $((2 * rounds)) "$@" &&
    idle=$("$lockstep" idle $idlers 1 "$@") &&
    strace_counts visit visit $visitors $waves "$@" &&
    strace_counts visit2 visit $visitors $((2 * waves)) "$@" || {
    echo "| $title | **could not be measured** | | | | | |"
    failures=$((failures + 1))
    return
  }
  local messages=$((connections * rounds)) visits=$((visitors * waves))
  values=("$(per "$(calls echo total)" "$(calls echo2 total)" $messages)"
    "$(per "$(calls echo epoll_ctl)" "$(calls echo2 epoll_ctl)" $messages)"
    "$(per "$(allocations grind)" "$(allocations grind2)" $messages)"
    "$(per "$(instructions grind)" "$(instructions grind2)" $messages)"
    "$idle"
    "$(per "$(calls visit total)" "$(calls visit2 total)" $visits)")
  row="| $title |"
  for column in "${!values[@]}"; do
    cell=$(judge "${values[column]}" "${limits[column]:-}") || failures=$((failures + 1))
    row+=" $cell |"
  done
  echo "$row"
}

echo "| | system calls a message | epoll_ctl a message | allocations a message | instructions a message | bytes an idle connection | system calls a short connection |"
echo "|---|---|---|---|---|---|---|"
engines=$("$bunshin" version | sed -n 's/^engine \([^:]*\)$/\1/p')
for engine in $engines; do
  case $engine in
    epoll) limits="<=2.03,<=0,<=0,<=120,<=160,<=8" ;;
    io_uring) limits="<=0.2,<=0,<=0" ;;
    *) limits=",<=0,<=0" ;;
  esac
  measure "bunshin echo, $engine" "$limits" "$bunshin" echo --engine "$engine" 127.0.0.1:0
done
measure "hand-coded epoll" "2.02+-0.01,0+-0,0+-0,57+-3,32+-3,7.12+-0.04" \
  "${baseline}_epoll_echo" 127.0.0.1:0
if [[ " $engines " =~ [[:space:]]io_uring[[:space:]] ]]; then
  measure "hand-coded io_uring" "0.05+-0.02,0+-0,0+-0,197+-10,32+-3,0.16+-0.04" \
    "${baseline}_uring_echo" 127.0.0.1:0
fi

# measure_chat TITLE LIMIT SERVER...: system calls for each line that one member hears of one other.
measure_chat() {
  local title=$1 limit=$2 cell
  shift 2
  strace_counts say say $members $says "$@" &&
    strace_counts say2 say $members $((2 * says)) "$@" || {
    echo "| $title | **could not be measured** |"
    failures=$((failures + 1))
    return
  }
  cell=$(judge "$(per "$(calls say total)" "$(calls say2 total)" $((members * members * says)))" \
    "$limit") || failures=$((failures + 1))
  echo "| $title | $cell |"
}

echo
echo "| $members members, each says a line to all | system calls a delivery |"
echo "|---|---|"
for engine in $engines; do
  measure_chat "bunshin chat, $engine" "<=0.1" "$bunshin" chat --engine "$engine" 127.0.0.1:0
done

if ((failures > 0)); then
  echo "bench/exact.sh: $failures of the figures above are not what they have to be" >&2
  exit 1
fi
