# SPDX-License-Identifier: Apache-2.0
"""Quantizers as they stand in a file: one Quant node, or a QuantizeLinear to DequantizeLinear pair.

qonnx's own QCDQToQuant is not used: a Clip to fewer than all integers, the default axis of DequantizeLinear
and a zero point that is added after rounding do not survive it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import NodeProto, TensorProto

from fpgan.build.frontend.constants import Array, Constants, attribute, text
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.pointwise import clip_bounds
from fpgan.build.frontend.quantizers import ROUNDING, ROUNDING_ALIASES, Quantizer, integer_range

QUANT = ("Quant", "IntQuant", "BipolarQuant", "Trunc")
QUANT_DOMAINS = ("qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas")
_MAX_LEVELS = 256
_UNBOUNDED = 2**24
_INTEGER_TYPES: dict[int, tuple[int, int]] = {
    TensorProto.UINT8: (0, 255), TensorProto.INT8: (-128, 127),
    TensorProto.UINT4: (0, 15), TensorProto.INT4: (-8, 7),
    TensorProto.UINT16: (0, 2**16 - 1), TensorProto.INT16: (-(2**15), 2**15 - 1),
    TensorProto.INT32: (-(2**31), 2**31 - 1),
}  # fmt: skip


def is_quant(node: NodeProto) -> bool:
    """Whether it is one of QONNX' quantizers."""
    return node.op_type in QUANT and node.domain in (*QUANT_DOMAINS, "")


def quant_node(node: NodeProto, constants: Constants) -> Quantizer:
    """Of a Quant, IntQuant, BipolarQuant or Trunc node on activations."""
    scale = _one_scale(node, constants.required(node, 1, "the scale"))
    if node.op_type == "BipolarQuant":
        return Quantizer(scale, -1, 1, bipolar=True)
    zero = _whole(node, constants.number(node, 2, "the zero point"), "zero point")
    if node.op_type == "Trunc":
        return _trunc(node, constants, scale, zero)
    bits = bit_width(node, constants.number(node, 3, "the bit width"))
    signed, narrow = bool(attribute(node, "signed", 1)), bool(attribute(node, "narrow", 1))
    if bits == 1 and signed:  # QONNX executes it so
        if zero:
            raise UnsupportedError.at(node, f"zero point {zero} of a bipolar quantizer; 0 is supported")
        return Quantizer(scale, -1, 1, bipolar=True)
    low, high = integer_range(bits, signed, narrow)
    return _enough(node, Quantizer(scale, low - zero, high - zero, zero, rounding_mode(node)))


def _trunc(node: NodeProto, constants: Constants, scale: float, zero: int) -> Quantizer:
    """Version 1: (.., in_bits, out_bits). Version 2: (.., in_bits, out_scale, out_bits), which clamps."""
    if zero:
        raise UnsupportedError.at(node, f"zero point {zero}; 0 is supported")
    mode = rounding_mode(node, "FLOOR")
    if len(node.input) > 5:
        ratio = constants.number(node, 4, "the output scale") / scale
        bits = bit_width(node, constants.number(node, 5, "the output bit width"))
        signed, narrow = bool(attribute(node, "signed", 1)), bool(attribute(node, "narrow", 0))
        low, high = integer_range(bits, signed, narrow)
        shift = round(float(np.log2(ratio))) if ratio > 0 else 0
        if not 0 <= shift <= 24 or 2.0**shift != ratio:
            raise UnsupportedError.at(
                node, f"output scale {ratio:g} times the input's; 1, 2, 4, ... are supported"
            )
        return Quantizer(scale * 2.0**shift, low, high, rounding=mode, shift=shift, step=scale)
    bits_in, bits_out = (constants.number(node, i, "a bit width") for i in (3, 4))
    shift = _whole(node, bits_in - bits_out, "difference of bit widths")
    if not 0 <= shift <= 24:
        raise UnsupportedError.at(node, f"drops {shift} bits; 0 to 24 are supported")
    return Quantizer(scale, -_UNBOUNDED, _UNBOUNDED, rounding=mode, shift=shift, step=scale)


def is_unbounded(quantizer: Quantizer) -> bool:
    """A Trunc that does not clamp: its range is what the layer reaches."""
    return quantizer.high == _UNBOUNDED


def linear_pair(nodes: Sequence[NodeProto], constants: Constants, kind: int = 0) -> Quantizer:
    """Of QuantizeLinear, any Clips and Identities, DequantizeLinear.

    The first is missing where the input is integers of type `kind`, the last where the output is.
    """
    first, last = nodes[0], nodes[-1]
    ends = [node for node in (first, last) if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
    scale, zero = _linear(ends[0], constants)
    if (scale, zero) != _linear(ends[-1], constants):
        raise UnsupportedError.at(last, "scale or zero point differs from the QuantizeLinear before it")
    low, high = type_range(ends[0], constants, kind)
    for node in nodes:
        if node.op_type == "Clip":
            bounds = clip_bounds(node, constants)
            low, high = max(low, int(max(bounds[0], low))), min(high, int(min(bounds[1], high)))
    return _enough(first, Quantizer(scale, low - zero, high - zero, zero, rounds_first=True))


def _linear(node: NodeProto, constants: Constants) -> tuple[float, int]:
    check_float32(node)
    scale = _one_scale(node, constants.required(node, 1, "the scale"))
    check_blocks(node)
    has_zero = len(node.input) > 2 and bool(node.input[2])
    return scale, int(constants.number(node, 2, "the zero point")) if has_zero else 0


def integer_type(node: NodeProto, constants: Constants) -> int:
    """The TensorProto type of the integers of a QuantizeLinear or DequantizeLinear; 0 where it says none."""
    if len(node.input) > 2 and node.input[2]:
        value = constants.required(node, 2, "the zero point")
        return int(onnx.helper.np_dtype_to_tensor_dtype(value.dtype))
    return int(attribute(node, "output_dtype", 0)) if node.op_type == "QuantizeLinear" else 0


def type_range(node: NodeProto, constants: Constants, kind: int = 0) -> tuple[int, int]:
    """Least and greatest of the integers that a QuantizeLinear or DequantizeLinear has. UnsupportedError."""
    kind = integer_type(node, constants) or kind or TensorProto.UINT8
    if kind not in _INTEGER_TYPES:
        raise UnsupportedError.at(node, f"integers of type {kind}; 4, 8, 16 and 32 bits are supported")
    return _INTEGER_TYPES[kind]


def check_float32(node: NodeProto) -> None:
    """Opset 23 lets QuantizeLinear divide, and DequantizeLinear put out, in another precision."""
    name = "precision" if node.op_type == "QuantizeLinear" else "output_dtype"
    kind = attribute(node, name, 0)
    if kind not in (0, TensorProto.FLOAT):
        raise UnsupportedError.at(node, f"{name}={kind}; float32 is supported")


def check_blocks(node: NodeProto) -> None:
    """UnsupportedError where a scale is one of a block."""
    if attribute(node, "block_size", 0):
        raise UnsupportedError.at(node, "scales per block; one per tensor or channel is supported")


def resolve_unbounded(quantizer: Quantizer, low: int, high: int) -> Quantizer:
    """A Trunc that does not clamp, with the range that its layer reaches."""
    return replace(quantizer, low=low, high=high)


def _one_scale(node: NodeProto, scale: Array) -> float:
    if scale.size != 1:
        raise UnsupportedError.at(node, f"{scale.size} activation scales; one per tensor is supported")
    check_scale(node, scale)
    return float(np.ravel(scale)[0])


def check_scale(node: NodeProto, scale: Array) -> None:
    """UnsupportedError where one is not finite or not above 0."""
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise UnsupportedError.at(node, f"scale {np.ravel(scale)[0]:g}; positive finite scales are supported")


def _whole(node: NodeProto, value: float, what: str) -> int:
    if value != round(value) or abs(value) > 2**16:
        raise UnsupportedError.at(node, f"{what} {value:g}; a whole number up to {2**16} is supported")
    return round(value)


def bit_width(node: NodeProto, value: float, most: int = 8) -> int:
    """A number of bits from a file, from 1 to `most`. UnsupportedError."""
    if not 1 <= value <= most or value != round(value):
        raise UnsupportedError.at(node, f"{value:g} bits; 1 to {most} are supported")
    return round(value)


def rounding_mode(node: NodeProto, default: str = "ROUND") -> str:
    """The node's, by the name that we have for it. UnsupportedError."""
    mode = text(node, "rounding_mode", default).upper()
    mode = ROUNDING_ALIASES.get(mode, mode)
    if mode not in ROUNDING:
        raise UnsupportedError.at(node, f"rounding mode {mode}; supported are {', '.join(ROUNDING)}")
    return mode


def _enough(node: NodeProto, quantizer: Quantizer) -> Quantizer:
    count = quantizer.high - quantizer.low + 1
    if not 2 <= count <= _MAX_LEVELS:
        raise UnsupportedError.at(node, f"{count} levels; 2 to {_MAX_LEVELS} are supported")
    return quantizer
