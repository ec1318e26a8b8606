# SPDX-License-Identifier: Apache-2.0
"""The driver as it goes to a board: a folder that needs numpy and nothing of this project."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fpgan.hw import driver
from fpgan.hw.system.children import run

_ALONE = """
import importlib, pathlib, sys
before = {name.split(".")[0] for name in sys.modules}
sys.path.insert(0, ".")
import driver
for path in sorted(pathlib.Path("driver").glob("[!_]*.py")):
    importlib.import_module(f"driver.{path.stem}")
driver.random_latents(1, 1, 4, 8, -128, 1 / 32)
known = {"numpy", "driver"} | sys.stdlib_module_names | before
print(sorted({name.split(".")[0] for name in sys.modules} - known))
"""


def test_the_folder_runs_alone(tmp_path):
    """Every file of it, as `driver`, with numpy alone."""
    shutil.copytree(Path(driver.__file__).parent, tmp_path / "driver")
    foreign = run([sys.executable, "-I", "-c", _ALONE], tmp_path, tmp_path / "log", "alone")
    assert foreign.strip() == "[]"
