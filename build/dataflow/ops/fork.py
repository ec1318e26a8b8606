# SPDX-License-Identifier: Apache-2.0
"""One stream for several consumers."""

from __future__ import annotations

from qonnx.core.datatype import BaseDataType

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.image_op import ImageOp
from fpgan.sim.golden import IntArray


class Fork_rtl(ImageOp):
    """x (1,H,W,C) -> itself, once per output of the node; see stream_fork.sv."""

    def out_streams(self) -> int:
        return len(self.onnx_node.output)

    def get_number_output_values(self) -> dict[str, int]:
        return {f"out{ind}": self.get_exp_cycles() for ind in range(self.out_streams())}

    def get_output_datatype(self, ind: int = 0) -> BaseDataType:
        return self.get_input_datatype()

    def compute(self, x: IntArray, *others: IntArray) -> tuple[IntArray, ...]:
        return (x,) * self.out_streams()

    def module(self) -> str:
        return "stream_fork"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        return {"WIDTH": self.get_instream_width(), "OUTPUTS": self.out_streams()}

    def lut_estimation(self, fpgapart: str) -> int:
        return costs.fork_cost(self.out_streams()).lut
