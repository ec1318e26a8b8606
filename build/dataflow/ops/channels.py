# SPDX-License-Identifier: Apache-2.0
"""Channels added to each pixel, or dropped: where a padded fold meets the accelerator's input or output."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fpgan.build.dataflow.ops.rtl_op import RtlOp
from fpgan.sim.golden import IntArray


class Channels_rtl(RtlOp):
    """x (1,H,W,C) -> (1,H,W,C'): further channels are 0, those beyond C' are lost; see channels.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {
            "size": ("ints", True, []),
            "in_channels": ("i", True, 0),
            "out_channels": ("i", True, 0),
        }
        return attrs

    def _shape(self, channels: str) -> list[int]:
        return [1, *(int(n) for n in self.get_nodeattr("size")), self.get_nodeattr(channels)]

    def get_normal_input_shape(self, ind: int = 0) -> list[int]:
        return self._shape("in_channels")

    def get_normal_output_shape(self, ind: int = 0) -> list[int]:
        return self._shape("out_channels")

    def get_folded_input_shape(self, ind: int = 0) -> list[int]:
        return [*self._shape("in_channels")[:3], 1, self.get_nodeattr("in_channels")]

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        return [*self._shape("out_channels")[:3], 1, self.get_nodeattr("out_channels")]

    def get_exp_cycles(self) -> int:
        return math.prod(self.get_folded_output_shape()[:-1])

    def compute(self, x: IntArray, *initializers: IntArray) -> IntArray:
        given, taken = self.get_nodeattr("in_channels"), self.get_nodeattr("out_channels")
        return np.pad(x, ((0, 0), (0, 0), (0, 0), (0, max(0, taken - given))))[..., :taken]

    def module(self) -> str:
        return "channels"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        return {"IN_WIDTH": self.get_instream_width(), "OUT_WIDTH": self.get_outstream_width()}

    def lut_estimation(self, fpgapart: str) -> int:
        return 0
