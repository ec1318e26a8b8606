# SPDX-License-Identifier: Apache-2.0
"""Cycles between images of a graph with layers of FINN's, by simulation: what sizes its FIFOs."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.finn.stitch import stitch
from fpgan.build.folding.schedule.fifo import SMALLEST
from fpgan.sim.compiled.any_streams import HangError, table_fifo

_IMAGES = (2, 5)  # of the two runs whose difference is the steady state
_SLOWEST = 4  # times as many cycles without a word as all layers take one after the other: it stops
_TABLE = "fifo_depths.hex"


class SimulatedPeriods:
    """The stitched design in Verilator, compiled once, with FIFOs whose depths are read from a table."""

    def __init__(self, model: ModelWrapper, part: str, period_ns: float, folder: Path) -> None:
        """model: of RTL layers, with converters and FIFOs between them, left as it is. ToolError."""
        trial = copy.deepcopy(model)
        fifos = [getCustomOp(node) for node in trial.graph.node if node.op_type == "Fifo_rtl"]
        self.names = [fifo.onnx_node.name for fifo in fifos]
        for place, fifo in enumerate(fifos, SMALLEST):
            fifo.set_nodeattr("depth", place)
        cycles = [int(getCustomOp(node).get_exp_cycles()) for node in trial.graph.node]
        self._patience = _SLOWEST * sum(cycles)
        self._stitched = stitch(trial, part, period_ns, folder)
        table_fifo(folder / "rtl")
        self._table, self._rng = folder / "rtl" / _TABLE, np.random.default_rng(0)
        self._known: dict[tuple[int, ...], float] = {}

    def of(self, depths: dict[str, int]) -> float:
        """math.inf where the design stops."""
        key = tuple(depths[name] for name in self.names)
        if key not in self._known:
            lines = [0] * SMALLEST + list(key)
            self._table.write_text("".join(f"{depth:x}\n" for depth in lines), encoding="utf-8")
            self._known[key] = self._measured()
        return self._known[key]

    def moving(self, depths: dict[str, int], name: str) -> int:
        """It is not known before it is tried."""
        return SMALLEST

    def _measured(self) -> float:
        try:
            few, many = (self._stitched.cycles(self._rng, images, self._patience) for images in _IMAGES)
        except HangError:
            return math.inf
        return (many - few) / (_IMAGES[1] - _IMAGES[0])
