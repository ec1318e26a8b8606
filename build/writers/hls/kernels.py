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

from fpgan.build.writers.hls.tables import axis_table, threshold_tables, weight_chunks
from fpgan.sim.golden import IntArray, weight_words

MAX_WORD_BITS = 4096  # AP_INT_MAX_W can be raised to this
_OUTPUT_FIRST = ("stream_concat",)  # kernels that take any number of inputs


@dataclass(frozen=True)
class Kernel:
    """One layer: a template of hw/hls, its constants, its further arguments (element type, values).

    in_bits, out_bits: of a word of each stream that comes, that leaves.
    """

    name: str
    kernel: str
    constants: dict[str, int | tuple[int, ...]]
    in_bits: tuple[int, ...]
    out_bits: tuple[int, ...]
    arrays: dict[str, tuple[str, IntArray]] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """The layer's function: one image from stream to stream."""
        widths = zip(self.streams, (*self.in_bits, *self.out_bits), strict=True)
        return f"void {self.name}({', '.join(f'hls::stream<ap_uint<{w}>>& {name}' for name, w in widths)})"

    @property
    def streams(self) -> list[str]:
        """Names of the function's arguments: what comes, then what leaves."""
        return [*_numbered("in", len(self.in_bits)), *_numbered("out", len(self.out_bits))]

    def header(self) -> str:
        """BUILD/hls/NAME.hpp."""
        constants = "".join(_constant(key, value) for key, value in self.constants.items())
        arrays = "".join(
            f"static const {kind} {self.name}_{key}{''.join(f'[{n}]' for n in values.shape)} =\n"
            f"{_initializer(values)};\n"
            for key, (kind, values) in self.arrays.items()
        )
        streams = sorted(self.streams, key=lambda name: name != "out" or self.kernel not in _OUTPUT_FIRST)
        arguments = ", ".join([*streams, *(f"{self.name}_{key}" for key in self.arrays)])
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


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}{i}" for i in range(count)]


def _constant(key: str, value: int | tuple[int, ...]) -> str:
    if isinstance(value, tuple):
        return f"  static constexpr int {key}[] = {{{', '.join(map(str, value))}}};\n"
    return f"  static const int {key} = {int(value)};\n"


def _initializer(values: IntArray) -> str:
    """Nested braces; a line per innermost row."""
    if values.ndim == 1:
        unsigned = values.dtype == np.uint64
        return "{" + ",".join(f"0x{v:x}ULL" if unsigned else str(v) for v in values.tolist()) + "}"
    return "{" + ",\n".join(_initializer(part) for part in values) + "}"


def kernel_of(model: ModelWrapper, node: NodeProto) -> Kernel:
    """The kernel of a node. ValueError where a stream word is wider than Vitis HLS takes."""
    op = getCustomOp(node)
    streams = [name for name in node.input if model.get_initializer(name) is None]
    ins = tuple(int(op.get_instream_width(k)) for k in range(len(streams)))
    outs = tuple(int(op.get_outstream_width(k)) for k in range(len(node.output)))
    if max(*ins, *outs) > MAX_WORD_BITS:
        raise ValueError(
            f"{node.name}: stream word of {max(*ins, *outs)} bits; Vitis HLS takes at most {MAX_WORD_BITS}: "
            "build with a smaller target_fps or max_utilization"
        )
    kernel, constants, arrays = _KERNELS[node.op_type](op, model, node)
    return Kernel(node.name, kernel, constants, ins, outs, arrays)


_Constants = dict[str, int | tuple[int, ...]]
_Parts = tuple[str, _Constants, dict[str, tuple[str, IntArray]]]


def _deconv(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    geometry, (nf, sf), (ty, tx) = op.geometry, op.fold, op.taps
    pe, simd = op.get_nodeattr("PE"), op.get_nodeattr("SIMD")
    bits = op.get_input_datatype(1).bitwidth()
    words = weight_words(_integers(model, node.input[1]), geometry, pe, simd, (ty, tx), op.groups)
    chunks = weight_chunks(words, bits)
    rows, cols = axis_table(geometry.rows, ty, ring=True), axis_table(geometry.cols, tx, ring=False)
    constants = {
        "H": geometry.rows.size, "W": geometry.cols.size, "OH": geometry.rows.out, "OW": geometry.cols.out,
        "SIMD": simd, "PE": pe, "SF": sf, "NF": nf, "TY": ty, "TX": tx, "PIXEL": op.pixel_words,
        "AT_ONCE": op.at_once, "GROUP_NF": nf * op.at_once // op.groups,
        "REACH_Y": geometry.rows.reach, "REACH_X": geometry.cols.reach, "GROUPS": op.buffer_rows // ty,
        "COLUMNS": -(-geometry.cols.size // tx),
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


def _pixel_select(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    rows, cols = op.selections
    released, needed = (0, *rows.released()), (0, *rows.needed())
    table = np.stack([np.array(rows.picked) - released[:-1], np.diff(needed), np.diff(released)], 1)
    constants = {
        "H": rows.size, "W": cols.size, "OH": rows.out, "OW": cols.out, "TY": 1, "TX": 1,
        "PIXEL": op.get_folded_input_shape()[-2], "WIDTH": op.get_instream_width(), "COLUMNS": cols.size,
        "GROUPS": op.buffer_rows, "FIRST_ROWS": needed[1],
    }  # fmt: skip
    return "pixel_select", constants, {"rows": ("short", table), "cols": ("short", np.array(cols.picked))}


def _channels(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    constants = {
        "IN_WIDTH": op.get_instream_width(), "OUT_WIDTH": op.get_outstream_width(),
        "ITERATIONS": math.prod(op.get_folded_output_shape()[:-1]),
    }  # fmt: skip
    return "channels", constants, {}


def _fork(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    return "stream_fork", {"WIDTH": op.get_instream_width(), "ITERATIONS": op.get_exp_cycles()}, {}


def _add(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    pe, channels = op.get_nodeattr("PE"), op.get_nodeattr("NumChannels")
    constants = op.parameters("") | {"ITERATIONS": op.get_exp_cycles(), "FOLDS": channels // pe}
    del constants["NEGATED"]
    negated = np.array(op.negated or [0] * channels, np.int64).reshape(-1, pe)
    return "stream_add", constants, {"negated": ("bool", negated)}


def _concat(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    return "stream_concat", op.parameters("") | {"ITERATIONS": op.get_exp_cycles()}, {}


def _lookup(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    table, pe = _integers(model, node.input[1]), op.get_nodeattr("PE")
    rows = 1 if op.shared else len(table) // pe
    constants = {
        "PE": pe, "BITS_IN": op.get_input_datatype().bitwidth(), "ROWS": rows, "SHARED": int(op.shared),
        "BITS_OUT": op.get_output_datatype().bitwidth(), "ITERATIONS": op.get_exp_cycles(),
    }  # fmt: skip
    return "stream_lookup", constants, {"table": ("short", table.reshape(rows, -1, table.shape[1]))}


def _requantize(op: Any, model: ModelWrapper, node: NodeProto) -> _Parts:
    (line, marks), shape, pe = (
        (_integers(model, name) for name in node.input[1:]),
        op.shape,
        op.get_nodeattr("PE"),
    )
    constants = {
        "ITERATIONS": op.get_exp_cycles(), "FOLDS": len(line) // pe, "PE": pe,
        "ACC": op.get_input_datatype().bitwidth(), "SIGNED": int(op.get_input_datatype().signed()),
        "ACT": op.get_output_datatype().bitwidth(), "MULT": shape.multiplier_bits, "T": shape.t_bits,
        "SHIFT": shape.shift, "LEVELS": shape.levels, "MARK": shape.mark_bits, "LOW": op.get_nodeattr("low"),
    }  # fmt: skip
    multiplier, offset = line.T.reshape(2, -1, pe)
    return "stream_requantize", constants, {
        "multiplier": ("int", multiplier), "offset": ("long long", offset),
        "marks": ("unsigned char", marks.reshape(-1, pe, marks.shape[1])),
    }  # fmt: skip


_KERNELS: dict[str, Callable[[Any, ModelWrapper, NodeProto], _Parts]] = {
    "Deconv_hls": _deconv,
    "Thresholding_rtl": _threshold,
    "WidthConvert_rtl": _width_convert,
    "PixelPad_rtl": _pixel_pad,
    "PixelSelect_rtl": _pixel_select,
    "Channels_rtl": _channels,
    "Fork_rtl": _fork,
    "Add_rtl": _add,
    "Concat_rtl": _concat,
    "Lookup_rtl": _lookup,
    "Requantize_rtl": _requantize,
}


def _integers(model: ModelWrapper, tensor: str) -> IntArray:
    return np.rint(model.get_initializer(tensor)).astype(np.int64)
