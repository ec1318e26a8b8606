# SPDX-License-Identifier: Apache-2.0
"""A batch of images that comes tile by tile and leaves whole, as often as the layer behind it has tiles."""

from __future__ import annotations

import math
from typing import Any

from fpgan.build.dataflow import memory_costs
from fpgan.build.dataflow.ops.image_op import ImageOp
from fpgan.sim.golden import IntArray


class BatchBuffer_rtl(ImageOp):
    """x (1,H,W,C) unchanged, of each batch `times` times; see batch_buffer.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        more = {"batch": ("i", True, 1), "tiles": ("i", False, 1), "times": ("i", False, 1)}
        return super().get_nodeattr_types() | more

    @property
    def times(self) -> int:
        return int(self.get_nodeattr("times"))

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        """Of an image's words, as often as they leave."""
        images, rows, *rest = super().get_folded_output_shape(ind)
        return [images, rows * self.times, *rest]

    def get_exp_cycles(self) -> int:
        return math.prod(self.get_folded_output_shape()[:-1])

    def compute(self, x: IntArray, *initializers: IntArray) -> IntArray:
        return x

    # -- hardware -------------------------------------------------------------------------------------
    def module(self) -> str:
        return "batch_buffer"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        rows, cols = self.get_nodeattr("size")
        return {
            "BATCH": self.get_nodeattr("batch"), "PIXELS": int(rows * cols),
            "WORDS": self.get_folded_input_shape()[-2], "TILES": self.get_nodeattr("tiles"),
            "TIMES": self.times, "WIDTH": self.get_instream_width(),
            "STYLE": memory_costs.buffer_style(self.words),
        }  # fmt: skip

    @property
    def words(self) -> int:
        """That it holds: two batches."""
        return 2 * int(self.get_nodeattr("batch")) * math.prod(self.get_folded_input_shape()[:-1])

    # -- estimates --------------------------------------------------------------------------------------
    def cost(self) -> memory_costs.Cost:
        return memory_costs.batch_buffer_cost(self.get_instream_width(), self.words)

    def lut_estimation(self, fpgapart: str) -> int:
        return self.cost().lut

    def bram_estimation(self, fpgapart: str) -> int:
        return self.cost().bram18
