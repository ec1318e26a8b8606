# SPDX-License-Identifier: Apache-2.0
"""The result files of a BUILD folder: each parsed and checked before anything is shown of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpgan.build.implement.power.estimate import CLASSES
from fpgan.hw.boards import RESOURCES
from fpgan.hw.design import Design
from fpgan.hw.system.reading import DamagedError, read_json

Json = dict[str, Any]

_LARGEST = 1e18  # of a number: more is no result, and some of it no float


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


_LEAVES: dict[str, Callable[[Any], bool]] = {
    "number": _number,
    "number above 0": lambda value: _number(value) and value > 0,
    "text": lambda value: isinstance(value, str),
    "truth value": lambda value: isinstance(value, bool),
}
_COUNTS = dict.fromkeys(RESOURCES, "number")
_WATTS = {"total": "number", **dict.fromkeys(CLASSES, "number")}

# What each file must hold. A text names one of _LEAVES; of an object the keys that matter, `key?` where it
# may be absent or null, "*?" for all others; of a list, what each entry is.
_SHAPES: dict[str, Any] = {
    "report": {
        "made?": {"version": "text", "command": "text", "date": "text"},
        "deconv?": "text", "mac_lanes": "number above 0", "useful_macs_per_image": "number",
        "cycles_per_image": "number above 0", "latency_cycles?": "number",
        "layers": [{
            "name": "text", "op": "text", "pe": "number", "simd": "number", "taps?": ["number"],
            "core?": "text", "lanes": "number", "weight_memory?": "text", "cycles": "number above 0",
            "latency?": {"adds": "number"}, "useful_macs": "number", "estimates": _COUNTS,
        }],
        "totals": _COUNTS, "budget": _COUNTS,
        "fifos?": [{"name": "text", "words": "number", "bits": "number", "LUT": "number"}],
        "cycles_with_one_fifo_word_less?": {"*?": "number"},
        "decision?": {"fastest_cycles": "number", "next_lacks": "text"},
        "threshold_proof?": {"layers": [{
            "name": "text", "channels": "number", "values": "number", "whole_range": "truth value",
            "mismatches": "number",
        }]},
        "float32?": {"values": "number", "differ": "number"},
    },
    "sim": {
        "images": "number", "pixels": "number", "mismatches": "number", "stall?": "number",
        "latency_cycles": "number", "cycles_per_image": "number above 0", "kcycles_per_second": "number",
        "label_agreement?": "number",
    },
    "synth": {
        "tool": "text", "part": "text", "layers": [{"name": "text", **_COUNTS}],
        "totals": {**_COUNTS, "LUTRAM": "number", "SRL": "number"},
        "timing?": {
            "how": "text", "routed_mhz?": "number above 0", "estimated_ns?": "number above 0",
            "layer?": "text", "levels?": "number", "path?": "text",
        },
        "power?": {"how": "text", "total_W": "number", "static_W": "number"},
    },
    "power": {
        "how": "text", "uncertainty_factor": "number", "clock_mhz": "number", "images": "number",
        "images_per_second": "number", "gops_per_W": "number", "stall?": "number", "resources_from": "text",
        "sources": ["text"], "not_in_it": ["text"], "W": {**_WATTS, "static": "number"},
        "energy_per_image_uJ": {"total": "number", "dynamic": "number"},
        "layers": [{"name": "text", "toggle_rate": "number", "W": _WATTS}],
    },
}  # fmt: skip
_MADE_BY = {"report": "build", "sim": "sim", "synth": "synth", "power": "power"}


def result_file(build: Path, name: str) -> Json | None:
    """BUILD/NAME.json; None where there is none. ValueError says what is wrong in it, and what makes it."""
    path, again = build / f"{name}.json", f"run fpgan {_MADE_BY[name]} again"
    if not path.exists():
        return None
    found = read_json(path, again)
    if fault := _fault(found, _SHAPES[name]):
        raise DamagedError(path, f"is damaged: {fault}", again)
    return found


def _fault(value: Any, shape: Any, where: str = "") -> str:
    """What is wrong with a value, "" if nothing; where: the keys that lead to it."""
    if isinstance(shape, str):
        return "" if _LEAVES[shape](value) else f"{where} is no {shape}"
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where} is no list"
        faults = (_fault(item, shape[0], f"{where}[{i}]") for i, item in enumerate(value))
    else:
        if not isinstance(value, dict):
            return f"{where or 'it'} is no object"
        faults = (_fault_at(value, key, inner, where) for key, inner in shape.items())
    return next(filter(None, faults), "")


def _fault_at(value: Json, key: str, shape: Any, where: str) -> str:
    """What is wrong at a key of an object's shape."""
    name, optional = key.removesuffix("?"), key.endswith("?")
    for each in value if name == "*" else (name,):
        inner = f"{where}.{each}" if where else each
        if value.get(each) is None:
            if not optional:
                return f"{inner} is missing"
        elif fault := _fault(value[each], shape, inner):
            return fault
    return ""


@dataclass(frozen=True)
class Results:
    """The files of a BUILD folder; sim, synth and power are None where those commands have not run."""

    design: Design
    report: Json
    sim: Json | None
    synth: Json | None
    power: Json | None

    @classmethod
    def load(cls, build: Path) -> Results:
        """ValueError in one line where build is no build of RTL, or where a file is damaged."""
        design = Design.load(build)
        design.require_rtl("the report")
        planned = result_file(build, "report")
        if planned is None:
            raise ValueError(f"{build}: report.json is missing; run fpgan build again")
        return cls(design, planned, *(result_file(build, name) for name in ("sim", "synth", "power")))

    @property
    def cycles_per_image(self) -> int:
        """Measured in simulation where there was one, else predicted."""
        cycles: int = (self.sim or self.report)["cycles_per_image"]
        return cycles

    @property
    def fps(self) -> float:
        return self.design.clock_mhz * 1e6 / self.cycles_per_image

    @property
    def macs(self) -> int:
        macs: int = self.report["useful_macs_per_image"]
        return macs

    @property
    def efficiency(self) -> float:
        """Useful MACs per lane and cycle."""
        return self.macs / (self.cycles_per_image * self.report["mac_lanes"])

    @property
    def gops(self) -> float:
        """Useful giga-operations per second, two per MAC, none for inserted zeros."""
        return 2e-9 * self.macs * self.fps

    @property
    def totals(self) -> Mapping[str, int]:
        return dict((self.synth or self.report)["totals"])
