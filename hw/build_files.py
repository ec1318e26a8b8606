# SPDX-License-Identifier: Apache-2.0
"""What the JSON files of a BUILD have in common.

A BUILD may come from anybody, and its names go into scripts of Yosys, Tcl and make: none is taken that means
anything there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fpgan.hw.system.reading import DamagedError
from fpgan.hw.system.shapes import Text

VERSION = 2  # of design.json, and of what stands in a BUILD
AGAIN = "run fpgan build again"
NAME = Text(r"[A-Za-z_]\w{0,127}", "a name of letters, digits and _")
SOURCES = {
    "rtl": Text(r"\w[\w-]{0,127}\.(sv|v|svh|vh)", "the plain name of a .sv or .v file"),
    "hls": Text(r"\w[\w-]{0,127}\.(cpp|hpp)", "the plain name of a .cpp or .hpp file"),
}
LARGEST = 1 << 31  # elements of an image


def check_version(data: dict[str, Any], version: int, path: Path, then: str = AGAIN) -> None:
    """DamagedError for a file that another version of fpgan has written."""
    if data.get("version") != version:
        raise DamagedError(path, f"is of version {data.get('version', 'none')!s:.20}, not {version}", then)


def check_files(folder: Path, names: Iterable[str], path: Path, then: str) -> None:
    """DamagedError for a name in `path` that is no file of the folder, or a link to somewhere else."""
    for name in dict.fromkeys(names):
        if (folder / name).is_symlink() or not (folder / name).is_file():
            raise DamagedError(path, f"names {name}, which is no file of {folder.name}/", then)
