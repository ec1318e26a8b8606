# SPDX-License-Identifier: Apache-2.0
"""RTL of layers that FINN has as HLS alone: zero insertion, forks, concatenation, pools."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.concat import StreamingConcat
from finn.custom_op.fpgadataflow.duplicatestreams import DuplicateStreams
from finn.custom_op.fpgadataflow.fmpadding_pixel import FMPadding_Pixel
from finn.custom_op.fpgadataflow.pool import Pool

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.ops.base import StreamOp
from fpgan.build.dataflow.ops.rtl_op import Parameter, RtlOp
from fpgan.sim.golden import IntArray, concat, window_max, zero_insert


class _Variant:
    """Executed as FINN's abstract layer is, or simulated as ours are."""

    def execute_node(self, context: dict[str, np.ndarray], graph: Any) -> None:
        if self.get_nodeattr("exec_mode") == "rtlsim":  # type: ignore[attr-defined]  # of the layer beside it
            StreamOp.execute_node(self, context, graph)  # type: ignore[arg-type]
        else:
            super().execute_node(context, graph)  # type: ignore[misc]


class FMPadding_Pixel_rtl(_Variant, FMPadding_Pixel, RtlOp):
    """x (1,H,W,C) -> (1,OH,OW,C) with zeros between the pixels; see pixel_pad.sv."""

    def compute(self, x: IntArray, *others: IntArray) -> IntArray:
        stride, out = self.get_nodeattr("Stride"), self.get_padded_odim()
        return zero_insert(x, (int(stride[0]), int(stride[1])), (int(out[0]), int(out[1])))

    def module(self) -> str:
        return "pixel_pad"

    def parameters(self, fpgapart: str) -> dict[str, Parameter]:
        size, stride = self.get_nodeattr("ImgDim"), self.get_nodeattr("Stride")
        return {
            "H": size[0], "W": size[1], "CF": self.get_folded_input_shape()[-2],
            "WIDTH": self.get_instream_width(), "SH": stride[0], "SW": stride[1], "OPH": 0, "OPW": 0,
        }  # fmt: skip

    def lut_estimation(self, fpgapart: str) -> int:
        return 60 + self.get_instream_width()


class DuplicateStreams_rtl(_Variant, DuplicateStreams, RtlOp):
    """x (1,H,W,C) -> itself, once per output of the node; see stream_fork.sv."""

    def out_streams(self) -> int:
        return len(self.onnx_node.output)

    def compute(self, x: IntArray, *others: IntArray) -> tuple[IntArray, ...]:
        return (x,) * self.out_streams()

    def module(self) -> str:
        return "stream_fork"

    def parameters(self, fpgapart: str) -> dict[str, Parameter]:
        return {"WIDTH": self.get_instream_width(), "OUTPUTS": self.out_streams()}

    def lut_estimation(self, fpgapart: str) -> int:
        return costs.fork_cost(self.out_streams()).lut


class StreamingConcat_rtl(_Variant, StreamingConcat, RtlOp):
    """x_k (1,H,W,C_k) -> (1,H,W,sum of C_k), values unchanged; see stream_concat.sv."""

    def in_streams(self) -> int:
        return len(self.onnx_node.input)

    def compute(self, x: IntArray, *others: IntArray) -> IntArray:
        return concat([x, *others])

    def module(self) -> str:
        return "stream_concat"

    def parameters(self, fpgapart: str) -> dict[str, Parameter]:
        kinds = [self.get_input_datatype(ind) for ind in range(self.in_streams())]
        folds = [self.get_folded_input_shape(ind)[-2] for ind in range(self.in_streams())]
        return {
            "INPUTS": self.in_streams(), "PE": self.get_nodeattr("SIMD"),
            "BITS": self.get_output_datatype().bitwidth(),
            "IN_BITS": tuple(kind.bitwidth() for kind in kinds),
            "IN_SIGNED": tuple(int(kind.signed()) for kind in kinds),
            "WORDS": tuple(int(fold) for fold in folds),
        }  # fmt: skip

    def lut_estimation(self, fpgapart: str) -> int:
        return costs.concat_cost(self.in_streams(), self.get_outstream_width()).lut


class Pool_rtl(_Variant, Pool, RtlOp):
    """x (1,OH,OW,K*C), a window's K pixels side by side -> (1,OH,OW,C), their largest; see stream_max.sv.

    FINN's window generator in front gives PE channels of all K pixels before the next PE channels; where
    FINN simulates layers, each by itself, x stands so too.
    """

    def execute_node(self, context: dict[str, np.ndarray], graph: Any) -> None:
        if self.get_nodeattr("exec_mode") == "cppsim":
            StreamOp.execute_node(self, context, graph)
        else:
            super().execute_node(context, graph)

    def _window(self) -> int:
        return math.prod(int(k) for k in self.get_nodeattr("KernelSize"))

    def compute(self, x: IntArray, *others: IntArray) -> IntArray:
        words = x.reshape(*x.shape[:2], -1, self._window() * self.get_nodeattr("PE"))
        return window_max(words, self._window()).reshape(*x.shape[:3], -1)

    def module(self) -> str:
        return "stream_max"

    def parameters(self, fpgapart: str) -> dict[str, Parameter]:
        kind = self.get_input_datatype()
        return {
            "PE": self.get_nodeattr("PE"), "BITS": kind.bitwidth(), "SIGNED": int(kind.signed()),
            "WORDS": self._window(),
        }  # fmt: skip

    def lut_estimation(self, fpgapart: str) -> int:
        return costs.max_cost(self.get_nodeattr("PE"), self.get_input_datatype().bitwidth()).lut


VARIANTS = (DuplicateStreams_rtl, FMPadding_Pixel_rtl, Pool_rtl, StreamingConcat_rtl)
