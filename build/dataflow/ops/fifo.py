# SPDX-License-Identifier: Apache-2.0
"""First-in first-out queue between two layers."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.rtl_op import RtlOp
from fpgan.sim.golden import IntArray


class Fifo_rtl(RtlOp):
    """x (1,H,W,C) unchanged, through `depth` words of `elems` elements; see fifo.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {"shape": ("ints", True, []), "elems": ("i", True, 1), "depth": ("i", True, 2)}
        return attrs

    def get_normal_input_shape(self, ind: int = 0) -> list[int]:
        return [int(v) for v in self.get_nodeattr("shape")]

    def get_normal_output_shape(self, ind: int = 0) -> list[int]:
        return self.get_normal_input_shape()

    def get_folded_input_shape(self, ind: int = 0) -> list[int]:
        shape, elems = self.get_normal_input_shape(), self.get_nodeattr("elems")
        return [*shape[:-1], shape[-1] // elems, elems]

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        return self.get_folded_input_shape()

    def get_exp_cycles(self) -> int:
        return math.prod(self.get_folded_input_shape()[:-1])

    def compute(self, x: IntArray, *initializers: NDArray) -> IntArray:
        return x

    def module(self) -> str:
        return "fifo"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        return {"WIDTH": self.get_instream_width_padded(), "DEPTH": self.get_nodeattr("depth")}

    def lut_estimation(self, fpgapart: str) -> int:
        return self.cost().lut

    def bram_estimation(self, fpgapart: str) -> int:
        return self.cost().bram18

    def cost(self) -> costs.Cost:
        return costs.fifo_cost(self.get_instream_width(), self.get_nodeattr("depth"))
