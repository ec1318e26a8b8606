# SPDX-License-Identifier: Apache-2.0
"""The waveform of a simulation: its format, and where it is put."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from fpgan.hw.system.children import run
from fpgan.hw.system.tools import ToolError

LIMIT = 10**9  # bytes at which a waveform ends
_FORMATS = ("fst", "vcd")
_NEEDED_FOR_FST = """#include <lz4.h>
#include <zlib.h>
int main() { return LZ4_versionNumber() > 0 && zlibVersion() ? 0 : 1; }
"""


def waves_format(folder: Path) -> str:
    """FST, a fiftieth of VCD's size, where the libraries that it is compiled with are there; else VCD."""
    source, log = folder / "fst.cpp", folder / "fst.log"
    source.write_text(_NEEDED_FOR_FST, encoding="utf-8")
    try:
        run(["g++", str(source), "-llz4", "-lz", "-o", str(folder / "fst")], folder, log, "looking for lz4")
    except ToolError:
        return "vcd"
    return "fst"


def put_waves(made: Path, place: Path) -> None:
    """Put a waveform in its place, and remove an older one of the other format."""
    os.replace(made, place)
    for other in _FORMATS:
        if place.suffix != f".{other}":
            with suppress(OSError):
                place.with_suffix(f".{other}").unlink()


def waves_report(place: Path, said: dict[str, Any]) -> dict[str, Any]:
    """sim.json's `waves`: the file's name, its bytes, the cycles in it, and whether those are all."""
    return {
        "file": place.name,
        "bytes": place.stat().st_size,
        "cycles": said["waves_cycles"],
        "whole": said["waves_whole"],
    }
