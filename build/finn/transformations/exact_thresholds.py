# SPDX-License-Identifier: Apache-2.0
"""Thresholds that are the file's own float32 function, by evaluating it, in the place of FINN's formula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from finn.util.logging import log
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation
from qonnx.transformation.infer_shapes import InferShapes

from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.dataflow.steps import counted, image_type
from fpgan.build.dataflow.thresholds import NotMonotoneError, find_thresholds
from fpgan.build.frontend.constants import Constants, attribute
from fpgan.build.frontend.errors import UnsupportedError, node_name
from fpgan.build.frontend.linear_nodes import read_linear
from fpgan.build.frontend.network import QuantLayer
from fpgan.build.frontend.pointwise import POINTWISE, read_pointwise
from fpgan.build.frontend.quantized_constants import FileConstants, scaled_constant
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read_quantizers import is_quant, is_unbounded, quant_node
from fpgan.build.frontend.view import View
from fpgan.build.frontend.weight_scales import per_output

_LINEAR = ("Conv", "ConvTranspose", "MatMul", "Gemm")
# What passes values on, in other places: an image of quantized values stays one.
_PASSING = (
    "MaxPool", "Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Identity", "DepthToSpace",
)  # fmt: skip
# Thresholds stand half a step below the sum that reaches them. FINN's streamlining multiplies and divides by
# scales whose product is 1 but for float32's rounding: up to here that moves them by less than the half.
_MOST = 1 << 20


class ExactThresholds(Transformation):
    """In a QONNX graph, before FINN converts it; scale s of the input, w of the weights, t of the target:

        x -> Conv(Quant(W)) -> BatchNormalization -> Relu -> Quant -> y
        x -> Conv(integers of W) -> Mul(1/s) -> MultiThreshold(integers - 1/2) -> Mul(t) -> y

    and so for ConvTranspose, MatMul and Gemm with a bias, and for any chain of functions that only rises or
    only falls in each channel (weights of channels that fall are negated). The thresholds are found by
    bisection of the float32 function that PyTorch computes and checked on the sums that the weights reach. A
    quantizer of the graph's float input gets its float32 thresholds in the same way. A layer that is none of
    these keeps what FINN makes of it, and the log says why.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        rewriter = _Rewriter(model)
        for node in list(model.graph.node):
            rewriter.visit(node)
        rewriter.remove_unread()
        return model.transform(InferShapes()), False


@dataclass
class _Rewriter:
    model: ModelWrapper

    def __post_init__(self) -> None:
        self.constants: Constants = FileConstants(self.model.model)
        self.grids: dict[str, Quantizer] = {}  # tensors of quantized values

    def visit(self, node: NodeProto) -> None:
        source = self.grids.get(node.input[0]) if node.input else None
        if node.op_type in _PASSING and source is not None:
            self.grids[node.output[0]] = source
        if not is_quant(node) or self.constants.get(node.input[0]) is not None:
            return
        try:
            target = quant_node(node, self.constants)
            self.grids[node.output[0]] = target
            if target.bipolar or is_unbounded(target) or target.step:
                return
            if self.model.find_producer(node.input[0]) is None:
                self._quantize_input(node, target)
            else:
                self._replace(node, target)
        except (UnsupportedError, NotMonotoneError) as error:
            log.warning(f"{node_name(node)}: thresholds stay FINN's: {error}")

    def _replace(self, node: NodeProto, target: Quantizer) -> None:
        """A quantizer behind a linear layer, with what is between them."""
        chain, tensor = list[NodeProto](), node.input[0]
        linear = self.model.find_producer(tensor)
        while linear is not None and linear.op_type in POINTWISE and self._read_once(tensor):
            chain.insert(0, linear)
            tensor = next(name for name in linear.input if self.constants.get(name) is None)
            linear = self.model.find_producer(tensor)
        source = self.grids.get(linear.input[0]) if linear is not None and linear.op_type in _LINEAR else None
        if linear is None or source is None or not self._read_once(tensor):
            raise UnsupportedError.at(node, "is behind no layer with integer weights and a quantized input")
        layer, integers = self._layer(linear, chain, node, source, target)
        target = counted(target)
        thresholds, flipped = find_thresholds(layer.step_function(), *layer.acc_range, target)
        if np.abs(thresholds).max() > _MOST:
            raise UnsupportedError.at(node, f"sums up to {np.abs(thresholds).max()}; {_MOST} are supported")
        self._set_weights(linear, integers, flipped)
        ones = [1] * (len(self.model.get_tensor_shape(linear.output[0])) - 2)
        inverse = np.full((1, 1, *ones), 1 / np.float64(source.scale)).astype(np.float32)
        shrunk = self._mul(node, linear.output[0], inverse)
        self._finish(node, shrunk, (thresholds - 0.5).astype(np.float32), target)
        for old in (*chain, node):
            self.model.graph.node.remove(old)

    def _read_once(self, tensor: str) -> bool:
        outputs = {output.name for output in self.model.graph.output}
        return len(self.model.find_consumers(tensor)) == 1 and tensor not in outputs

    def _layer(
        self, node: NodeProto, chain: list[NodeProto], last: NodeProto, source: Quantizer, target: Quantizer
    ) -> tuple[QuantLayer, NDArray[np.int64]]:
        """The layer as the front end reads it, and the integers of its weights as the file lays them out."""
        read = read_linear(node, self.constants, View.of(self.model.get_tensor_shape(node.input[0])))
        weights = scaled_constant(node.input[1], self.constants)
        assert weights is not None  # else read_linear had refused it
        transposed = node.op_type == "ConvTranspose"
        integers, _ = per_output(
            node, weights, self._output_axis(node), int(attribute(node, "group", 1)) if transposed else 1
        )
        return QuantLayer(
            name=node_name(last), ops=(node.op_type,), inputs=(0,), sources=(source,), target=target,
            functions=tuple(read_pointwise(each, self.constants, read.after) for each in chain),
            linear=read.linear, weight_scale=read.scale, bias=read.bias,
        ), integers  # fmt: skip

    def _output_axis(self, node: NodeProto) -> int:
        return 0 if node.op_type == "Conv" or attribute(node, "transB", 0) else 1

    def _set_weights(self, node: NodeProto, integers: NDArray[np.int64], flipped: NDArray[np.bool_]) -> None:
        """Integers in the place of the quantizer, those of falling channels negated; no bias."""
        axis, sign = self._output_axis(node), np.where(flipped, -1, 1)
        if node.op_type == "ConvTranspose" and (groups := int(attribute(node, "group", 1))) > 1:
            inputs = len(integers) // groups
            factor = np.repeat(sign.reshape(groups, -1), inputs, 0)[:, :, None, None]
        else:
            factor = sign.reshape([-1 if i == axis else 1 for i in range(integers.ndim)])
        signed = integers * factor
        name = self.model.make_new_valueinfo_name()
        self.model.set_initializer(name, signed.astype(np.float32))
        kind = smallest_type(int(signed.min()), int(signed.max()), signed=True)
        self.model.set_tensor_datatype(name, kind)
        node.input[1] = name
        del node.input[2:]

    def _quantize_input(self, node: NodeProto, target: Quantizer) -> None:
        self._finish(node, node.input[0], float_thresholds(counted(target)), counted(target))
        self.model.graph.node.remove(node)

    def _mul(self, place: NodeProto, tensor: str, factor: NDArray[np.float32], output: str = "") -> str:
        name = self.model.make_new_valueinfo_name()
        self.model.set_initializer(name, factor)
        output = output or self._tensor(tensor)
        self._insert(place, helper.make_node("Mul", [tensor, name], [output]))
        return output

    def _finish(
        self, node: NodeProto, tensor: str, thresholds: NDArray[np.float32], target: Quantizer
    ) -> None:
        """MultiThreshold and the target's scale, in front of the quantizer that they replace."""
        name = self.model.make_new_valueinfo_name()
        self.model.set_initializer(name, thresholds)
        counts = self._tensor(tensor)
        shape = self.model.get_tensor_shape(tensor)
        self._insert(node, helper.make_node(
            "MultiThreshold", [tensor, name], [counts], domain="qonnx.custom_op.general",
            out_dtype=image_type(target).name, out_bias=float(target.low),
            data_layout={2: "NC", 3: "NCW", 4: "NCHW"}[len(shape)],
        ))  # fmt: skip
        self.model.set_tensor_datatype(counts, DataType[image_type(target).name])
        self._mul(node, counts, np.array(target.scale, np.float32), node.output[0])

    def _tensor(self, like: str) -> str:
        name, shape = self.model.make_new_valueinfo_name(), self.model.get_tensor_shape(like)
        self.model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def _insert(self, before: NodeProto, node: NodeProto) -> None:
        self.model.graph.node.insert(list(self.model.graph.node).index(before), node)

    def remove_unread(self) -> None:
        """Quantizers of weights and biases that nothing reads any more."""
        outputs = {output.name for output in self.model.graph.output}
        while True:
            read = outputs | {name for node in self.model.graph.node for name in node.input}
            unread = [node for node in self.model.graph.node if not read.intersection(node.output)]
            if not unread:
                return
            for node in unread:
                self.model.graph.node.remove(node)


def float_thresholds(target: Quantizer) -> NDArray[np.float32]:
    """The least float32 that a quantizer takes to each of its levels but the lowest: (1, levels - 1)."""
    levels = target.levels[1:]
    left = np.full(levels.size, -_ordered(np.float32(np.finfo(np.float32).max)))
    right = -left
    while (left < right).any():
        middle = (left + right) >> 1
        reached = target(torch.from_numpy(_float(middle))).numpy() >= levels
        left, right = np.where(reached, left, middle + 1), np.where(reached, middle, right)
    return _float(left)[None]


def _ordered(value: np.float32) -> int:
    """Which positive float32 it is, counted from 0."""
    return int(value.view(np.int32))


def _float(order: NDArray[np.int64]) -> NDArray[np.float32]:
    """The float32 of so many steps above 0, or below it."""
    magnitude = np.abs(order).astype(np.int32).view(np.float32)
    return np.where(order < 0, -magnitude, magnitude).astype(np.float32)
