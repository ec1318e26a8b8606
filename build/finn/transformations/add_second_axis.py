# SPDX-License-Identifier: Apache-2.0
"""Networks of one spatial axis get a second one, of one pixel, as FINN's layers expect it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import AttributeProto, NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from fpgan.build.finn.errors import refused

# What a list of one spatial axis gets; of pads, which name both ends, two places do.
_MORE = {"kernel_shape": 1, "strides": 1, "dilations": 1, "output_padding": 0, "output_shape": 1}
_WINDOWS = ("Conv", "ConvTranspose", "MaxPool", "AveragePool")
_POINTWISE = (
    "Quant", "IntQuant", "BipolarQuant", "Trunc", "MultiThreshold", "BatchNormalization", "Add", "Sub", "Mul",
    "Div", "Relu", "LeakyRelu", "PRelu", "Clip", "Tanh", "Sigmoid", "HardSwish", "HardSigmoid", "Identity",
)  # fmt: skip
_CONSTANTS = {"Reshape": 1, "Resize": 2, "Upsample": 1}  # which input is a number for each axis
_LENGTH = 3  # axes of what is widened


class AddSecondAxis(Transformation):
    """Where there is a ConvTranspose of one spatial axis, as qonnx' Change3DTo4DTensors, which knows none:

        x (N,C,L) -> ConvTranspose(W (CI,CO,K)) -> y (N,CO,M)
        x (N,C,L,1) -> ConvTranspose(W (CI,CO,K,1)) -> y (N,CO,M,1)

    and so every other tensor of three axes, the graph's own inputs and outputs among them. Needs shapes.
    Raises FINNUserError for an operator of such tensors that it does not know.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        tensors = (*model.graph.input, *model.graph.output, *model.graph.value_info)
        constants = {each.name for each in model.graph.initializer}
        known = {*constants, *(tensor.name for tensor in tensors)}
        long = {name for name in known if len(model.get_tensor_shape(name) or ()) == _LENGTH}
        if not any(node.input[1] in long for node in model.get_nodes_by_op_type("ConvTranspose")):
            return model, False
        for node in model.graph.node:
            if long.intersection((*node.input, *node.output)):
                _widen(model, node)
        for tensor in tensors:
            if tensor.name in long:
                tensor.type.tensor_type.shape.dim.add().dim_value = 1
        for name in constants & long:
            _set(model, name, lambda values: values[..., None])
        return model, False


def _set(model: ModelWrapper, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    kind = model.get_tensor_datatype(name)
    model.set_initializer(name, change(model.get_initializer(name)))
    model.set_tensor_datatype(name, kind)


def _widen(model: ModelWrapper, node: NodeProto) -> None:
    """What a node itself says of axes."""
    if node.op_type in _WINDOWS:
        for attribute in node.attribute:
            if attribute.name in _MORE and len(attribute.ints) == 1:
                attribute.ints.append(_MORE[attribute.name])
            elif attribute.name == "pads":
                attribute.ints[:] = [attribute.ints[0], 0, attribute.ints[1], 0]
    elif node.op_type in _POINTWISE:
        for name in node.input:  # a constant of fewer axes stands behind the last ones
            values = model.get_initializer(name)
            if values is not None and values.size > 1 and 1 < values.ndim < _LENGTH and _by_place(node):
                _set(model, name, lambda values: values[..., None])
    elif node.op_type in _CONSTANTS and len(node.input) == _CONSTANTS[node.op_type] + 1:
        if model.get_initializer(node.input[-1]) is None:
            raise refused(node, "one spatial axis, and a shape that is no constant")
        _set(model, node.input[-1], lambda values: np.append(values, np.ones(1, values.dtype)))
    elif node.op_type == "Concat":
        for attribute in node.attribute:
            _from_front(attribute)
    elif node.op_type not in ("Flatten", "Constant"):
        raise refused(
            node, "one spatial axis, with which this operator is not known; give it a second one of 1"
        )


def _by_place(node: NodeProto) -> bool:
    """Whether constants are broadcast, and no table of a channel's steps."""
    return node.op_type not in ("MultiThreshold", "BatchNormalization")


def _from_front(attribute: AttributeProto) -> None:
    if attribute.name == "axis" and attribute.i < 0:
        attribute.i += _LENGTH
