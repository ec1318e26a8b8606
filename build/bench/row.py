# SPDX-License-Identifier: Apache-2.0
"""One row of the benchmark: a design built, simulated, counted and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fpgan.build.bench import figures, through_driver
from fpgan.build.bench.bench_file import Measured
from fpgan.build.bench.designs import BenchDesign
from fpgan.build.flow import build
from fpgan.build.implement.synthesize import synth
from fpgan.hw.design import Design
from fpgan.hw.system.fields import shape_of
from fpgan.hw.system.tools import ToolError
from fpgan.sim.simulate import simulate

_BASELINE_IMAGES = 4
_UNTRAINED = "untrained: scales calibrated on random weights of a fixed seed; the hardware is the same"

Progress = Callable[[str], None]


def measure(
    design: BenchDesign,
    make_model: Callable[[], Path],
    folder: Path,
    images: int,
    count_resources: bool,
    say: Progress,
) -> dict[str, Any]:
    """Build design in folder/NAME, simulate images, count its resources with Yosys where asked.

    make_model: gives the QONNX file. A step that fails leaves its one line in `error`, and beside it what the
    steps before it gave.
    """
    row = _identity(design)
    try:
        _Row(design, folder / design.name, images, say, row).fill(make_model(), count_resources)
    except (ValueError, ToolError, OSError) as error:
        row["error"] = " ".join(str(error).split())
    return row


def failed(row: dict[str, Any]) -> bool:
    """Whether a row has an error or pixels that differ from PyTorch's."""
    driver = row["through_driver"] or {}
    results = [row, row["zero_insertion"], driver.get("memory"), driver.get("registers")]
    return bool(row["error"] or any(result["mismatches"] for result in results if result))


def _identity(design: BenchDesign) -> dict[str, Any]:
    weights, activations = design.bits
    return {
        "name": design.name,
        "preset": design.preset,
        "network": design.network,
        "module": design.module,
        "weights": f"shipped checkpoint {design.checkpoint}" if design.checkpoint else _UNTRAINED,
        "seed": design.seed,
        "weight_bits": list(weights),
        "act_bits": list(activations),
        "board": design.board,
        "cores": list(design.cores) if design.cores else None,
        "max_utilization": design.max_utilization,
        "target_fps": design.target_fps,
        "budget": design.budget or None,
        "weight_storage": design.weight_storage,
        "batch": design.batch,
        "build": f"bench/{design.name}",
        "error": None,
        "seconds": {},
        **dict.fromkeys(shape_of(Measured)),
    }


class _Row:
    """The steps of one design; each puts what it measured into row."""

    def __init__(
        self, design: BenchDesign, folder: Path, images: int, say: Progress, row: dict[str, Any]
    ) -> None:
        self.design, self.folder, self.images, self.say, self.row = design, folder, images, say, row

    def fill(self, model: Path, count_resources: bool) -> None:
        report = self._build(model)
        self._simulate(report)
        if not Design.load(self.folder).streams:  # which the host interface has no reader for
            self._drive()
        if self.design.zero_insertion:
            self._zero_insertion(model)
        if count_resources:
            self._count(report)

    def _build(self, model: Path) -> dict[str, Any]:
        design = self.design
        cores: dict[str, Any] = {"cores": design.cores} if design.cores else {}
        with self._step("build") as progress:
            report = build(
                model, self.folder, design.board, max_utilization=design.max_utilization,
                clock_mhz=design.clock_mhz, target_fps=design.target_fps, budget=design.budget,
                weight_storage=design.weight_storage, batch=design.batch, progress=progress, **cores,
            )  # fmt: skip
        self.row |= figures.planned(report, figures.inserted(model))
        self.row |= figures.resources(report, None, self._limits(report))
        return report

    def _simulate(self, report: dict[str, Any]) -> None:
        with self._step("sim") as progress:
            sim = simulate(self.folder, self.images, progress=progress)
        self.row |= figures.measured(self.row, sim)
        self.row["gops_per_dsp"] = figures.per_dsp(report, None, self.row["frames_per_second"])
        shape = Design.load(self.folder).output.shape
        self.row["rival"] = figures.nearest_rival(self.row, shape, self.design.bits)

    def _drive(self) -> None:
        with self._step("driver") as progress:
            cycles = self.row["cycles_per_image"]
            self.row["through_driver"] = through_driver.measure(self.folder, cycles, self.images, progress)

    def _zero_insertion(self, model: Path) -> None:
        """The same network by zero insertion, folded as ours; `fpgan report` finds it beside ours."""
        design = self.design
        folder = self.folder.with_name(f"{self.folder.name}_zero_insert")
        with self._step("zero insertion") as progress:
            report = build(
                model, folder, design.board, max_utilization=design.max_utilization, deconv="zero_insert",
                like=self.folder, progress=progress,
            )  # fmt: skip
            sim = simulate(folder, min(self.images, _BASELINE_IMAGES), progress=progress)
        self.row["zero_insertion"] = figures.zero_insertion(self.row, sim, report["mac_lanes"])

    def _count(self, report: dict[str, Any]) -> None:
        with self._step("synth") as progress:
            counted = synth(self.folder, progress=progress)
        self.row |= figures.resources(report, counted, self._limits(report))
        self.row |= figures.timing(self.row, counted)
        self.row["gops_per_dsp"] = figures.per_dsp(report, counted, self.row["frames_per_second"])
        if self.row["over_board"]:
            raise ValueError(f"does not fit {self.design.board}: {', '.join(self.row['over_board'])}")

    def _limits(self, report: dict[str, Any]) -> dict[str, int]:
        return figures.limits(report, self.design.max_utilization, self.design.budget)

    @contextmanager
    def _step(self, name: str) -> Iterator[Progress]:
        """Names the step in what it reports, and keeps how long it took."""
        start = time.monotonic()
        self.say(name)
        try:
            yield lambda text: self.say(f"{name}: {text}")
        finally:
            self.row["seconds"][name] = round(time.monotonic() - start, 1)
