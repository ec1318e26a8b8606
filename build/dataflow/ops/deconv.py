# SPDX-License-Identifier: Apache-2.0
"""Convolution, transposed or strided, on the input as it comes: line buffer, tap walker, weights, MACs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import BaseDataType, DataType

from fpgan.build.dataflow.ops.base import StreamOp
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.frontend.linear import accumulator_range
from fpgan.hw.geometry import Axis, DeconvGeometry
from fpgan.sim.golden import deconv, groups_at_once

_AXIS = ("size", "kernel", "stride", "pad", "out", "step", "dilation")


class Deconv(StreamOp):
    """x (1,H,W,CI), weights (CI,CO/groups,KH,KW) -> accumulators (1,OH,OW,CO); of integers."""

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
            # Where CO is channels of several output columns: of each its first tap along x, and how many.
            "column_taps": ("ints", False, []),
            "SIMD": ("i", False, 1),
            "PE": ("i", False, 1),
            "taps": ("ints", False, [1, 1]),  # taps in parallel along rows, columns
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
    def column_taps(self) -> tuple[int, ...]:
        """Of each output column that CO is channels of: its first tap along x, and how many; else empty."""
        return tuple(int(n) for n in self.get_nodeattr("column_taps"))

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

    # -- bits, of the weights that it has -----------------------------------------------------------------
    def minimize_weight_bit_width(self, model: Any, datatype_only: bool = False) -> BaseDataType:
        """As FINN asks of its layers: the narrowest signed type of 2 bits or more that holds the weights."""
        kind = self.get_input_datatype(1)
        if not datatype_only:
            weights = self._weights(model)
            kind = smallest_type(int(weights.min()), int(weights.max()), signed=True)
            self.set_nodeattr("weightDataType", kind.name)
            self.set_nodeattr("narrow_weights", int(weights.min() > kind.min()))
            model.set_tensor_datatype(self.onnx_node.input[1], kind)
        return kind

    def minimize_accumulator_width(self, model: Any, datatype_only: bool = False) -> BaseDataType:
        """As FINN asks of its layers: the narrowest type of what its sums reach.

        That is by the weights and the input's type, or by the types alone.
        """
        weights, kind = self._weights(model), self.get_input_datatype()
        if datatype_only:
            weights = np.full_like(weights, int(self.get_input_datatype(1).min()))
        reach = accumulator_range(weights, self.geometry, self.groups, int(kind.min()), int(kind.max()))
        low, high = int(reach[0].min()), int(reach[1].max())
        if datatype_only:
            high = max(-low, high)
            low = -high
        acc = smallest_type(low, high, signed=True)
        self.set_nodeattr("outputDataType", acc.name)
        model.set_tensor_datatype(self.onnx_node.output[0], acc)
        return acc

    def _weights(self, model: Any) -> NDArray[np.int64]:
        return np.rint(model.get_initializer(self.onnx_node.input[1])).astype(np.int64)
