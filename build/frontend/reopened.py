# SPDX-License-Identifier: Apache-2.0
"""Closed layers as functions of what they were made of: where x * Sigmoid(x) has quantizers in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from onnx import NodeProto

from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.network import FunctionLayer, Layer, QuantLayer, SumLayer
from fpgan.build.frontend.parts import FunctionPart, LinearPart, Part, SumPart
from fpgan.build.frontend.pointwise import Float, Pointwise
from fpgan.build.frontend.quantizers import Quantizer


def levels(node: NodeProto, branch: Branch) -> list[Part]:
    """What a branch's tensor is a function of: of its image or sums, of what that image was made of ..."""
    opened = branch.copy(branch.shared)
    opened.open_function(node)
    assert opened.part is not None
    found = [opened.part]
    if opened.pending:
        return found
    if isinstance(opened.part, LinearPart) and (settled := _settled(opened.part)) is not None:
        found.append(settled)  # as a closed layer has it
    while isinstance(last := found[-1], FunctionPart) and last.image:
        layer = branch.network.layers[last.image - 1]
        part = _opened(layer)
        if part is None:
            break
        functions = (*part.functions, _requantized(layer.target), *last.functions)
        found.append(replace(part, functions=functions, ops=(*part.ops, *last.ops)))
    return found


def _settled(part: LinearPart) -> LinearPart | None:
    try:
        return replace(part, linear=part.linear.settled())
    except ValueError:
        return None


def _opened(layer: Layer) -> Part | None:
    """The layer before its quantizer came; None where it is no function of sums or of an image."""
    more: dict[str, Any]
    match layer:
        case FunctionLayer():
            more = {"image": layer.inputs[0], "source": layer.sources[0], "dims": layer.image}
            kind: type[Part] = FunctionPart
        case QuantLayer():
            more = {
                "image": layer.inputs[0], "source": layer.source, "linear": layer.linear,
                "weight_scale": layer.weight_scale, "bias": layer.bias, "regroup": layer.regroup,
            }  # fmt: skip
            kind = LinearPart
        case SumLayer():
            more = {"images": layer.inputs, "sources": layer.sources, "dims": layer.image}
            kind = SumPart
        case _:
            return None
    return kind(name=layer.name, ops=layer.ops, functions=layer.functions, notes=layer.notes, **more)


def _requantized(quantizer: Quantizer) -> Pointwise:
    """Values -> those that the quantizer leaves of them."""

    def apply(x: Float) -> Float:
        return quantizer(x) * quantizer.scale

    return Pointwise("Quant", apply)
