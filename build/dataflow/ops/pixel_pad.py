# SPDX-License-Identifier: Apache-2.0
"""Zero insertion: the upsampling of the literal reading of a transposed convolution."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from fpgan.build.dataflow.ops.rtl_op import RtlOp
from fpgan.sim.golden import IntArray, zero_insert


class PixelPad_rtl(RtlOp):
    """x (1,H,W,C) -> (1,OH,OW,C) with zeros between the pixels; see pixel_pad.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {
            "size": ("ints", True, []),
            "stride": ("ints", True, []),
            "out": ("ints", True, []),
            "NumChannels": ("i", True, 0),
            "SIMD": ("i", False, 1),
        }
        return attrs

    def get_normal_input_shape(self, ind: int = 0) -> list[int]:
        return [1, *self.get_nodeattr("size"), self.get_nodeattr("NumChannels")]

    def get_normal_output_shape(self, ind: int = 0) -> list[int]:
        return [1, *self.get_nodeattr("out"), self.get_nodeattr("NumChannels")]

    def _folded(self, shape: list[int]) -> list[int]:
        simd = self.get_nodeattr("SIMD")
        return [*shape[:-1], shape[-1] // simd, simd]

    def get_folded_input_shape(self, ind: int = 0) -> list[int]:
        return self._folded(self.get_normal_input_shape())

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        return self._folded(self.get_normal_output_shape())

    def get_exp_cycles(self) -> int:
        return math.prod(self.get_folded_output_shape()[:-1])

    def compute(self, x: IntArray, *initializers: NDArray) -> IntArray:
        stride, out = self.get_nodeattr("stride"), self.get_nodeattr("out")
        return zero_insert(x, (int(stride[0]), int(stride[1])), (int(out[0]), int(out[1])))

    def module(self) -> str:
        return "pixel_pad"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        size, stride, out = (self.get_nodeattr(k) for k in ("size", "stride", "out"))
        core = [(size[d] - 1) * stride[d] + 1 for d in range(2)]
        return {
            "H": size[0], "W": size[1], "CF": self.get_folded_input_shape()[-2],
            "WIDTH": self.get_instream_width(), "SH": stride[0], "SW": stride[1],
            "OPH": out[0] - core[0], "OPW": out[1] - core[1],
        }  # fmt: skip

    def lut_estimation(self, fpgapart: str) -> int:
        return 60 + self.get_instream_width()
