# SPDX-License-Identifier: Apache-2.0
"""What a stitched design takes by Yosys, layer by layer, where FINN asks Vivado."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fpgan.build.finn.stitch import LAYERS
from fpgan.build.implement.synth.cells import COLUMNS, total
from fpgan.build.implement.synth.yosys import synth_module
from fpgan.hw.system.reading import read_json


def counted(stitched: Path, part: str) -> dict[str, Any]:
    """{"LUT", "FF", ...: sums, "layers": [{"name", "op", "LUT", "FF", ...}]} of a folder that was stitched.

    Raises ToolError, with Yosys' log, where it does not take a layer's sources.
    """
    family, rows = "xc7" if part.startswith("xc7") else "xcup", list[dict[str, Any]]()
    for layer in read_json(stitched / LAYERS)["layers"]:
        work = stitched / "yosys" / layer["name"]
        found = synth_module(stitched / "rtl", layer["sources"], layer["module"], family, work)
        rows.append({"name": layer["name"], "op": layer["op"], **{name: found[name] for name in COLUMNS}})
    return {**total(rows), "layers": rows}
