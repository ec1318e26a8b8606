# SPDX-License-Identifier: Apache-2.0
"""Constants that a quantizer makes of a constant, such as weights: integers and their scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import NodeProto

from fpgan.build.frontend.constants import Array, Constants, attribute
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.pointwise import clip_bounds
from fpgan.build.frontend.quantizers import ROUNDING, integer_range
from fpgan.build.frontend.read_quantizers import (
    bit_width,
    check_blocks,
    check_float32,
    check_scale,
    is_quant,
    rounding_mode,
    type_range,
)


@dataclass(frozen=True)
class Scaled:
    """Integers and what a step of each is worth; scale broadcasts to the integers' shape."""

    integers: NDArray[np.int64]
    scale: NDArray[np.float32]

    @property
    def floats(self) -> NDArray[np.float32]:
        return (self.integers.astype(np.float32) * self.scale).astype(np.float32)


class FileConstants(Constants):
    """Also those that a quantizer makes of a constant, wherever they occur."""

    def _computed(self, node: NodeProto, depth: int) -> Array | None:
        if is_quant(node) or node.op_type == "DequantizeLinear":
            scaled = scaled_constant(node.output[0], self, depth)
            return None if scaled is None else scaled.floats
        return super()._computed(node, depth)


def scaled_constant(name: str, constants: Constants, depth: int = 0) -> Scaled | None:
    """Integers and scales of a tensor that is a quantized constant; None where it is something else."""
    node = constants.producers.get(name)
    if node is None or depth > 100:
        return None
    if is_quant(node) and node.op_type != "Trunc":
        return _quantized(node, constants)
    if node.op_type == "DequantizeLinear":
        return _dequantized(node, constants)
    if node.op_type in (
        "Transpose",
        "Reshape",
        "Identity",
        "Squeeze",
        "Unsqueeze",
        "Flatten",
        "Cast",
        "Dropout",
    ):
        inner = scaled_constant(node.input[0], constants, depth + 1)
        if inner is None:
            return None
        whole = np.broadcast_to(inner.scale, inner.integers.shape)
        return Scaled(_moved(node, inner.integers, constants), _moved(node, whole, constants))
    return None


def _moved(node: NodeProto, value: Array, constants: Constants) -> Array:
    if node.op_type in ("Identity", "Cast", "Dropout"):
        return value
    if node.op_type == "Transpose":
        return value.transpose(attribute(node, "perm", None))
    others = [constants.required(node, i, "a shape") for i in range(1, len(node.input))]
    names = [node.input[0], *node.input[1:]]
    return constants.run(node, dict(zip(names, [value, *others], strict=True)))


def _quantized(node: NodeProto, constants: Constants) -> Scaled | None:
    values = constants.get(node.input[0])
    if values is None:
        return None
    if not np.isfinite(values).all():
        raise UnsupportedError.at(node, "weights that are not finite")
    scale = constants.required(node, 1, "the scale").astype(np.float32)
    check_scale(node, scale)
    x = torch.from_numpy((values.astype(np.float32) / scale).astype(np.float32))
    if node.op_type == "BipolarQuant":
        return Scaled(np.where(values >= 0, 1, -1).astype(np.int64), scale)
    zero = np.asarray(constants.required(node, 2, "the zero point"), np.float32)
    if not (np.abs(zero) < 2**31).all() or not np.array_equal(zero, np.rint(zero)):
        raise UnsupportedError.at(node, "zero points that are no integers")
    bits = bit_width(node, constants.number(node, 3, "the bit width"), most=32)
    signed, narrow = bool(attribute(node, "signed", 1)), bool(attribute(node, "narrow", 1))
    x = x + torch.from_numpy(zero.copy())
    if bits == 1 and signed:
        return Scaled(np.where(x.numpy() >= 0, 1, -1).astype(np.int64), scale)
    low, high = integer_range(bits, signed, narrow)
    integers = torch.clamp(ROUNDING[rounding_mode(node)](x), low, high).numpy().astype(np.int64)
    return Scaled(integers - zero.astype(np.int64), scale)


def _dequantized(node: NodeProto, constants: Constants) -> Scaled | None:
    scale = np.asarray(constants.required(node, 1, "the scale"), np.float32)
    check_float32(node)
    check_blocks(node)
    check_scale(node, scale)
    integers = _integers(node.input[0], constants)
    if integers is None:
        return None
    zero = _zeros(node, scale, constants)
    stored, given = (constants.get(name) for name in (node.input[0], *node.input[2:3], "")[:2])
    if stored is not None and given is not None and given.dtype != stored.dtype:
        raise UnsupportedError.at(node, f"zero points of type {given.dtype}, integers of {stored.dtype}")
    return Scaled(integers - _along(node, zero, integers.ndim), _along(node, scale, integers.ndim))


def _zeros(node: NodeProto, scale: Array, constants: Constants) -> NDArray[np.int64]:
    """Zero points of QuantizeLinear or DequantizeLinear: one for each scale."""
    if not (len(node.input) > 2 and node.input[2]):
        return np.zeros(scale.shape, np.int64)
    zero = constants.required(node, 2, "the zero point").astype(np.int64)
    if zero.shape != scale.shape and not zero.size == scale.size == 1:
        raise UnsupportedError.at(node, f"zero points of shape {zero.shape}, scales of {scale.shape}")
    return zero.reshape(scale.shape)


def _integers(name: str, constants: Constants, depth: int = 0) -> NDArray[np.int64] | None:
    """Integers of an initializer, a QuantizeLinear of floats, or a Clip of either."""
    value = constants.get(name)
    if value is not None:
        kind = value.dtype
        if kind.kind in "iu" or (kind.kind == "V" or "int" in kind.name):
            return value.astype(np.int64)
        return None
    node = constants.producers.get(name)
    if node is None or depth > 10:
        return None
    if node.op_type == "Clip":
        inner = _integers(node.input[0], constants, depth + 1)
        return None if inner is None else np.clip(inner, *clip_bounds(node, constants)).astype(np.int64)
    if node.op_type != "QuantizeLinear" or (floats := constants.get(node.input[0])) is None:
        return None
    scale = np.asarray(constants.required(node, 1, "the scale"), np.float32)
    check_scale(node, scale)
    zero = _zeros(node, scale, constants)
    check_blocks(node)
    rounded = np.rint(floats.astype(np.float32) / _along(node, scale, floats.ndim)).astype(np.float64)
    low, high = type_range(node, constants)
    return np.clip(rounded + _along(node, zero, floats.ndim), low, high).astype(np.int64)


def _along(node: NodeProto, values: Array, rank: int) -> Array:
    """A scalar as it is; a vector along the node's axis, which is 1 by default."""
    if values.size == 1 and values.ndim < 2:
        return values.reshape(())
    axis = int(attribute(node, "axis", 1))
    if values.ndim != 1 or not -rank <= axis < rank:
        raise UnsupportedError.at(node, f"scale of shape {values.shape} along axis {axis} of {rank}")
    return values.reshape([-1 if i == axis % rank else 1 for i in range(rank)])
