# SPDX-License-Identifier: Apache-2.0
"""Images of one size joined channel by channel."""

from __future__ import annotations

from typing import Any

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.joining_op import JoiningOp
from fpgan.sim.golden import IntArray, concat


class Concat_rtl(JoiningOp):
    """x_k (1,H,W,C_k) -> (1,H,W,sum of C_k), values unchanged; see stream_concat.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        return super().get_nodeattr_types() | {"channels": ("ints", True, [])}  # of each input

    def in_channels(self, ind: int) -> int:
        return int(self.get_nodeattr("channels")[ind])

    def compute(self, x: IntArray, *others: IntArray) -> IntArray:
        return concat([x, *others])

    def module(self) -> str:
        return "stream_concat"

    def parameters(self, fpgapart: str) -> dict[str, int | str | tuple[int, ...]]:
        types = [self.get_input_datatype(ind) for ind in range(self.in_streams())]
        return {
            "INPUTS": self.in_streams(), "PE": self.get_nodeattr("PE"),
            "BITS": self.get_output_datatype().bitwidth(),
            "IN_BITS": tuple(t.bitwidth() for t in types),
            "IN_SIGNED": tuple(int(t.signed()) for t in types),
            "WORDS": self.words(),
        }  # fmt: skip

    def words(self) -> tuple[int, ...]:
        """Of a pixel, of each input."""
        return tuple(self.in_channels(i) // self.get_nodeattr("PE") for i in range(self.in_streams()))

    def lut_estimation(self, fpgapart: str) -> int:
        return costs.concat_cost(self.in_streams(), self.get_outstream_width()).lut
