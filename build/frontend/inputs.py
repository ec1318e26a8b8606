# SPDX-License-Identifier: Apache-2.0
"""The graph's input: one tensor, or a latent and conditions that a Concat joins before the first layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto

from fpgan.build.frontend.assemble import Assembler
from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import Constants, attribute
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read_quantizers import is_quant, quant_node
from fpgan.build.frontend.spatial import apply_spatial
from fpgan.build.frontend.view import View
from fpgan.hw.system.text import brief

INTEGERS = (TensorProto.UINT8, TensorProto.INT8, TensorProto.UINT4, TensorProto.INT4)
_RESHAPES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")
Consumers = Mapping[str, Sequence[NodeProto]]


@dataclass(frozen=True)
class Source:
    """Where the network begins: a tensor, its view, what it is quantized to already, nodes read, notes."""

    tensor: str
    view: View
    quantizer: Quantizer | None = None
    nodes: tuple[NodeProto, ...] = ()
    notes: tuple[str, ...] = ()
    integers: int = 0  # the TensorProto type of an input that is integers of a DequantizeLinear; else 0


def read_source(graph: GraphProto, constants: Constants, consumers: Consumers) -> Source:
    """UnsupportedError where there are several inputs that no Concat joins along the channels."""
    infos = [info for info in graph.input if info.name not in constants.protos]
    if len(infos) == 1:
        return _single(infos[0], consumers.get(infos[0].name, ()))
    if not infos:
        raise UnsupportedError("0 inputs; one is supported")
    parts = [_part(info, constants, consumers) for info in infos]
    joint = {id(node): node for found in parts for node in consumers.get(found.tensor, ())}
    node = next(iter(joint.values())) if len(joint) == 1 else None
    if node is None or node.op_type != "Concat":
        names = ", ".join(info.name for info in infos)
        raise UnsupportedError(
            f"{len(infos)} inputs ({brief(names)}); one is supported, or several that a Concat joins "
            "before the first layer"
        )
    return _joined(node, parts)


def _single(info: ValueInfoProto, readers: Sequence[NodeProto]) -> Source:
    """Floats, integers that DequantizeLinear reads, or what a Cast makes floats of on the host."""
    kind = info.type.tensor_type.elem_type
    casts = bool(readers) and all(node.op_type == "Cast" for node in readers)
    if kind == TensorProto.FLOAT or casts:
        return Source(info.name, _view(info, casts))
    dequantized = any(node.op_type in ("DequantizeLinear", "Clip", "Identity") for node in readers)
    return Source(info.name, _view(info, dequantized and kind in INTEGERS), integers=kind)


def _part(info: ValueInfoProto, constants: Constants, consumers: Consumers) -> Source:
    """An input up to the Concat: reshaped, and behind its quantizer, where it has one of its own."""
    part = Source(info.name, _view(info))
    while len(found := consumers.get(part.tensor, ())) == 1:
        node = found[0]
        constants.shapes[part.tensor] = part.view.shape
        view, quantizer = part.view, part.quantizer
        if node.op_type in _RESHAPES:
            branch = Branch.at_input(Assembler(view))
            apply_spatial(node, constants, branch)
            view = branch.view
        elif is_quant(node) and quantizer is None:
            quantizer = quant_node(node, constants)
        elif node.op_type != "Identity":
            break
        part = Source(node.output[0], view, quantizer, (*part.nodes, node))
    return part


def _joined(node: NodeProto, parts: list[Source]) -> Source:
    order = {part.tensor: part for part in parts}
    if sorted(node.input) != sorted(order):
        raise UnsupportedError.at(node, "joins an input with something else; several inputs are supported")
    ordered = [order[name] for name in node.input]
    views = [part.view for part in ordered]
    axis = int(attribute(node, "axis", 1)) % len(views[0].axes)
    if axis != 1 or any((v.axes, v.size) != (views[0].axes, views[0].size) for v in views):
        shapes = " and ".join(str(list(v.shape)) for v in views)
        raise UnsupportedError.at(node, f"joins {shapes} along axis {axis}; channels (axis 1) are supported")
    ends = np.cumsum([v.dims[0] for v in views]).tolist()
    nodes = (*(n for part in ordered for n in part.nodes), node)
    names = [brief(part.nodes[0].input[0] if part.nodes else part.tensor) for part in ordered]
    ranges = [f"{name} [{end - v.dims[0]}:{end}]" for name, v, end in zip(names, views, ends, strict=True)]
    view = views[0].resized((ends[-1], *views[0].size))
    note = f"input channels: {', '.join(ranges)}"
    return Source(node.output[0], view, _common(node, ordered), nodes, (note,))


def _common(node: NodeProto, parts: list[Source]) -> Quantizer | None:
    """The finest quantizer of the inputs, which must hold every value of the others exactly."""
    found = [part.quantizer for part in parts if part.quantizer is not None]
    if not found:
        return None
    if len(found) < len(parts):
        raise UnsupportedError.at(node, "joins inputs of which only some are quantized; quantize the result")
    finest = min(found, key=lambda q: (q.scale, -len(q.values)))
    for quantizer in found:
        if not np.isin(quantizer.values * (quantizer.scale / finest.scale), finest.values).all():
            raise UnsupportedError.at(
                node, f"joins inputs quantized to {finest} and {quantizer}, which has values that the first "
                "has not; quantize the result",
            )  # fmt: skip
    return finest


def _view(info: ValueInfoProto, any_type: bool = False) -> View:
    kind = info.type.tensor_type.elem_type
    if kind != TensorProto.FLOAT and not any_type:
        name = TensorProto.DataType.Name(kind).lower() if kind in TensorProto.DataType.values() else kind
        raise UnsupportedError(
            f"input {brief(info.name)}: of type {name}; float is supported, or integers that a "
            "DequantizeLinear or a Cast takes"
        )
    sizes = []
    for index, dim in enumerate(info.type.tensor_type.shape.dim):
        if not dim.HasField("dim_value") or dim.dim_value < 1:
            if index:
                size = brief(dim.dim_param or "?")
                raise UnsupportedError(
                    f"input {brief(info.name)}: size {size} of axis {index} is not fixed; only the batch may "
                    "be; export with example inputs of one size"
                )
            sizes.append(1)
        else:
            sizes.append(dim.dim_value)
    try:
        return View.of(sizes)
    except ValueError as error:
        raise UnsupportedError(f"input {brief(info.name)}: {error}") from None
