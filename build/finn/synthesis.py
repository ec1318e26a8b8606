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

    Layers that are the same but for their names, as many FIFOs are, are synthesized once. Raises ToolError,
    with Yosys' log, where it does not take a layer's sources.
    """
    family, rows = "xc7" if part.startswith("xc7") else "xcup", list[dict[str, Any]]()
    known: dict[tuple[str, ...], dict[str, Any]] = {}
    for layer in read_json(stitched / LAYERS)["layers"]:
        kind = _kind(stitched / "rtl", layer["module"], layer["sources"])
        if kind not in known:
            work = stitched / "yosys" / layer["name"]
            found = synth_module(stitched / "rtl", layer["sources"], layer["module"], family, work)
            known[kind] = {name: found[name] for name in COLUMNS}
        rows.append({"name": layer["name"], "op": layer["op"], **known[kind]})
    return {**total(rows), "layers": rows}


def _kind(rtl: Path, module: str, sources: list[str]) -> tuple[str, ...]:
    """The same for modules of the same text; one that names files, or has no text of its own, is its own."""
    own = f"{module}.v"
    text = (rtl / own).read_text(encoding="utf-8") if own in sources else '"'
    if '"' in text:
        return (module,)
    return (text.replace(module, ""), *(name for name in sources if name != own))
