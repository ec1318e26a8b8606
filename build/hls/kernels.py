# SPDX-License-Identifier: Apache-2.0
"""What each node of a dataflow graph is in HLS: a kernel of hw/hls, its constants and its arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.hls.tables import axis_table, threshold_tables, weight_chunks
from fpgan.sim.golden import IntArray, weight_words

MAX_WORD_BITS = 4096  # AP_INT_MAX_W can be raised to this


@dataclass(frozen=True)
class Kernel:
    """One layer: a template of hw/hls, its constants, its further arguments (element type, values)."""

    name: str
    kernel: str
    constants: dict[str, int]
    in_bits: int
    out_bits: int
    arrays: dict[str, tuple[str, IntArray]] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """The layer's function: one image from stream to stream."""
        return (
            f"void {self.name}(hls::stream<ap_uint<{self.in_bits}>>& in, "
            f"hls::stream<ap_uint<{self.out_bits}>>& out)"
        )

    def header(self) -> str:
        """BUILD/hls/NAME.hpp."""
        constants = "".join(f"  static const int {key} = {value};\n" for key, value in self.constants.items())
        arrays = "".join(
            f"static const {kind} {self.name}_{key}{''.join(f'[{n}]' for n in values.shape)} =\n"
            f"{_initializer(values)};\n"
            for key, (kind, values) in self.arrays.items()
        )
        arguments = ", ".join(["in", "out", *(f"{self.name}_{key}" for key in self.arrays)])
        return f"""// SPDX-License-Identifier: Apache-2.0
// {self.name}: one {self.kernel} with its constants.
#pragma once

#include "{self.kernel}.hpp"

struct {self.name}_config {{
{constants}}};

{arrays}
static {self.signature} {{
  FPGAN_RECORD("{self.name}", fpgan::{self.kernel}<{self.name}_config>({arguments}));
}}
"""


def _initializer(values: IntArray) -> str:
    """Nested braces; a line per innermost row."""
    if values.ndim == 1:
        unsigned = values.dtype == np.uint64
        return "{" + ",".join(f"0x{v:x}ULL" if unsigned else str(v) for v in values.tolist()) + "}"
    return "{" + ",\n".join(_initializer(part) for part in values) + "}"


def kernel_of(model: ModelWrapper, node: NodeProto) -> Kernel:
    """The kernel of a node. ValueError where a stream word is wider than Vitis HLS takes."""
    op = getCustomOp(node)
    widths = int(op.get_instream_width()), int(op.get_outstream_width())
    if max(widths) > MAX_WORD_BITS:
        raise ValueError(
            f"{node.name}: stream word of {max(widths)} bits; Vitis HLS takes at most {MAX_WORD_BITS}: "
            "build with a smaller target_fps or max_utilization"
        )
    kernel, constants, arrays = _KERNELS[node.op_type](op, model, node)
    return Kernel(node.name, kernel, {k: int(v) for k, v in constants.items()}, *widths, arrays)


_Parts = tuple[str, dict[str, int], dict[str, tuple[str, IntArray]]]


def _deconv(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    geometry, (nf, sf), (ty, tx) = op.geometry, op.fold, op.taps
    pe, simd = op.get_nodeattr("PE"), op.get_nodeattr("SIMD")
    bits = op.get_input_datatype(1).bitwidth()
    words = weight_words(_integers(model, node.input[1]), geometry, pe, simd, (ty, tx))
    chunks = weight_chunks(words, bits)
    rows, cols = axis_table(geometry.rows, ty, ring=True), axis_table(geometry.cols, tx, ring=False)
    constants = {
        "H": geometry.rows.size, "W": geometry.cols.size, "OH": geometry.rows.out, "OW": geometry.cols.out,
        "SIMD": simd, "PE": pe, "SF": sf, "NF": nf, "TY": ty, "TX": tx,
        "GROUPS": op.buffer_rows // ty, "COLUMNS": -(-geometry.cols.size // tx),
        "ACT": op.get_input_datatype().bitwidth(), "WEIGHT": bits,
        "ACC": op.get_output_datatype().bitwidth(), "SIGNED": int(op.get_input_datatype().signed()),
        "BLOCKS_X": len(geometry.cols.weight_blocks(tx)), "WORDS": len(chunks), "CHUNKS": chunks.shape[1],
        "FIRST_ROWS": geometry.rows.needed(ty)[0],
    }  # fmt: skip
    return "deconv", constants, {
        "weights": ("unsigned long long", chunks), "rows": ("short", rows), "cols": ("short", cols),
    }  # fmt: skip


def _threshold(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    thresholds, pe = _integers(model, node.input[1]), op.get_nodeattr("PE")
    tables = threshold_tables(thresholds, pe)
    acc = op.get_input_datatype().bitwidth()
    value = 1 + max(acc - int(op.get_input_datatype().signed()), int(np.abs(thresholds).max()).bit_length())
    constants = {
        "ITERATIONS": op.get_exp_cycles(), "FOLDS": len(thresholds) // pe, "PE": pe, "ACC": acc,
        "ACT": op.get_output_datatype().bitwidth(), "VALUE": value, "BITS": len(tables),
        "THRESHOLDS": thresholds.shape[1], "TABLE": tables.shape[2], "OFFSET": op.get_nodeattr("ActVal"),
    }  # fmt: skip
    return "threshold", constants, {"thresholds": (f"ap_int<{value}>", tables)}


def _width_convert(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    taken, given = op.get_nodeattr("in_elems"), op.get_nodeattr("out_elems")
    constants = {
        "IN_ELEMS": taken, "OUT_ELEMS": given, "ELEM_BITS": op.get_input_datatype().bitwidth(),
        "ITERATIONS": op.get_exp_cycles(),
    }  # fmt: skip
    return "width_convert", constants, {}


def _pixel_pad(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    size, stride, out = (op.get_nodeattr(key) for key in ("size", "stride", "out"))
    constants = {
        "H": size[0], "W": size[1], "OH": out[0], "OW": out[1], "SH": stride[0], "SW": stride[1],
        "FOLDS": op.get_folded_input_shape()[-2], "WIDTH": op.get_instream_width(),
    }  # fmt: skip
    return "pixel_pad", constants, {}


def _channels(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    constants = {
        "IN_WIDTH": op.get_instream_width(), "OUT_WIDTH": op.get_outstream_width(),
        "ITERATIONS": math.prod(op.get_folded_output_shape()[:-1]),
    }  # fmt: skip
    return "channels", constants, {}


_KERNELS: dict[str, Callable[[Any, ModelWrapper, NodeProto], _Parts]] = {
    "Deconv_rtl": _deconv,
    "Thresholding_rtl": _threshold,
    "WidthConvert_rtl": _width_convert,
    "PixelPad_rtl": _pixel_pad,
    "Channels_rtl": _channels,
}


def _integers(model: ModelWrapper, tensor: str) -> IntArray:
    return np.rint(model.get_initializer(tensor)).astype(np.int64)
