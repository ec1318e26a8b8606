# SPDX-License-Identifier: Apache-2.0
"""QONNX to a graph of integers only: ConvTranspose with integer weights, then one MultiThreshold, per layer.

Convolutions (stride 1) and nearest upsampling followed by a convolution become transposed convolutions here,
so that everything later knows one linear operation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import BaseDataType, DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.general.intquant import int_quant
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.passes.errors import UnsupportedError
from fpgan.build.passes.read_qonnx import Quantizer, QuantLayer, attribute, quant_layers
from fpgan.build.passes.thresholds import find_thresholds, step_function
from fpgan.hw.geometry import DeconvGeometry

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Linear:
    """A transposed convolution on integers: weights (CI,CO,KH,KW), ONNX attributes, input size."""

    weights: IntArray
    size: tuple[int, int]
    stride: tuple[int, int]
    pads: tuple[int, int, int, int]
    output_padding: tuple[int, int]

    @property
    def geometry(self) -> DeconvGeometry:
        kernel = (int(self.weights.shape[2]), int(self.weights.shape[3]))
        return DeconvGeometry.make(self.size, kernel, self.stride, self.pads, self.output_padding)

    def accumulator_range(self, low: int, high: int) -> tuple[IntArray, IntArray]:
        """Exact bounds per output channel for inputs in [low, high], zero (outside the image) included."""
        lows, highs = [], []
        products = np.stack([self.weights * low, self.weights * high])
        smallest, largest = np.minimum(products.min(0), 0).sum(0), np.maximum(products.max(0), 0).sum(0)
        for row in {tuple(k for k, _ in taps) for taps in self.geometry.rows.taps}:
            for col in {tuple(k for k, _ in taps) for taps in self.geometry.cols.taps}:
                index = np.ix_(range(smallest.shape[0]), row, col)
                lows.append(smallest[index].sum((1, 2)))
                highs.append(largest[index].sum((1, 2)))
        return np.min(lows, 0), np.max(highs, 0)


def integer_graph(model: ModelWrapper) -> ModelWrapper:
    """QONNX model -> model of ConvTranspose and MultiThreshold nodes on integers (NCHW).

    Node names are deconv_I and threshold_I, used by every later stage. Raises UnsupportedError.
    """
    source, layers = quant_layers(model)
    shape = model.get_tensor_shape(model.graph.input[0].name)
    if shape is None or len(shape) != 4:
        raise UnsupportedError(f"input shape {shape}; (1, C, H, W) is supported")
    shape = [1, *shape[1:]]
    builder = _Builder(shape, _datatype(source))
    for layer in layers:
        shape = builder.add(model, layer, shape)
    return builder.finish(source, layers[-1].target)


class _Builder:
    """Collects the nodes, initializers and tensors of the integer graph."""

    def __init__(self, shape: list[int], datatype: BaseDataType) -> None:
        self.nodes: list[NodeProto] = []
        self.values: dict[str, tuple[NDArray, BaseDataType]] = {}
        self.tensors = [("image_0", shape, datatype)]

    def add(self, model: ModelWrapper, layer: QuantLayer, shape: list[int]) -> list[int]:
        """Append one layer to an input of `shape` (N,C,H,W); returns the output's shape."""
        index = len(self.nodes) // 2
        linear = read_linear(layer, (shape[2], shape[3]))
        if linear.weights.shape[0] != shape[1]:
            raise UnsupportedError.at(
                layer.linear, f"weights for {linear.weights.shape[0]} channels on an input of {shape[1]}"
            )
        weights, thresholds, acc = quantize_layer(model, layer, linear)
        out = [1, weights.shape[1], *linear.geometry.out_shape]
        names = [f"image_{index}", f"acc_{index}", f"image_{index + 1}"]
        self.values[f"weights_{index}"] = (
            weights,
            smallest_type(int(weights.min()), int(weights.max()), signed=True),
        )
        self.values[f"thresholds_{index}"] = (thresholds, acc)
        self.tensors += [(names[1], out, acc), (names[2], out, _datatype(layer.target))]
        self.nodes.append(
            helper.make_node(
                "ConvTranspose", [names[0], f"weights_{index}"], [names[1]], name=f"deconv_{index}",
                strides=linear.stride, pads=linear.pads, output_padding=linear.output_padding,
                kernel_shape=weights.shape[2:],
            )
        )  # fmt: skip
        self.nodes.append(
            helper.make_node(
                "MultiThreshold", [names[1], f"thresholds_{index}"], [names[2]], name=f"threshold_{index}",
                domain="qonnx.custom_op.general", out_dtype=_datatype(layer.target).name,
                out_bias=float(layer.target.low), data_layout="NCHW",
            )
        )  # fmt: skip
        return out

    def finish(self, source: Quantizer, target: Quantizer) -> ModelWrapper:
        infos = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape, _ in self.tensors
        ]
        graph = helper.make_graph(self.nodes, "integer_graph", infos[:1], infos[-1:], value_info=infos[1:-1])
        model = ModelWrapper(qonnx_make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
        for name, (value, datatype) in self.values.items():
            model.set_initializer(name, value.astype(np.float32))
            model.set_tensor_datatype(name, datatype)
        for name, _, datatype in self.tensors:
            model.set_tensor_datatype(name, datatype)
        model.set_metadata_prop("input_scale", repr(source.scale))
        model.set_metadata_prop("output_scale", repr(target.scale))
        return model


def quantize_layer(
    model: ModelWrapper, layer: QuantLayer, linear: Linear
) -> tuple[IntArray, IntArray, BaseDataType]:
    """Integer weights (signs flipped where the activation decreases), thresholds (CO,T), accumulator type.

    The type also holds high + 1, the threshold of a level that is never reached.
    """
    scale = np.float32(layer.source.scale) * np.ravel(layer.weight_scale)
    bias = model.get_initializer(layer.linear.input[2]) if len(layer.linear.input) > 2 else None
    if len(layer.linear.input) > 2 and layer.linear.input[2] and bias is None:
        bias = _quantized_bias(model, layer)
    function = step_function(model, layer.pointwise, scale, bias, layer.target)
    low, high = linear.accumulator_range(layer.source.low, layer.source.high)
    try:
        thresholds, flipped = find_thresholds(function, low, high, layer.target)
    except ValueError as error:
        raise UnsupportedError.at(layer.linear, str(error)) from None
    weights = np.where(flipped[None, :, None, None], -linear.weights, linear.weights)
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    return weights, thresholds, smallest_type(int(low.min()), int(high.max()) + 1, signed=True)


def _quantized_bias(model: ModelWrapper, layer: QuantLayer) -> NDArray[np.float32]:
    producer = model.find_producer(layer.linear.input[2])
    if producer is None or producer.op_type != "Quant":
        raise UnsupportedError.at(layer.linear, "bias must be a constant or a Quant node on a constant")
    values = [model.get_initializer(name) for name in producer.input]
    if any(v is None for v in values):
        raise UnsupportedError.at(producer, "bias, its scale and its bit width must be constants")
    op = getCustomOp(producer)
    flags = (op.get_nodeattr(name) for name in ("signed", "narrow", "rounding_mode"))
    return int_quant(*values, *flags).astype(np.float32)


def read_linear(layer: QuantLayer, size: tuple[int, int]) -> Linear:
    """The layer's linear part as a transposed convolution over an input of `size` rows and columns."""
    node = layer.linear
    if attribute(node, "auto_pad", b"NOTSET") not in (b"NOTSET", b""):
        raise UnsupportedError.at(node, "auto_pad; explicit pads are supported")
    weights = layer.weights
    if weights.ndim != 4:
        raise UnsupportedError.at(node, f"{weights.ndim - 2}-dimensional kernel; 2 dimensions are supported")
    for name in ("group", "dilations"):
        value = attribute(node, name, 1)
        if any(v != 1 for v in np.ravel(value)):  # type: ignore[call-overload]
            raise UnsupportedError.at(node, f"{name}={value}; only 1 is supported")
    stride = _pair(attribute(node, "strides", [1, 1]))
    pads = tuple(int(p) for p in attribute(node, "pads", [0, 0, 0, 0]))  # type: ignore[attr-defined]
    if node.op_type == "ConvTranspose":
        if layer.upsample != (1, 1):
            raise UnsupportedError.at(
                node, f"upsampling by {layer.upsample} before it; before Conv it is supported"
            )
        if attribute(node, "output_shape", None) is not None:
            raise UnsupportedError.at(node, "output_shape; pads and output_padding are supported")
        extra = _pair(attribute(node, "output_padding", [0, 0]))
        return Linear(weights, size, stride, pads, extra)  # type: ignore[arg-type]
    if stride != (1, 1):
        raise UnsupportedError.at(node, f"strides={list(stride)} of a Conv; only 1 is supported")
    return _from_conv(layer, size, pads)


def _from_conv(layer: QuantLayer, size: tuple[int, int], pads: tuple[int, ...]) -> Linear:
    """[nearest upsampling by U and] a dense convolution, as one transposed convolution of stride U.

    out[o] = sum_k w[k] x[(o + k - P) // U]: input i meets output o through all k with
    0 <= o + k - P - U*i < U. With j = o + (K-1-P) - U*i that is a transposed convolution with padding
    K-1-P and K+U-1 taps, tap j being the sum of w[k] for K-1-j <= k < K-1-j+U.
    """
    weights = layer.weights.transpose(1, 0, 2, 3)  # (CI,CO,KH,KW)
    for axis, up in zip((2, 3), layer.upsample, strict=True):
        taps = weights.shape[axis]
        sums = []
        for j in range(taps + up - 1):
            ks = [k for k in range(taps - 1 - j, taps - 1 - j + up) if 0 <= k < taps]
            sums.append(np.take(weights, ks, axis).sum(axis))
        weights = np.stack(sums, axis)
    lead = [layer.weights.shape[2 + d] - 1 - pads[d] for d in range(2)]
    trail = [layer.weights.shape[2 + d] - 1 - pads[d + 2] for d in range(2)]
    if min(*lead, *trail) < 0:
        raise UnsupportedError.at(
            layer.linear, f"pads={list(pads)} of a Conv; at most kernel - 1 is supported"
        )
    return Linear(weights, size, layer.upsample, (lead[0], lead[1], trail[0], trail[1]), (0, 0))


def _pair(value: object) -> tuple[int, int]:
    first, second = (int(v) for v in value)  # type: ignore[attr-defined]
    return first, second


def _datatype(quantizer: Quantizer) -> BaseDataType:
    return smallest_type(quantizer.low, quantizer.high)


def smallest_type(low: int, high: int, signed: bool = False) -> BaseDataType:
    """Narrowest UINTn or INTn (n >= 2) that holds [low, high]."""
    if low >= 0 and not signed:
        return DataType[f"UINT{max(2, high.bit_length())}"]
    return DataType[
        f"INT{max(2, (-low - 1).bit_length() + 1 if low < 0 else 0, max(high, 0).bit_length() + 1)}"
    ]
