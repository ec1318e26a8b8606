# SPDX-License-Identifier: Apache-2.0
"""The clock of a whole design, estimated from the longest paths of its layers and of the host interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fpgan.build.implement.synth.calibrate import accuracy
from fpgan.build.implement.synth.delays import delays
from fpgan.build.implement.synth.host import host_timing
from fpgan.build.implement.synth.paths import TimedPath
from fpgan.build.implement.synth.wires import WIRES, longest

_BOARD = "board"  # as the layer of a path that is around the layers
_HOW = (
    "estimate: longest path of the mapped, unplaced layers and of the host interface; cell delays of "
    "{source}; wires by fan-out and by how full the chip is, {wires}"
)
_DERIVED = "derived from public designs: no design of ours was routed on this family"


def estimate_clock(layers: Sequence[dict[str, Any]], family: str, available: int) -> dict[str, Any]:
    """`timing` of synth.json. layers: its entries; available: LUTs of the part."""
    host = host_timing(family)
    luts = sum(layer["LUT"] for layer in layers) + host.luts
    known, wires = delays(family), WIRES[family]
    named = {layer["name"]: [TimedPath(**path) for path in layer["timing"]["paths"]] for layer in layers}
    named[_BOARD] = list(host.paths)
    here = wires.at(luts, luts / available)
    ns, layer = max((longest(paths, here)[0], name) for name, paths in named.items())
    path = longest(named[layer], here)[1]
    empty = max(longest(paths, wires.near_empty)[0] for paths in named.values())
    off = accuracy(family)
    fitted = f"fitted to {off.designs} routed designs" if off else _DERIVED
    return {
        "estimated_ns": round(ns, 3),
        "near_empty_ns": round(min(ns, empty), 3),
        **({"median_error": off.median, "worst_error": off.worst} if off else {}),
        "layer": layer,
        "levels": path.levels,
        "path": f"{path.start} -> {path.end}",
        "how": _HOW.format(source=known.source.partition(" ")[0], wires=fitted),
    }
