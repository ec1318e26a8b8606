# SPDX-License-Identifier: Apache-2.0
"""A network to a graph of integers: per layer a ConvTranspose with integer weights, then a MultiThreshold."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import BaseDataType, DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.basic import qonnx_make_model

from fpgan.build.frontend.linear import IntArray, Linear
from fpgan.build.frontend.network import Network, QuantLayer
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read import read_network
from fpgan.build.passes.errors import UnsupportedError
from fpgan.build.passes.thresholds import find_thresholds

USEFUL_MACS = "useful_macs"  # metadata: JSON, node name -> products per image


def integer_graph(model: onnx.ModelProto | ModelWrapper | Network) -> ModelWrapper:
    """Quantized ONNX model -> model of ConvTranspose and MultiThreshold nodes on integers (NCHW).

    A Slice step_I keeps a strided convolution's outputs. Node names are deconv_I and threshold_I, used by
    every later stage. Raises UnsupportedError.
    """
    network = model if isinstance(model, Network) else read_network(model)
    builder = _Builder([1, *network.dims], _datatype(network.source))
    for layer in network.layers:
        builder.add(layer)
    return builder.finish(network)


class _Builder:
    """Collects the nodes, initializers and tensors of the integer graph."""

    def __init__(self, shape: list[int], datatype: BaseDataType) -> None:
        self.nodes: list[NodeProto] = []
        self.values: dict[str, tuple[NDArray, BaseDataType]] = {}
        self.tensors = [("image_0", shape, datatype)]
        self.useful: dict[str, int] = {}
        self.indices: dict[str, IntArray] = {}

    def add(self, layer: QuantLayer) -> None:
        """Append one layer."""
        index, linear = len(self.useful), layer.linear
        weights, thresholds, acc = quantize_layer(layer)
        out = [1, weights.shape[1], *linear.geometry.out_shape]
        names = [f"image_{index}", f"acc_{index}", f"image_{index + 1}"]
        self.values[f"weights_{index}"] = (
            weights,
            smallest_type(int(weights.min()), int(weights.max()), signed=True),
        )
        self.values[f"thresholds_{index}"] = (thresholds, acc)
        self.tensors += [(names[1], out, acc), (names[2], out, _datatype(layer.target))]
        self.useful[f"deconv_{index}"] = linear.useful_macs
        self._convolve(linear, names[0], names[1], index, acc)
        self.nodes.append(
            helper.make_node(
                "MultiThreshold", [names[1], f"thresholds_{index}"], [names[2]], name=f"threshold_{index}",
                domain="qonnx.custom_op.general", out_dtype=_datatype(layer.target).name,
                out_bias=float(counted(layer.target).low), data_layout="NCHW",
            )
        )  # fmt: skip

    def _convolve(self, linear: Linear, source: str, target: str, index: int, acc: BaseDataType) -> None:
        """A ConvTranspose, and a Slice where only some of its outputs are kept."""
        whole = target if linear.step == (1, 1) else f"full_{index}"
        self.nodes.append(
            helper.make_node(
                "ConvTranspose", [source, f"weights_{index}"], [whole], name=f"deconv_{index}",
                strides=linear.stride, pads=linear.pads, output_padding=linear.output_padding,
                kernel_shape=linear.kernel,
            )
        )  # fmt: skip
        if whole == target:
            return
        self.tensors.insert(-2, (whole, [1, linear.weights.shape[1], *linear.full], acc))
        values = {"starts": (0, 0), "ends": linear.full, "axes": (2, 3), "steps": linear.step}
        self.indices |= {f"{name}_{index}": np.array(value, np.int64) for name, value in values.items()}
        inputs = [whole, *(f"{name}_{index}" for name in values)]
        self.nodes.append(helper.make_node("Slice", inputs, [target], name=f"step_{index}"))

    def finish(self, network: Network) -> ModelWrapper:
        infos = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape, _ in self.tensors
        ]
        graph = helper.make_graph(self.nodes, "integer_graph", infos[:1], infos[-1:], value_info=infos[1:-1])
        model = ModelWrapper(qonnx_make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
        for name, (value, datatype) in self.values.items():
            model.set_initializer(name, value.astype(np.float32))
            model.set_tensor_datatype(name, datatype)
        for name, index in self.indices.items():
            model.set_initializer(name, index)
        for name, _, datatype in self.tensors:
            model.set_tensor_datatype(name, datatype)
        model.set_metadata_prop("input_scale", repr(network.source.scale))
        model.set_metadata_prop("output_scale", repr(network.target.scale))
        model.set_metadata_prop(USEFUL_MACS, json.dumps(self.useful))
        return model


def quantize_layer(layer: QuantLayer) -> tuple[IntArray, IntArray, BaseDataType]:
    """Integer weights (signs flipped where the activation decreases), thresholds (CO,T), accumulator type.

    The type also holds high + 1, the threshold of a level that is never reached.
    """
    low, high = layer.acc_range
    try:
        thresholds, flipped = find_thresholds(layer.step_function(), low, high, counted(layer.target))
    except ValueError as error:
        raise UnsupportedError(f"layer {layer.name} ({layer.ops[0]}): {error}") from None
    weights = np.where(flipped[None, :, None, None], -layer.linear.weights, layer.linear.weights)
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    return weights, thresholds, smallest_type(int(low.min()), int(high.max()) + 1, signed=True)


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
