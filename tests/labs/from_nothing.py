#!/usr/bin/env python3
"""A lab with bunshin where nothing is built yet: grade.sh builds what it takes, and then judges."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

shutil.rmtree(os.environ["BUNSHIN_LABS_BUILD"], ignore_errors=True)
for _ in range(2):  # the second time it is there
    done = subprocess.run([ROOT / "tools/grade.sh", "slow_reader"], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    print(done.stdout, done.stderr)
    assert done.returncode == 1 and "not yet: 1 of 4" in done.stdout
assert "building" not in done.stderr
