#!/usr/bin/env bash
# Checks the model of the remembered edge with spin(1): the loop as it is must have no error, and each of its
# broken variants must have one.
#   docs/model/check.sh                every variant, a line each (half a minute)
#   docs/model/check.sh --story NAME   how the shortest way to a broken variant's error goes, step by step
set -uo pipefail
model=$(cd "$(dirname "$0")" && pwd)/remembered_edge.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name -> what is defined. A peer that never stops talking shows who starves; it needs no callers. Where the
# way to an error is long, fewer things happen beside it, or the search would take minutes.
few="-DCALLS=1 -DTALKS=1"
greedy="-DGREEDY -DCALLS=0 -DTALKS=1 -DCLOSES=0"
declare -A variants=(
  [as_it_is]="" [as_it_is_with_a_greedy_peer]=$greedy
  [read_once]="-DCALLS=0 -DBREAK_READ_ONCE"
  [out_of_numbers]="$few -DBREAK_OUT_OF_NUMBERS"
  [refusing_forgets]="-DCALLS=0 -DBREAK_REFUSING_FORGETS"
  [refusing_spins]="$few -DBREAK_REFUSING_SPINS"
  [no_generation]="$few -DBREAK_NO_GENERATION" [no_budget]="$greedy -DBREAK_NO_BUDGET")

# Depth first for what must have no error; breadth first finds the shortest way to one. Not optimised: that
# would take longer than the searches.
search() {
  local name=$1 how=-DCOLLAPSE
  [[ $name == as_it_is* ]] || how=-DBFS
  mkdir -p "$work/$name"
  (
    cd "$work/$name" && cp "$model" model.pml &&
      # shellcheck disable=SC2086  # several defines
      spin -a ${variants[$name]} model.pml >spin.log 2>&1 &&
      cc -w -O0 -DSAFETY $how -o pan pan.c && timeout 120 ./pan -m100000 >pan.log 2>&1
  ) || { cat "$work/$name"/*.log >&2; return 1; }
  grep -q 'errors: ' "$work/$name/pan.log"
}

# Which of the model's four assertions broke, and after how many steps.
violated() {
  sed -nE '/^pan:1: assertion violated/{
    s/.*waited.*at depth ([0-9]+).*/somebody starves, after \1 steps/
    s/.*idle_rounds.*at depth ([0-9]+).*/the loop spins, after \1 steps/
    s/.*hand_life.*at depth ([0-9]+).*/an event reaches the wrong connection, after \1 steps/
    s/.*at depth ([0-9]+).*/an edge is lost, after \1 steps/
    p}' "$1"
}

tell() {
  local name=$1 log=$work/$1/pan.log errors states ok=NO
  errors=$(sed -nE 's/.*errors: ([0-9]+).*/\1/p' "$log")
  states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' "$log")
  if [[ $name == as_it_is* ]]; then [ "$errors" = 0 ] && ok=yes; else [ "$errors" != 0 ] && ok=yes; fi
  printf '%-30s %10s states  errors: %s  %-4s %s\n' "$name" "$states" "$errors" "$ok" "$(violated "$log")"
  [ $ok = yes ]
}

if [ "${1:-}" = --story ]; then
  [ -n "${variants[${2:-none}]+known}" ] || { echo "model: there is no variant ${2:-}; there are: ${!variants[*]}" >&2; exit 2; }
  search "$2" && cd "$work/$2" &&
    # shellcheck disable=SC2086
    spin ${variants[$2]} -t -p model.pml |
    sed -nE 's/^ *([0-9]+):.*proc +[0-9]+ \((\w+):1\) model.pml:([0-9]+) .*/\1 \2 \3/p' |
    awk 'NR == FNR { source[FNR] = $0; next }
         $3 != last { text = source[$3]; sub(/^ *(:: )?/, "", text); print $1, $2 ": " text }
         { last = $3 }' model.pml - | grep -v ': else$' 
  exit
fi

failed=0
for name in as_it_is as_it_is_with_a_greedy_peer read_once out_of_numbers refusing_forgets refusing_spins no_generation no_budget; do
  search $name && tell $name || failed=1
done
exit $failed
