# SPDX-License-Identifier: Apache-2.0
"""The ends of a file that quantizes only what lies between them: what the host computes, and a quantizer for
an output that has none."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from onnx import NodeProto

from fpgan.build.frontend.linear_nodes import LINEAR
from fpgan.build.frontend.pointwise import POINTWISE, Pointwise
from fpgan.build.frontend.quantizers import Quantizer, integer_range, parse_quantizer
from fpgan.build.frontend.read_quantizers import is_quant

# Functions of each value that no layer computes, but a host may.
HOST = (
    *POINTWISE, "Cast", "Abs", "Ceil", "Cos", "Exp", "Floor", "Log", "Reciprocal", "Round", "Sign", "Sin",
    "Sqrt",
)  # fmt: skip
_BITS, _FAR, _LARGEST = 8, 1e30, 1e6


@dataclass(frozen=True)
class Ends:
    """Quantizers that were asked for, of an input and an output that the file does not quantize."""

    input: Quantizer | None = None
    output: Quantizer | None = None

    @classmethod
    def parse(cls, input: str | None, output: str | None) -> Ends:
        """Of `u8:0.00390625`, or None. ValueError."""
        return cls(*(None if text is None else parse_quantizer(text) for text in (input, output)))


@dataclass(frozen=True)
class Tail:
    """The last quantizer's tensor, and the nodes behind it up to the output, each of one image."""

    tensor: str
    nodes: tuple[NodeProto, ...]

    def functions(self, apart: Collection[str]) -> list[str]:
        """Their kinds, but for those that move pixels or do nothing."""
        return [node.op_type for node in self.nodes if node.op_type not in apart]


def tail(end: str, producers: Mapping[str, NodeProto], images: Collection[str]) -> Tail | None:
    """Where functions of one image follow the last quantizer; None where a layer or a join does."""
    nodes: list[NodeProto] = []
    name = end
    while (node := producers.get(name)) is not None and len(nodes) < len(producers):
        if is_quant(node) or node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            return Tail(name, tuple(reversed(nodes)))
        inputs = [i for i in node.input if i in images]
        if node.op_type in (*LINEAR, "Concat") or len(inputs) != 1:
            return None
        nodes.append(node)
        name = inputs[0]
    return None


def covering(functions: Sequence[Pointwise]) -> Quantizer | None:
    """8 bits over all that the functions put out, in powers of two; None where they have no bounds."""
    channels = max((c.size for f in functions for c in f.constants), default=1)
    x = torch.sinh(torch.linspace(-math.asinh(_FAR), math.asinh(_FAR), 4001, dtype=torch.float64))
    y = x.float().expand(1, channels, -1)[..., None]
    for function in functions:
        y = function(y)
    low, high = float(y.min()), float(y.max())
    if not functions or not -_LARGEST < low < high < _LARGEST:  # not for NaN either
        return None
    signed = low < 0
    scale = 2.0 ** (math.ceil(math.log2(max(-low, high))) - _BITS + signed)
    return Quantizer(float(np.float32(scale)), *integer_range(_BITS, signed, False))


def spelled(quantizer: Quantizer) -> str:
    """As `parse_quantizer` reads it."""
    return f"{'s' if quantizer.low < 0 else 'u'}{quantizer.bits}:{quantizer.scale:.10g}"
