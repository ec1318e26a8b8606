# SPDX-License-Identifier: Apache-2.0
"""The networks that are benchmarked, each trained (or calibrated) and exported once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fpgan.build.bench.designs import BenchDesign
from fpgan.model.checkpoints import shipped
from fpgan.model.export import export
from fpgan.model.quantize import MODEL, quantize
from fpgan.model.train import train

Progress = Callable[[str], None]


class Networks:
    """RUN folders and QONNX files, made on first use in a folder that earlier ones are replaced in.

    vectors: golden images of each network.
    """

    def __init__(self, folder: Path, vectors: int) -> None:
        self._folder, self._vectors = folder, vectors
        self._runs: dict[str, Path] = {}
        self._models: dict[str, Path] = {}

    def run(self, design: BenchDesign, say: Progress) -> Path:
        """RUN folder of a preset: the shipped checkpoint, or a network that is only calibrated."""
        if design.network not in self._runs:
            self._runs[design.network] = self._make_run(design, say)
        return self._runs[design.network]

    def model(self, design: BenchDesign, say: Progress) -> Path:
        """QONNX file with its golden images."""
        if design.network not in self._models:
            make = self._export if design.source is None else self._quantize
            self._models[design.network] = make(design, say)
        return self._models[design.network]

    def _export(self, design: BenchDesign, say: Progress) -> Path:
        run = self.run(design, say)
        say("export")
        path = self._folder / design.network / f"{design.network}.onnx"
        return export(run, path, vectors=self._vectors)

    def _quantize(self, design: BenchDesign, say: Progress) -> Path:
        say("quantize")
        folder = self._folder / design.network
        (weights,), (activations,) = design.bits
        quantize(
            str(design.source), folder, f"W{weights}A{activations}", arguments=design.arguments,
            vectors=self._vectors, seed=design.seed,
        )  # fmt: skip
        return folder / MODEL

    def _make_run(self, design: BenchDesign, say: Progress) -> Path:
        if design.checkpoint:
            return shipped(design.checkpoint)
        say("calibrate")
        run = self._folder / design.network / "run"
        train(design.config, run, steps=0)
        return run
