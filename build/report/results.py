# SPDX-License-Identifier: Apache-2.0
"""The result files of a BUILD folder: each parsed and checked before anything is shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpgan.build.implement.power.estimate import CLASSES
from fpgan.hw.boards import RESOURCES
from fpgan.hw.design import Design
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.shapes import Each, Maybe, Null, Number, check_shape

Json = dict[str, Any]


def _optional(shape: Any) -> Maybe:
    return Maybe(Null(shape))


_COUNTS = dict.fromkeys(RESOURCES, float)
_WATTS = {"total": float, **dict.fromkeys(CLASSES, float)}

# Of each file what the page shows.
_SHAPES: dict[str, Any] = {
    "report": {
        "made": _optional({"version": str, "command": str, "date": str}),
        "deconv": _optional(str), "mac_lanes": Number(), "useful_macs_per_image": float,
        "cycles_per_image": Number(), "latency_cycles": _optional(float),
        "layers": [{
            "name": str, "op": str, "pe": float, "simd": float, "taps": _optional([float]),
            "core": _optional(str), "lanes": float, "weight_memory": _optional(str), "cycles": Number(),
            "latency": _optional({"adds": float}), "useful_macs": float, "estimates": _COUNTS,
        }],
        "totals": _COUNTS, "budget": _COUNTS,
        "fifos": _optional([{"name": str, "words": float, "bits": float, "LUT": float}]),
        "cycles_with_one_fifo_word_less": _optional(Each(str, Null(float))),
        "decision": _optional({"fastest_cycles": float, "next_lacks": str}),
        "threshold_proof": _optional({"layers": [{
            "name": str, "channels": float, "values": float, "whole_range": bool,
            "mismatches": float,
        }]}),
        "float32": _optional({"values": float, "differ": float}),
    },
    "sim": {
        "images": float, "pixels": float, "mismatches": float, "stall": _optional(float),
        "latency_cycles": float, "cycles_per_image": Number(), "kcycles_per_second": float,
        "label_agreement": _optional(float),
    },
    "synth": {
        "tool": str, "part": str, "layers": [{"name": str, **_COUNTS}],
        "totals": {**_COUNTS, "LUTRAM": float, "SRL": float},
        "timing": _optional({
            "how": str, "routed_mhz": _optional(Number()), "estimated_ns": _optional(Number()),
            "layer": _optional(str), "levels": _optional(float), "path": _optional(str),
        }),
        "power": _optional({"how": str, "total_W": float, "static_W": float}),
    },
    "power": {
        "how": str, "uncertainty_factor": float, "clock_mhz": float, "images": float,
        "images_per_second": float, "gops_per_W": float, "stall": _optional(float), "resources_from": str,
        "sources": [str], "not_in_it": [str], "W": {**_WATTS, "static": float},
        "energy_per_image_uJ": {"total": float, "dynamic": float},
        "layers": [{"name": str, "toggle_rate": float, "W": _WATTS}],
    },
}  # fmt: skip
_MADE_BY = {"report": "build", "sim": "sim", "synth": "synth", "power": "power"}


def result_file(build: Path, name: str) -> Json | None:
    """BUILD/NAME.json; None where there is none. ValueError says what is wrong in it, and what makes it."""
    path, again = build / f"{name}.json", f"run fpgan {_MADE_BY[name]} again"
    if not path.exists():
        return None
    found = read_json(path, again)
    check_shape(found, _SHAPES[name], path, again)
    return found


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
