# SPDX-License-Identifier: Apache-2.0
"""The fit of wires to routed designs: python -m fpgan.build.implement.synth.calibrate [NAME=BUILD ...]

Fits the constants of wires.py for the 7-series to routed.yaml and prints them with the error of each
design, and of each when the fit does not know it. A BUILD, which `fpgan synth BUILD --pnr` has routed, gets
its row first, in place of one of that name. It is held against the fit and no part of it, until its row says
`fitted: true` and wires.py has the new constants.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from fpgan.build.implement.synth.host import host_timing
from fpgan.build.implement.synth.paths import WEIGHTS, TimedPath, Weights
from fpgan.build.implement.synth.wires import WIRES, Wires, longest
from fpgan.hw.system.files import write_text

_TABLE = Path(__file__).with_name("routed.yaml")
_HEAD = """\
# Designs that nextpnr-xilinx has placed and routed: the clock of each seed in MHz, LUT6 sites used, and what
# `fpgan synth` knows of them: LUTs that Yosys counted, host interface included, and the longest paths [ns of
# cells, wires, doublings of their fan-outs]. Rows up to rgb64-300 have those of the
# joined netlist. A row: the model (tiny, k5: `fpgan train --preset P --steps 0 --out
# RUN`, else the shipped checkpoint) by `fpgan export`, then `command`, `fpgan synth BUILD --pnr --seeds N`,
# and `python -m fpgan.build.implement.synth.calibrate NAME=BUILD`. date: of the build, whose RTL is that of
# its day and hour. fitted: whether wires.py is fitted to it; the others are what the fit foretold, routed by
# the placer's weight and the copies of registers of route/nextpnr.py and route/netlist.py.
"""
_OVER = 1.08  # an estimate that is above the best seed by more is refused
_STEPS = (  # that are tried: ns of a wire, ns of a doubling, growth with the size
    np.arange(0.20, 0.62, 0.02),
    np.arange(0.0, 0.32, 0.02),
    np.arange(0.0, 2.05, 0.1),
)


@dataclass(frozen=True)
class RoutedDesign:
    """A row of routed.yaml."""

    name: str
    board: str
    command: str
    date: str
    luts: int
    sites: int
    mhz: tuple[float, ...]
    paths: tuple[tuple[float, int, float], ...]
    fitted: bool = True

    @property
    def median_mhz(self) -> float:
        return statistics.median(self.mhz)

    def estimate(self, wires: Wires) -> float:
        """MHz."""
        paths = [TimedPath(*path) for path in self.paths]
        return 1000 / longest(paths, wires.at(self.luts, 0.0))[0]

    def error(self, wires: Wires) -> float:
        """Share of the median seed's clock that the estimate is above it."""
        return self.estimate(wires) / self.median_mhz - 1


@dataclass(frozen=True)
class Accuracy:
    """How far estimates are off, as shares of the median seed's clock."""

    designs: int
    median: float
    worst: float


def routed_designs() -> list[RoutedDesign]:
    """The rows of routed.yaml."""
    rows = yaml.safe_load(_TABLE.read_text(encoding="utf-8")) if _TABLE.exists() else []
    return [
        RoutedDesign(**{**row, "mhz": tuple(row["mhz"]), "paths": tuple(map(tuple, row["paths"]))})
        for row in rows
    ]


@cache
def accuracy(family: str) -> Accuracy | None:
    """Of the estimates of a family; None where none of its designs was routed."""
    if family != "xc7":
        return None
    errors = [abs(design.error(WIRES[family])) for design in routed_designs()]
    return Accuracy(len(errors), round(statistics.median(errors), 3), round(max(errors), 3))


def fit(designs: Sequence[RoutedDesign]) -> Wires:
    """The least squares of the errors' logarithms, of wires that put no design far above its best seed; of
    those that are `fitted`."""
    designs = [design for design in designs if design.fitted]
    steps = np.stack(np.meshgrid(*_STEPS, indexing="ij"), axis=-1).reshape(-1, 3)
    squares, allowed = np.zeros(len(steps)), np.ones(len(steps), bool)
    for design in designs:
        cells, wires, doublings = np.array(design.paths).T
        stretch = 1 + steps[:, 2] * np.sqrt(design.luts / 1e4)
        over = stretch[:, None] * (steps[:, :1] * wires + steps[:, 1:2] * doublings)
        mhz = 1000 / (cells + over).max(axis=1)
        squares += np.log(mhz / design.median_mhz) ** 2
        allowed &= mhz <= _OVER * max(design.mhz)
    best = int(np.argmin(np.where(allowed, squares, squares + 1e6 * allowed.any())))
    wire, doubling, by_size = (round(float(value), 2) for value in steps[best])
    return Wires(Weights(wire, doubling), by_size, near_luts=min(design.luts for design in designs))


def unseen(designs: Sequence[RoutedDesign]) -> list[float]:
    """The error of each design by the fit to the others."""
    return [
        design.error(fit([other for other in designs if other.name != design.name])) for design in designs
    ]


def row_of(name: str, build: Path) -> RoutedDesign:
    """The row of a routed BUILD, from its synth.json and report.json: what an estimate knows of it."""
    synth = json.loads((build / "synth.json").read_text(encoding="utf-8"))
    report = json.loads((build / "report.json").read_text(encoding="utf-8"))
    host = host_timing("xc7")
    layers = [path for layer in synth["layers"] if "timing" in layer for path in layer["timing"]["paths"]]
    timed = [*host.paths, *(TimedPath(**path) for path in layers)]
    slowest = dict.fromkeys(longest(timed, weights)[1] for weights in WEIGHTS)
    words = report["made"]["command"].split(" ")
    return RoutedDesign(
        name=name,
        board=report["board"],
        command=" ".join(word.rpartition("/")[2] for word in words),
        date=report["made"]["date"],
        luts=sum(layer["LUT"] for layer in synth["layers"] if "timing" in layer) + host.luts,
        sites=synth["routed"]["lut_sites"]["used"],
        mhz=tuple(seed["mhz"] for seed in synth["routed"]["seeds"] if "mhz" in seed),
        paths=tuple((path.cells_ns, path.wires, path.doublings) for path in slowest),
        fitted=False,
    )


def write_rows(designs: Sequence[RoutedDesign]) -> None:
    """routed.yaml, a design to a paragraph."""
    rows = [
        {**asdict(design), "mhz": list(design.mhz), "paths": [list(p) for p in design.paths]}
        for design in designs
    ]
    text = yaml.safe_dump(rows, sort_keys=False, width=118, default_flow_style=None)
    write_text(_TABLE, _HEAD + text)


def table(designs: Sequence[RoutedDesign]) -> list[str]:
    """Lines: the fit, each design's estimate against its seeds, and how far the estimates are off."""
    wires = fit(designs)
    lines = [f"wire {wires.weights.wire} ns, doubling {wires.weights.doubling} ns, by size {wires.by_size}"]
    for design, other in zip(designs, unseen(designs), strict=True):
        seeds = ", ".join(f"{mhz:.1f}" for mhz in design.mhz)
        lines.append(
            f"{design.name:12} {design.luts:6,} LUT {design.sites:6,} sites  routed {seeds:22} estimated "
            f"{design.estimate(wires):6.1f} ({design.error(wires):+.1%}; by the others' fit {other:+.1%})"
        )
    kinds = {"all": designs, "not fitted": [d for d in designs if not d.fitted]}
    for name, errors in [
        *((kind, [d.error(wires) for d in some]) for kind, some in kinds.items() if some),
        ("others' fit", unseen(designs)),
    ]:
        off = [abs(error) for error in errors]
        lines.append(f"{name}: median error {statistics.median(off):.1%}, worst {max(off):.1%}")
    above = max(d.estimate(wires) / max(d.mhz) for d in designs) - 1
    return [*lines, f"above the best seed by at most {above:.1%}"]


def main(arguments: Sequence[str]) -> None:
    """Print the routed designs beside their estimates; with NAME=BUILD, rows of new ones."""
    designs = {design.name: design for design in routed_designs()}
    for argument in arguments:
        name, _, build = argument.partition("=")
        designs[name] = row_of(name, Path(build))
    if arguments:
        write_rows(list(designs.values()))
    sys.stdout.write("\n".join(table(list(designs.values()))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
