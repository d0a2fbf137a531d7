#!/usr/bin/env bash
# Judges the answer to a lab of the course (docs/course/labs) by what it does.
#   tools/grade.sh LAB [FILE]   builds FILE, docs/course/labs/LAB.cpp by default, and says what is wrong
#   tools/grade.sh --csv DIR    grades a class: DIR/STUDENT/LAB.cpp or .py
# Needs g++, python3 and util-linux, and for two of the labs what bunshin is built with; no root.
set -euo pipefail
exec python3 "$(dirname "$0")/grading/grade.py" "$@"
