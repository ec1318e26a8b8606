# SPDX-License-Identifier: Apache-2.0
"""A network to a graph of integers: per layer a ConvTranspose with integer weights, an Add or a Concat."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import BaseDataType, DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.carrier import carried
from fpgan.build.dataflow.thresholds import find_thresholds
from fpgan.build.frontend.errors import UnsupportedError, layer_name
from fpgan.build.frontend.linear import IntArray, Linear
from fpgan.build.frontend.network import ConcatLayer, Layer, Network, QuantLayer, SumLayer, ThresholdLayer
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read import read_network

USEFUL_MACS = "useful_macs"  # metadata: JSON, node name -> products per image


def integer_graph(model: onnx.ModelProto | ModelWrapper | Network) -> ModelWrapper:
    """Quantized ONNX model -> model of linear layers, sums, concatenations and MultiThresholds on integers.

    All are (N,C,H,W). Node names, used by every later stage: layer I is deconv_I (a ConvTranspose; a Slice
    step_I keeps a strided convolution's outputs), add_I (scale_I_K multiplies input K by its factor, negate_I
    turns channels that fall), each with threshold_I, or concat_I; regroup_I makes an image of channels.
    Raises UnsupportedError.
    """
    network = model if isinstance(model, Network) else read_network(model)
    builder = _Builder([1, *network.dims], _datatype(network.source))
    for index, layer in enumerate(network.layers):
        _add(layer, builder, index)
    return builder.finish(network)


def refusals(network: Network) -> list[str]:
    """One line for each layer that `integer_graph` would refuse."""
    builder, lines = _Builder([1, *network.dims], _datatype(network.source)), []
    for index, layer in enumerate(network.layers):
        try:
            _add(layer, builder, index)
        except UnsupportedError as error:
            lines.append(str(error))
    return lines


Tensor = tuple[str, Sequence[int], BaseDataType]  # name, shape without the batch, what it holds


class _Builder:
    """Collects the nodes, initializers and tensors of the integer graph."""

    def __init__(self, shape: list[int], datatype: BaseDataType) -> None:
        self.nodes: list[NodeProto] = []
        self.values: dict[str, tuple[NDArray, BaseDataType]] = {}
        self.tensors: list[tuple[str, list[int], BaseDataType]] = [("image_0", shape, datatype)]
        self.useful: dict[str, int] = {}
        self.indices: dict[str, IntArray] = {}

    def value(self, name: str, value: NDArray, datatype: BaseDataType) -> None:
        self.values[name] = (value, datatype)

    def node(self, op: str, inputs: list[str], name: str, made: Tensor, **attributes: Any) -> None:
        """A node and the tensor that it puts out."""
        self.nodes.append(helper.make_node(op, inputs, [made[0]], name=name, **attributes))
        self.tensors.append((made[0], [1, *made[1]], made[2]))

    def convolve(self, linear: Linear, source: str, index: int, acc: BaseDataType) -> None:
        """A ConvTranspose, and a Slice where only some of its outputs are kept."""
        target, channels, strided = f"acc_{index}", linear.weights.shape[1], linear.step != (1, 1)
        whole = f"full_{index}" if strided else target
        self.node(
            "ConvTranspose", [source, f"weights_{index}"], f"deconv_{index}",
            (whole, (channels, *linear.full), acc),
            strides=linear.stride, pads=linear.pads, output_padding=linear.output_padding,
            kernel_shape=linear.kernel,
        )  # fmt: skip
        if not strided:
            return
        values = {"starts": (0, 0), "ends": linear.full, "axes": (2, 3), "steps": linear.step}
        self.indices |= {f"{name}_{index}": np.array(value, np.int64) for name, value in values.items()}
        inputs = [whole, *(f"{name}_{index}" for name in values)]
        self.node("Slice", inputs, f"step_{index}", (target, (channels, *linear.out), acc))

    def threshold(
        self, index: int, layer: ThresholdLayer, thresholds: IntArray, acc: BaseDataType, target: str
    ) -> None:
        """Counts the thresholds of acc_I."""
        self.value(f"thresholds_{index}", thresholds, acc)
        kind = _datatype(layer.target)
        self.node(
            "MultiThreshold", [f"acc_{index}", f"thresholds_{index}"], f"threshold_{index}",
            (target, self.tensors[-1][1][1:], kind), domain="qonnx.custom_op.general", out_dtype=kind.name,
            out_bias=float(counted(layer.target).low), data_layout="NCHW",
        )  # fmt: skip

    def regroup(self, index: int, layer: QuantLayer) -> None:
        """Channels in the order (y,x,c) of one pixel to an image."""
        c, h, w = layer.dims
        kind, shape = _datatype(layer.target), f"regroup_shape_{index}"
        self.indices[shape] = np.array([1, h, w, c], np.int64)
        self.node(
            "Reshape", [f"flat_{index}", shape], f"regroup_{index}", (f"pixels_{index}", (h, w, c), kind)
        )
        self.node("Transpose", [f"pixels_{index}"], f"regroup_{index}_nchw",
                  (f"image_{index + 1}", layer.dims, kind), perm=(0, 3, 1, 2))  # fmt: skip

    def finish(self, network: Network) -> ModelWrapper:
        infos = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape, _ in self.tensors
        ]
        graph = helper.make_graph(self.nodes, "integer_graph", infos[:1], infos[-1:], value_info=infos[1:-1])
        model = ModelWrapper(qonnx_make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
        for name, (value, datatype) in self.values.items():
            model.set_initializer(name, carried(value))
            model.set_tensor_datatype(name, datatype)
        for name, index in self.indices.items():
            model.set_initializer(name, index)
        for name, _, datatype in self.tensors:
            model.set_tensor_datatype(name, datatype)
        model.set_metadata_prop("input_scale", repr(network.source.scale))
        model.set_metadata_prop("output_scale", repr(network.target.scale))
        model.set_metadata_prop(USEFUL_MACS, json.dumps(self.useful))
        return model


@singledispatch
def _add(layer: Layer, builder: _Builder, index: int) -> None:
    """Append one layer."""
    raise NotImplementedError(type(layer).__name__)


@_add.register
def _(layer: QuantLayer, builder: _Builder, index: int) -> None:
    weights, thresholds, acc = quantize_layer(layer)
    builder.value(
        f"weights_{index}", weights, smallest_type(int(weights.min()), int(weights.max()), signed=True)
    )
    builder.useful[f"deconv_{index}"] = layer.linear.useful_macs
    builder.convolve(layer.linear, f"image_{layer.inputs[0]}", index, acc)
    if layer.regroup is None:
        builder.threshold(index, layer, thresholds, acc, f"image_{index + 1}")
    else:
        builder.threshold(index, layer, thresholds, acc, f"flat_{index}")
        builder.regroup(index, layer)


@_add.register
def _(layer: SumLayer, builder: _Builder, index: int) -> None:
    thresholds, flipped, acc = add_thresholds(layer)
    parts = []
    for k, (image, factor) in enumerate(zip(layer.inputs, layer.factors, strict=True)):
        source = layer.sources[k]
        parts.append(f"image_{image}")
        if factor != 1:
            parts[k] = f"scaled_{index}_{k}"
            kind = smallest_type(factor * source.low, factor * source.high)
            builder.value(f"factor_{index}_{k}", np.array(factor), smallest_type(0, factor))
            builder.node("Mul", [f"image_{image}", f"factor_{index}_{k}"], f"scale_{index}_{k}",
                         (parts[k], layer.dims, kind))  # fmt: skip
    total = f"sum_{index}" if flipped.any() else f"acc_{index}"
    builder.node("Add", parts, f"add_{index}", (total, layer.dims, acc))
    if flipped.any():
        signs = np.where(flipped, -1, 1).reshape(1, -1, 1, 1)
        builder.value(f"signs_{index}", signs, DataType["INT2"])
        builder.node("Mul", [total, f"signs_{index}"], f"negate_{index}", (f"acc_{index}", layer.dims, acc))
    builder.threshold(index, layer, thresholds, acc, f"image_{index + 1}")


@_add.register
def _(layer: ConcatLayer, builder: _Builder, index: int) -> None:
    inputs = [f"image_{i}" for i in layer.inputs]
    made = (f"image_{index + 1}", layer.dims, _datatype(layer.target))
    builder.node("Concat", inputs, f"concat_{index}", made, axis=1)


def quantize_layer(layer: QuantLayer) -> tuple[IntArray, IntArray, BaseDataType]:
    """Integer weights (signs flipped where the activation decreases), thresholds (CO,T), accumulator type.

    The type also holds high + 1, the threshold of a level that is never reached.
    """
    thresholds, flipped = _thresholds(layer)
    low, high = layer.acc_range
    weights = np.where(flipped[None, :, None, None], -layer.linear.weights, layer.linear.weights)
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    return weights, thresholds, smallest_type(int(low.min()), int(high.max()) + 1, signed=True)


def add_thresholds(layer: SumLayer) -> tuple[IntArray, NDArray[np.bool_], BaseDataType]:
    """Thresholds (C,T) of a sum, channels whose sum is negated (C), a type for both and high + 1."""
    thresholds, flipped = _thresholds(layer)
    low, high = layer.acc_range
    lowest, highest = int(low.min()), int(high.max())
    if flipped.any():
        lowest, highest = min(lowest, -highest), max(highest, -lowest)
    return thresholds, flipped, smallest_type(lowest, highest + 1, signed=True)


def _thresholds(layer: ThresholdLayer) -> tuple[IntArray, NDArray[np.bool_]]:
    try:
        return find_thresholds(layer.step_function(), *layer.acc_range, counted(layer.target))
    except ValueError as error:
        raise UnsupportedError(f"{layer_name(layer.name, layer.ops[0])}: {error}") from None


def counted(quantizer: Quantizer) -> Quantizer:
    """The levels that the hardware counts: all of the type's where the type has a bit more than they need.

    FINN lays threshold memories out by the type's bits and searches them by the number of thresholds.
    """
    datatype = _datatype(quantizer)
    if (quantizer.high - quantizer.low).bit_length() == datatype.bitwidth():
        return quantizer
    return replace(quantizer, low=int(datatype.min()), high=int(datatype.max()))


def _datatype(quantizer: Quantizer) -> BaseDataType:
    return smallest_type(quantizer.low, quantizer.high)


def smallest_type(low: int, high: int, signed: bool = False) -> BaseDataType:
    """Narrowest UINTn or INTn (n >= 2) that holds [low, high]."""
    if low >= 0 and not signed:
        return DataType[f"UINT{max(2, high.bit_length())}"]
    return DataType[
        f"INT{max(2, (-low - 1).bit_length() + 1 if low < 0 else 0, max(high, 0).bit_length() + 1)}"
    ]
