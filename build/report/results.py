# SPDX-License-Identifier: Apache-2.0
"""The result files of a BUILD folder: each parsed and checked before anything is shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fpgan.build.implement.power.power_file import Power
from fpgan.hw.design import Design
from fpgan.hw.report_file import Report
from fpgan.hw.synth_file import Synth
from fpgan.hw.system.fields import shape_of_older
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.shapes import Whole, check_shape
from fpgan.sim.sim_file import Sim

Json = dict[str, Any]


_SHAPES: dict[str, Any] = {
    name: shape_of_older(cls)
    for name, cls in (("report", Report), ("sim", Sim), ("synth", Synth), ("power", Power))
}
_CLOCKED = {"latency_cycles": Whole(), "cycles_per_image": Whole(1), "kcycles_per_second": float}
_SHAPES["sim"] |= _CLOCKED  # null is for HLS, of which there is no page
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
