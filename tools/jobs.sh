#!/usr/bin/env bash
# Prints how many compilers to run at once: one a core, but no more than memory is free for.
#   tools/jobs.sh [MEMINFO]     default: /proc/meminfo
# The largest of our sources take 450 MB; a machine without swap kills whom it cannot serve.
set -euo pipefail

cores=$(nproc)
fit=$(awk '/^MemAvailable:/ { print int($2 / (500 * 1024)) }' "${1:-/proc/meminfo}")
jobs=$((fit < cores ? fit : cores))
echo $((jobs > 1 ? jobs : 1))
