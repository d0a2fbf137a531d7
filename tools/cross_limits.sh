# shellcheck shell=bash
# What qemu-user can not do: sourced by tools/cross_check.sh. Regular expressions for the suites' names in
# ctest, and why.
limits=(
  'reactor\.(UringEngine|TinyUring|UringEngineRefused|ForkedUring)|the emulator does not know the system calls of io_uring'
  '.*DeathTest|such a case starts its own program again, which only binfmt_misc could do'
)

join_limits() {
  local row expressions=()
  for row in "${limits[@]}"; do expressions+=("${row%|*}"); done
  local IFS='|'
  echo "^(${expressions[*]})$"
}

print_limits() {
  local row
  for row in "${limits[@]}"; do echo "${row%|*}: ${row##*|}"; done
  echo "suites that start the program itself (tools, faults, docs): the same"
}
