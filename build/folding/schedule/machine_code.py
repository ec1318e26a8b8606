# SPDX-License-Identifier: Apache-2.0
"""Functions as machine code, some of it kept for later runs.

numba renews what it keeps when the file of the kept function changes, whatever else was compiled into it. So
it keeps it here in a folder named by a digest of all files beside that one, and compiled functions take
functions and constants from there alone: nothing that is kept can be older than what it was made of.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from fpgan.hw.system.environment import cache_dir


def compiled(function: Callable[..., Any]) -> Any:
    """To machine code, as a part of what calls it, which holds its arrays and allocates what it needs.

    Without numba's counts of who holds an array: at every call of a step they take five sixths of the time.
    """
    options: dict[str, Any] = {"error_model": "numpy", "forceinline": True, "_nrt": False}
    return numba.njit(**options)(function)


def kept(function: Callable[..., Any]) -> Any:
    """To machine code at its first call, kept for later runs where there is a place for it.

    In the user's cache: a package that holds more than was installed is not removed whole.
    """
    config: Any = numba.config
    before = config.CACHE_DIR
    folder = Path(before) if before else cache_dir() / "numba"
    config.CACHE_DIR = str(folder / _digest(Path(inspect.getfile(function)).parent))
    try:
        return numba.njit(error_model="numpy", cache=True)(function)
    except RuntimeError:
        return numba.njit(error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before


def _digest(folder: Path) -> str:
    """Of the names and contents of its Python files."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(f"{path.name} {path.stat().st_size} ".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
