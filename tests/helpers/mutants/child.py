# SPDX-License-Identifier: Apache-2.0
"""Our own modules in processes of their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fpgan.hw.system.children import run
from fpgan.hw.system.environment import variable

ROOT = Path(__file__).parents[3]


def child(
    module: str,
    arguments: Sequence[str | Path],
    folder: Path,
    log: Path,
    what: str,
    package: Path | None = None,
) -> str:
    """python -m MODULE ... in `folder`; returns what it says. package: where `fpgan` lies, if not here.

    Raises ToolError where it fails.
    """
    given = [Path(part).resolve() for part in variable("PYTHONPATH").split(os.pathsep) if part]
    paths = [*([package] if package else []), Path(__file__).parents[1], *given]
    env = {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    return run([sys.executable, "-m", module, *map(str, arguments)], folder, log, what, env=env)
