# SPDX-License-Identifier: Apache-2.0
"""The rooms of the package: an import that goes up, or round in a circle, is named ([tool.importlinter])."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINT = """import sys; from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename="pyproject.toml", no_cache=True))"""


def test_arrows_go_down_only(tmp_path):
    """Of the package in one folder, as it is once installed: import-linter looks for modules there."""
    package = tmp_path / "fpgan"
    package.mkdir()
    for part in (*map(ROOT.joinpath, ("hw", "model", "sim", "build")), *ROOT.glob("build/package/*.py")):
        (package / part.name).symlink_to(part)
    where = os.environ | {"PYTHONPATH": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, env=where, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
