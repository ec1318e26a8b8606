# SPDX-License-Identifier: Apache-2.0
"""Convolution, transposed or strided, on the input as it comes: line buffer, tap walker, weights, MACs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from finn.util.basic import get_dsp_block
from numpy.typing import NDArray
from qonnx.core.datatype import BaseDataType, DataType

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.cascade import Packing
from fpgan.build.dataflow.ops.base import StreamOp
from fpgan.build.dataflow.ops.hex_words import hex_words
from fpgan.hw.geometry import Axis, DeconvGeometry
from fpgan.sim.golden import cascade_places, deconv, groups_at_once, weight_words

_AXIS = ("size", "kernel", "stride", "pad", "out", "step", "dilation")
_DSP_VERSION = {"DSP48E1": 1, "DSP48E2": 2, "DSP58": 3}


class Deconv_rtl(StreamOp):
    """x (1,H,W,CI), weights (CI,CO/groups,KH,KW) -> accumulators (1,OH,OW,CO); see deconv.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {
            "size": ("ints", True, []),  # input rows, columns
            "kernel": ("ints", True, []),
            "stride": ("ints", True, []),
            "pad": ("ints", True, []),  # cropped at the top, left
            "step": ("ints", False, [1, 1]),  # of so many output rows, columns one is kept
            "dilation": ("ints", False, [1, 1]),  # rows, columns between kernel taps
            "out": ("ints", True, []),  # output rows, columns, kept
            "CI": ("i", True, 0),
            "CO": ("i", True, 0),
            "groups": ("i", False, 1),  # of channels, each convolved by itself
            "SIMD": ("i", False, 1),
            "PE": ("i", False, 1),
            "taps": ("ints", False, [1, 1]),  # taps in parallel along rows, columns
            "core": ("s", False, "dsp", {"dsp", "dsp2x", "lut", "cascade"}),
            "dsp_block": ("s", False, "DSP48E2"),  # of the part, for core cascade
            "weight_memory": ("s", False, "distributed", {"distributed", "block", "constant"}),
            "weightDataType": ("s", True, ""),
            "narrow_weights": ("i", False, 0, {0, 1}),
            "spare_rows": ("i", False, 1),  # line buffer rows beyond those read at once
            "useful_macs": ("i", True, 0),  # per image, of the mathematical operation
        }
        return attrs

    @property
    def geometry(self) -> DeconvGeometry:
        axes = zip(*(self.get_nodeattr(k) for k in _AXIS), strict=True)
        return DeconvGeometry(*(Axis(*(int(v) for v in axis)) for axis in axes))

    @property
    def groups(self) -> int:
        """Of channels, each convolved by itself."""
        return int(self.get_nodeattr("groups"))

    @property
    def at_once(self) -> int:
        """Groups that are walked at the same time."""
        return groups_at_once(self.get_nodeattr("CO"), self.groups, self.get_nodeattr("PE"))

    @property
    def fold(self) -> tuple[int, int]:
        """(NF, SF): of all output channels, of a group's input channels."""
        outputs = int(self.get_nodeattr("CO") // self.get_nodeattr("PE"))
        return outputs, self.pixel_words * self.at_once // self.groups

    @property
    def pixel_words(self) -> int:
        """Stream words of an input pixel."""
        return int(self.get_nodeattr("CI") // self.get_nodeattr("SIMD"))

    @property
    def taps(self) -> tuple[int, int]:
        """(TY, TX): taps in parallel along rows and columns."""
        ty, tx = self.get_nodeattr("taps")
        return int(ty), int(tx)

    @property
    def lanes(self) -> int:
        """Multiply-accumulates per cycle."""
        return self.shape().lanes

    @property
    def buffer_rows(self) -> int:
        """Rows of the line buffer."""
        return self.buffer_rows_for(self.taps)

    def buffer_rows_for(self, taps: tuple[int, int]) -> int:
        """Rows of the line buffer with `taps` in parallel: those read, and those written."""
        return self.geometry.rows.held(taps[0]) + int(self.get_nodeattr("spare_rows")) * taps[0]

    def get_input_datatype(self, ind: int = 0) -> BaseDataType:
        return DataType[self.get_nodeattr("inputDataType" if ind == 0 else "weightDataType")]

    def get_normal_input_shape(self, ind: int = 0) -> list[int]:
        if ind == 1:
            return [self.get_nodeattr("CI"), self.get_nodeattr("CO") // self.groups, *self.geometry.kernel]
        return [1, *self.geometry.in_shape, self.get_nodeattr("CI")]

    def get_normal_output_shape(self, ind: int = 0) -> list[int]:
        return [1, *self.geometry.out_shape, self.get_nodeattr("CO")]

    def get_folded_input_shape(self, ind: int = 0) -> list[int]:
        return [1, *self.geometry.in_shape, self.pixel_words, self.get_nodeattr("SIMD")]

    def get_folded_output_shape(self, ind: int = 0) -> list[int]:
        return [1, *self.geometry.out_shape, self.fold[0], self.get_nodeattr("PE")]

    def get_exp_cycles(self) -> int:
        return self.geometry.steps(*self.fold, self.taps)

    def get_op_and_param_counts(self) -> dict[str, int]:
        abits, wbits = self.get_input_datatype().bitwidth(), self.get_input_datatype(1).bitwidth()
        weights = math.prod(self.get_normal_input_shape(1))
        return {
            f"op_mac_{abits}bx{wbits}b": self.get_nodeattr("useful_macs"),
            f"param_weight_{wbits}b": weights,
        }

    def compute(self, x: NDArray[np.int64], *initializers: NDArray[np.int64]) -> NDArray[np.int64]:
        return deconv(x, initializers[0], self.geometry, groups=self.groups)

    # -- hardware -------------------------------------------------------------------------------------
    def module(self) -> str:
        return "deconv"

    def pumped(self) -> bool:
        return bool(self.get_nodeattr("core") == "dsp2x")

    def source_key(self) -> str:
        return f"deconv_{self.get_nodeattr('core')}"

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        g = self.geometry
        parameters: dict[str, int | str] = {
            "H": g.rows.size, "W": g.cols.size, "KH": g.rows.kernel, "KW": g.cols.kernel,
            "SH": g.rows.stride, "SW": g.cols.stride, "PH": g.rows.pad, "PW": g.cols.pad,
            "DH": g.rows.step, "DW": g.cols.step, "LH": g.rows.dilation, "LW": g.cols.dilation,
            "OH": g.rows.out, "OW": g.cols.out,
            "CI": self.get_nodeattr("CI"), "CO": self.get_nodeattr("CO"), "GROUPS": self.groups,
            "SIMD": self.get_nodeattr("SIMD"), "PE": self.get_nodeattr("PE"),
            "TY": self.taps[0], "TX": self.taps[1], "ROWS": self.buffer_rows,
            "ACT_WIDTH": self.get_input_datatype().bitwidth(),
            "WEIGHT_WIDTH": self.get_input_datatype(1).bitwidth(),
            "ACC_WIDTH": self.get_output_datatype().bitwidth(),
            "SIGNED_ACT": int(self.get_input_datatype().signed()),
            "NARROW_WEIGHTS": self.get_nodeattr("narrow_weights"),
            "DSP_CORE": int(self.get_nodeattr("core") != "lut"), "PUMPED": int(self.pumped()),
            "DSP_VERSION": _DSP_VERSION[get_dsp_block(fpgapart)],
            "WEIGHTS": f"./{self._weight_file}.dat",  # FINN makes names that start so absolute
            "WEIGHT_STYLE": self.get_nodeattr("weight_memory"),
            "BUFFER_STYLE": costs.buffer_style(self.shape().buffer_words),
        }  # fmt: skip
        if packing := self.packing:
            parameters |= {"CHAIN": packing.chain, "LANES": packing.lanes, "PITCH": packing.pitch}
            parameters["WEIGHTS"] = f"./{self._weight_file}"  # a file for each place of a chain
        return parameters

    @property
    def packing(self) -> Packing | None:
        """Of weights in the slices of core cascade; None with another core.

        ValueError where they do not fit its slices.
        """
        if self.get_nodeattr("core") != "cascade":
            return None
        found = self.shape().packing(self.get_nodeattr("dsp_block"))
        if found is None:
            raise ValueError(
                f"{self.onnx_node.name}: core cascade has no room for sums of "
                f"{self.get_output_datatype().bitwidth()} bits in a slice; take lut or dsp"
            )
        return found

    @property
    def _weight_file(self) -> str:
        return f"{self.onnx_node.name}_weights"

    def write_data(self, model: Any, folder: Path) -> None:
        weights = np.rint(model.get_initializer(self.onnx_node.input[1])).astype(np.int64)
        words = weight_words(
            weights, self.geometry, self.get_nodeattr("PE"), self.get_nodeattr("SIMD"), self.taps, self.groups
        )
        bits, packing = self.get_input_datatype(1).bitwidth(), self.packing
        if packing is None:
            (folder / f"{self._weight_file}.dat").write_text(hex_words(words, bits))
            return
        places = cascade_places(packing.simd, packing.chain)
        for place in range(packing.chain):
            text = hex_words(words[:, :, places == place], bits)
            (folder / f"{self._weight_file}_{place}.dat").write_text(text)

    # -- estimates --------------------------------------------------------------------------------------
    def shape(self) -> costs.DeconvShape:
        """What the cost model needs to know of this node."""
        (ty, tx), (nf, sf), g = self.taps, self.fold, self.geometry
        blocks = len(g.rows.weight_blocks(ty)) * len(g.cols.weight_blocks(tx))
        return costs.DeconvShape(
            pe=self.get_nodeattr("PE"), simd=self.get_nodeattr("SIMD"), taps=ty * tx, at_once=self.at_once,
            weight_bits=self.get_input_datatype(1).bitwidth(), act_bits=self.get_input_datatype().bitwidth(),
            acc_bits=self.get_output_datatype().bitwidth(), weight_words=blocks * nf * sf,
            buffer_words=self.buffer_rows // ty * -(-g.cols.size // tx) * self.pixel_words,
            narrow=bool(self.get_nodeattr("narrow_weights")), signed=self.get_input_datatype().signed(),
            core=self.get_nodeattr("core"),
            weight_memory=self.get_nodeattr("weight_memory"),
        )  # fmt: skip

    def lut_estimation(self, fpgapart: str) -> int:
        return costs.deconv_cost(self.shape(), get_dsp_block(fpgapart)).lut

    def dsp_estimation(self, fpgapart: str) -> int:
        return costs.deconv_cost(self.shape(), get_dsp_block(fpgapart)).dsp

    def bram_estimation(self, fpgapart: str) -> int:
        return costs.deconv_cost(self.shape(), get_dsp_block(fpgapart)).bram18
