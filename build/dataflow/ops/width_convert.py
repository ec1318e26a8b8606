# SPDX-License-Identifier: Apache-2.0
"""Change of the number of elements per stream word."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.rtl_op import RtlOp
from fpgan.sim.golden import IntArray


class WidthConvert_rtl(RtlOp):
    """x (1,H,W,C) unchanged, from `in_elems` to `out_elems` per word; see width_convert.sv.

    With an `out_shape` the same stream is an image of other rows, columns and channels.
    """

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {
            "shape": ("ints", True, []),
            "out_shape": ("ints", False, []),
            "in_elems": ("i", False, 1),
            "out_elems": ("i", False, 1),
            "times": ("i", False, 1),  # that each image passes
        }
        return attrs

    def get_normal_input_shape(self, ind: int = 0) -> list[int]:
        return [int(v) for v in self.get_nodeattr("shape")]

    def get_normal_output_shape(self, ind: int = 0) -> list[int]:
        return [int(v) for v in self.get_nodeattr("out_shape")] or self.get_normal_input_shape()

    def _folded(self, shape: list[int], elems: int) -> list[int]:
        shape = [shape[0], shape[1] * int(self.get_nodeattr("times")), *shape[2:]]
        if shape[-1] % elems == 0:
            return [*shape[:-1], shape[-1] // elems, elems]
        if shape[-2] * shape[-1] % elems == 0:
            return [*shape[:-2], shape[-2] * shape[-1] // elems, elems]
        return [math.prod(shape) // elems, elems]

    def get_folded_input_shape(self, ind: int = 0) -> list[int]:
        return self._folded(self.get_normal_input_shape(), self.get_nodeattr("in_elems"))

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        return self._folded(self.get_normal_output_shape(), self.get_nodeattr("out_elems"))

    def get_exp_cycles(self) -> int:
        narrow = min(self.get_nodeattr("in_elems"), self.get_nodeattr("out_elems"))
        return math.prod(self.get_folded_input_shape()) // narrow

    def compute(self, x: IntArray, *initializers: NDArray) -> IntArray:
        return x.reshape(-1, *self.get_normal_output_shape()[1:])

    def module(self) -> str:
        return "width_convert"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        return {
            "IN_ELEMS": self.get_nodeattr("in_elems"),
            "OUT_ELEMS": self.get_nodeattr("out_elems"),
            "ELEM_BITS": self.get_input_datatype().bitwidth(),
        }

    def lut_estimation(self, fpgapart: str) -> int:
        taken, given = self.get_nodeattr("in_elems"), self.get_nodeattr("out_elems")
        return costs.width_convert_cost(taken, given, self.get_input_datatype().bitwidth()).lut
