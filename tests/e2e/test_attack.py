# SPDX-License-Identifier: Apache-2.0
"""A sample of `make attack`: commands killed, filled, damaged and run twice, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HELPERS = Path(__file__).resolve().parents[1] / "helpers"
WAYS = ("signal", "files up to", "damaged", "twice at once")  # what the seeds below come to


def test_a_few_attacks(tmp_path):
    """Results that are neither the old nor the new ones, what is left half-written, a traceback, a hang."""
    sample = ("--seed", "832", "--tries", "8", "--only", "build", "export", "report")
    done = subprocess.run(
        [sys.executable, "-m", "attack", *sample, "--folder", tmp_path],
        cwd=HELPERS, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "8 attacks from seed 832 on, nothing broken" in done.stdout
    assert all(way in done.stdout for way in WAYS) and not list(tmp_path.iterdir())
