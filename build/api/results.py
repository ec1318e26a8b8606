# SPDX-License-Identifier: Apache-2.0
"""What a BUILD's commands found, as objects with the fields of its JSON files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from fpgan.build.api.html import frame_html
from fpgan.build.api.result import Result
from fpgan.build.implement.power.power_file import Power
from fpgan.hw.report_file import Report
from fpgan.hw.synth_file import Synth
from fpgan.sim.sim_file import Sim

_FRAME = 600  # pixels


@dataclass(frozen=True, kw_only=True, repr=False)
class Plan(Result, Report):
    """report.json: what a design is expected to take and to need, and what was proved of it."""

    @property
    def wrong(self) -> str:
        """Where thresholds, or the finished graph, differ from the file's function."""
        if count := self.threshold_proof.mismatches:
            return f"thresholds differ from the float function at {count} accumulator values"
        if count := self.dataflow_check.mismatches:
            return f"the dataflow graph differs in {count} values"
        return ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Simulation(Result, Sim):
    """sim.json: what a simulation measured."""

    @property
    def picture(self) -> Path | None:
        """PyTorch's images, the hardware's, and their difference."""
        path = self.root / ("netlist_sim.png" if self.how == "netlist" else "sim.png")
        return path if path.is_file() else None

    @property
    def wrong(self) -> str:
        """Where pixels or layers differ, and the first place."""
        parts = list[str]()
        if self.mismatches:
            parts.append(f"{self.mismatches} of {self.pixels} pixels differ from PyTorch")
            parts.append(f"the first at {self.differences[0]}")
        if self.first_layer:
            first = next(layer.first for layer in self.layers if layer.name == self.first_layer)
            parts.append(f"the first layer that differs from numpy is {self.first_layer}, at {first}")
        elif parts and self.layers:
            parts.append("every layer puts out what numpy does")
        return "; ".join(parts)


@dataclass(frozen=True, kw_only=True, repr=False)
class Synthesis(Result, Synth):
    """synth.json: what a tool counted and timed."""


@dataclass(frozen=True, kw_only=True, repr=False)
class PowerEstimate(Result, Power):
    """power.json: what a design is estimated to draw."""

    PICTURE: ClassVar[str] = "power.png"


@dataclass(frozen=True)
class Page:
    """An HTML page; a path to whatever takes one."""

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        return frame_html(self.path.read_text(encoding="utf-8"), _FRAME)
