# SPDX-License-Identifier: Apache-2.0
"""What the JSON files of a BUILD hold.

A BUILD may come from anybody, and its names go into scripts of Yosys, Tcl and make: none is taken that means
anything there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fpgan.hw.boards import FAMILIES
from fpgan.hw.system.reading import DamagedError
from fpgan.hw.system.shapes import Each, Maybe, Number, OneOf, Text, Whole

VERSION = 1  # of design.json, and of what stands in a BUILD
AGAIN = "run fpgan build again"
NAME = Text(r"[A-Za-z_]\w{0,127}", "a name of letters, digits and _")
SOURCES = {
    "rtl": Text(r"\w[\w-]{0,127}\.(sv|v|svh|vh)", "the plain name of a .sv or .v file"),
    "hls": Text(r"\w[\w-]{0,127}\.(cpp|hpp)", "the plain name of a .cpp or .hpp file"),
}
LARGEST = 1 << 31  # elements of an image
STREAM = {
    "shape": [Whole(1, LARGEST)],
    "datatype": Text(r"U?INT([1-9]|[12][0-9]|3[0-2])", "INT or UINT and 1 to 32 bits"),
    "elements_per_beat": Whole(1, 1 << 16),
    "tdata_bits": Whole(8, 1 << 20),
    "beats": Whole(1, LARGEST),
}
_LAYER = {
    "name": Maybe(NAME), "op": Maybe(NAME), "core": Maybe(str), "weight_memory": Maybe(str),
    **{key: Maybe(Whole()) for key in ("pe", "simd", "cycles", "useful_macs", "lanes")},
    "taps": Maybe([int]), "channels": Maybe([int]), "estimates": Maybe(Each(str, Whole())),
}  # fmt: skip
REPORT = {
    "cycles_per_image": Maybe(Whole(1)), "mac_lanes": Maybe(Whole()), "useful_macs_per_image": Maybe(Whole()),
    "latency_cycles": Maybe(Whole()), "frames_per_second": Maybe(Number()), "deconv": Maybe(str),
    "totals": Maybe(Each(str, Whole())), "budget": Maybe(Each(str, Whole())),
    "layers": Maybe([_LAYER]),
}  # fmt: skip
COUNTED = {
    "tool": str,
    "layers": [{"name": NAME, **dict.fromkeys(("LUT", "FF", "DSP", "BRAM18", "URAM"), Maybe(Whole()))}],
    "totals": Each(str, Whole()),
    "timing": {"estimated_ns": Maybe(Number()), "routed_mhz": Maybe(Number()), "how": Maybe(str)},
}


def design_shape(backend: str) -> dict[str, Any]:
    """Of design.json."""
    source = SOURCES[backend]
    return {
        "name": Text(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}", "a line of text"),
        "top": NAME,
        "board": Text(r"[a-z0-9][a-z0-9-]{0,63}", "a board's name"),
        "part": Text(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", "a part's name"),
        "family": OneOf(FAMILIES),
        "clock_mhz": Number(0, 10_000),
        "sources": [source],
        "layers": [{"name": NAME, "op": NAME, "module": NAME, "sources": [source]}],
        "input": STREAM,
        "output": STREAM,
        "fifos": Each(NAME, Whole(0, LARGEST)),
        "golden": OneOf(("pytorch", "exact")),
        "pumped": bool,
    }


def check_version(data: dict[str, Any], version: int, path: Path, then: str = AGAIN) -> None:
    """DamagedError for a file that another version of fpgan has written."""
    if data.get("version") != version:
        raise DamagedError(path, f"is of version {data.get('version', 'none')!s:.20}, not {version}", then)


def check_files(folder: Path, names: Iterable[str], path: Path, then: str) -> None:
    """DamagedError for a name in `path` that is no file of the folder, or a link to somewhere else."""
    for name in dict.fromkeys(names):
        if (folder / name).is_symlink() or not (folder / name).is_file():
            raise DamagedError(path, f"names {name}, which is no file of {folder.name}/", then)
