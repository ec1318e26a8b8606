# SPDX-License-Identifier: Apache-2.0
"""A scale passes the zeros that are inserted between pixels."""

from __future__ import annotations

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation


class MoveScalarMulPastPixelPadding(Transformation):
    """What FINN's streamlining leaves in front of its own zero insertion:

        x -> Mul(scalar) -> FMPadding_Pixel -> y
        x -> FMPadding_Pixel -> Mul(scalar) -> y

    A scale per channel, one that is read elsewhere too, or one behind a fork stays.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        changed = False
        for node in [n for n in model.graph.node if n.op_type.startswith("FMPadding_Pixel")]:
            scale = model.find_producer(node.input[0])
            if scale is None or scale.op_type != "Mul" or len(model.find_consumers(node.input[0])) != 1:
                continue
            value = model.get_initializer(scale.input[1])
            if value is None or value.size != 1:
                continue
            _swap(model, scale, node)
            changed = True
        return model, changed


def _swap(model: ModelWrapper, scale: NodeProto, node: NodeProto) -> None:
    source, between, target = scale.input[0], node.input[0], node.output[0]
    kind = model.get_tensor_datatype(source)
    model.set_tensor_shape(between, model.get_tensor_shape(target))
    node.input[0], node.output[0] = source, between
    scale.input[0], scale.output[0] = between, target
    model.set_tensor_datatype(between, kind)
    model.graph.node.remove(scale)
    model.graph.node.insert(list(model.graph.node).index(node) + 1, scale)
