# SPDX-License-Identifier: Apache-2.0
"""The sum of two images of integers is an adder of ours."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation

from fpgan.build.dataflow.ops import DOMAIN, RTL_DOMAIN
from fpgan.build.dataflow.smallest_type import smallest_type


class SpecializeAdd(Transformation):
    """FINN specializes sums of integers as HLS alone; f is a positive integer:

        a -> ElementwiseMul(f) -> ElementwiseAdd(b) -> y
        a, b -> Add_rtl(factors f, 1) -> y

    A sum with a constant, of floats, of images of several shapes, or on more than one axis of pixels or less
    than two, stays.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        for node in model.get_nodes_by_op_type("ElementwiseAdd"):
            if node.domain == DOMAIN and _plain(getCustomOp(node)):
                _replace(model, node)
        return model, False


def _plain(op: Any) -> bool:
    kinds = [op.get_input_datatype(k) for k in range(2)]
    shapes = [list(op.get_normal_input_shape(k)) for k in range(2)]
    styles = [op.get_nodeattr(name) for name in ("lhs_style", "rhs_style")]
    integers = all(kind.is_integer() for kind in kinds)
    return integers and styles == ["input"] * 2 and shapes[0] == shapes[1] and len(shapes[0]) == 4


def _replace(model: ModelWrapper, node: NodeProto) -> None:
    terms = [_term(model, name) for name in node.input]
    kinds = [model.get_tensor_datatype(name) for name, _ in terms]
    ends = [(factor * int(kind.min()), factor * int(kind.max()))
            for kind, (_, factor) in zip(kinds, terms, strict=True)]  # fmt: skip
    total = smallest_type(sum(low for low, _ in ends), sum(high for _, high in ends), signed=True)
    shape = model.get_tensor_shape(node.output[0])
    added = helper.make_node(
        "Add_rtl", [name for name, _ in terms], list(node.output), name=node.name, domain=RTL_DOMAIN,
        backend="fpgadataflow", size=shape[1:3], NumChannels=shape[3], PE=1,
        factors=[factor for _, factor in terms], inputDataTypes=[kind.name for kind in kinds],
        outputDataType=total.name,
    )  # fmt: skip
    place = list(model.graph.node).index(node)
    for name, (image, _) in zip(node.input, terms, strict=True):
        if name != image:
            model.graph.node.remove(model.find_producer(name))
            place -= 1
    model.graph.node.remove(node)
    model.graph.node.insert(place, added)
    model.set_tensor_datatype(node.output[0], total)


def _term(model: ModelWrapper, tensor: str) -> tuple[str, int]:
    """The image that an input is, and its factor."""
    scale = model.find_producer(tensor)
    if scale is None or scale.op_type != "ElementwiseMul" or len(model.find_consumers(tensor)) > 1:
        return tensor, 1
    factor = model.get_initializer(scale.input[1])
    if factor is None or factor.size != 1 or factor.item() != int(factor.item()) or factor.item() < 1:
        return tensor, 1
    return scale.input[0], int(factor.item())
