# SPDX-License-Identifier: Apache-2.0
"""A network to a graph of integers: per layer a ConvTranspose with integer weights, an Add or a Concat."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.dataflow.steps import Steps, counted, image_steps, image_type, sum_steps
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.linear import IntArray, Linear
from fpgan.build.frontend.network import (
    ConcatLayer,
    FunctionLayer,
    Layer,
    Network,
    QuantLayer,
    SumLayer,
    ThresholdLayer,
)
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.select_layer import SelectLayer

REACH = "reach"  # metadata: JSON, threshold node -> lowest and highest accumulator of each channel
USEFUL_MACS = "useful_macs"  # metadata: JSON, node name -> products per image


def integer_graph(model: onnx.ModelProto | ModelWrapper | Network) -> ModelWrapper:
    """Quantized ONNX model -> model of linear layers, sums, concatenations and MultiThresholds on integers.

    All are (N,C,H,W). Node names, used by every later stage: layer I is deconv_I (a ConvTranspose; a Slice
    step_I keeps a strided convolution's outputs), add_I (scale_I_K multiplies input K by its factor, negate_I
    turns channels that fall), nothing (a function of an image), each with threshold_I, with lookup_I (a
    Gather, of row_I and cast_I) or with both in this order; or concat_I; or pixel_select_I (a Gather of
    columns, of pixel_rows_I); regroup_I makes an image of channels.
    Raises UnsupportedError.
    """
    network = model if isinstance(model, Network) else read_network(model)
    builder = _Builder([1, *network.dims], image_type(network.source))
    for index, layer in enumerate(network.layers):
        _add(layer, builder, index)
    return builder.finish(network)


def integers_or_refusals(network: Network) -> tuple[ModelWrapper | None, list[str]]:
    """What `integer_graph` gives; None where it refuses layers, and one line for each of those."""
    builder, lines = _Builder([1, *network.dims], image_type(network.source)), []
    for index, layer in enumerate(network.layers):
        try:
            _add(layer, builder, index)
        except UnsupportedError as error:
            lines.append(str(error))
    return None if lines else builder.finish(network), lines


Tensor = tuple[str, Sequence[int], BaseDataType]  # name, shape without the batch, what it holds


class _Builder:
    """Collects the nodes, initializers and tensors of the integer graph."""

    def __init__(self, shape: list[int], datatype: BaseDataType) -> None:
        self.nodes: list[NodeProto] = []
        self.values: dict[str, tuple[NDArray, BaseDataType]] = {}
        self.tensors: list[tuple[str, list[int], BaseDataType]] = [("image_0", shape, datatype)]
        self.useful: dict[str, int] = {}
        self.reach: dict[str, list[list[int]]] = {}
        self.indices: dict[str, IntArray] = {}
        self.whole: set[str] = set()  # tensors of int64

    @property
    def shapes(self) -> dict[str, Sequence[int]]:
        """Of the tensors so far, without the batch."""
        return {name: shape[1:] for name, shape, _ in self.tensors}

    def value(self, name: str, value: NDArray, datatype: BaseDataType) -> None:
        self.values[name] = (value, datatype)

    def node(self, op: str, inputs: list[str], name: str, made: Tensor, **attributes: Any) -> None:
        """A node and the tensor that it puts out."""
        self.nodes.append(helper.make_node(op, inputs, [made[0]], name=name, **attributes))
        self.tensors.append((made[0], [1, *made[1]], made[2]))

    def convolve(self, linear: Linear, source: str, index: int, acc: BaseDataType) -> None:
        """A ConvTranspose, and a Slice where only some of its outputs are kept."""
        target, channels, strided = f"acc_{index}", linear.channels, linear.step != (1, 1)
        whole = f"full_{index}" if strided else target
        self.node(
            "ConvTranspose", [source, f"weights_{index}"], f"deconv_{index}",
            (whole, (channels, *linear.full), acc),
            strides=linear.stride, pads=linear.pads, output_padding=linear.output_padding,
            kernel_shape=linear.kernel, group=linear.groups, dilations=linear.dilation,
        )  # fmt: skip
        if not strided:
            return
        values = {"starts": (0, 0), "ends": linear.full, "axes": (2, 3), "steps": linear.step}
        self.indices |= {f"{name}_{index}": np.array(value, np.int64) for name, value in values.items()}
        inputs = [whole, *(f"{name}_{index}" for name in values)]
        self.node("Slice", inputs, f"step_{index}", (target, (channels, *linear.out), acc))

    def function(self, index: int, layer: ThresholdLayer, steps: Steps, source: str, target: str) -> None:
        """Integers of the layer's target, of sums or of an image."""
        kind, shape = image_type(layer.target), self.shapes[source]
        if steps.thresholds is None:
            self._lookup(index, steps.table, steps.lowest, source, (target, shape, kind))
        elif steps.table is None:
            self._threshold(index, steps, source, (target, shape, kind), counted(layer.target).low)
        else:
            places = smallest_type(0, steps.table.shape[1] - 1)
            self._threshold(index, steps, source, (f"places_{index}", shape, places), 0)
            self._lookup(index, steps.table, 0, f"places_{index}", (target, shape, kind))

    def _threshold(self, index: int, steps: Steps, source: str, made: Tensor, low: int) -> None:
        """Counts the thresholds."""
        assert steps.thresholds is not None
        self.value(f"thresholds_{index}", steps.thresholds, steps.datatype)
        if steps.reach is not None:
            self.reach[f"threshold_{index}"] = [ends.tolist() for ends in steps.reach]
        self.node(
            "MultiThreshold", [source, f"thresholds_{index}"], f"threshold_{index}", made,
            domain="qonnx.custom_op.general", out_dtype=made[2].name, out_bias=float(low), data_layout="NCHW",
        )  # fmt: skip

    def _lookup(self, index: int, table: IntArray | None, lowest: int, source: str, made: Tensor) -> None:
        """Entries of a table whose first one is of the integer `lowest`; of several rows, one per channel."""
        assert table is not None
        starts = np.arange(len(table)) * table.shape[1] - lowest
        last = int(starts.max()) + lowest + table.shape[1]
        self.value(f"table_{index}", table.reshape(-1), made[2])
        self.value(f"rows_{index}", starts.reshape(1, -1, 1, 1), smallest_type(int(starts.min()), last))
        self.node("Add", [source, f"rows_{index}"], f"row_{index}",
                  (f"entries_{index}", made[1], smallest_type(0, last)))  # fmt: skip
        self.node("Cast", [f"entries_{index}"], f"cast_{index}",
                  (f"numbers_{index}", made[1], smallest_type(0, last)), to=TensorProto.INT64)  # fmt: skip
        self.whole.add(f"numbers_{index}")
        self.node("Gather", [f"table_{index}", f"numbers_{index}"], f"lookup_{index}", made, axis=0)

    def regroup(self, index: int, layer: QuantLayer) -> None:
        """Channels in the order (y,x,c) of one pixel to an image."""
        c, h, w = layer.dims
        kind, shape = image_type(layer.target), f"regroup_shape_{index}"
        self.indices[shape] = np.array([1, h, w, c], np.int64)
        self.node(
            "Reshape", [f"flat_{index}", shape], f"regroup_{index}", (f"pixels_{index}", (h, w, c), kind)
        )
        self.node("Transpose", [f"pixels_{index}"], f"regroup_{index}_nchw",
                  (f"image_{index + 1}", layer.dims, kind), perm=(0, 3, 1, 2))  # fmt: skip

    def finish(self, network: Network) -> ModelWrapper:
        infos = [
            helper.make_tensor_value_info(
                name, TensorProto.INT64 if name in self.whole else TensorProto.FLOAT, shape
            )
            for name, shape, _ in self.tensors
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
        model.set_metadata_prop(REACH, json.dumps(self.reach))
        return model


@singledispatch
def _add(layer: Layer, builder: _Builder, index: int) -> None:
    """Append one layer."""
    raise NotImplementedError(type(layer).__name__)


@_add.register
def _(layer: QuantLayer, builder: _Builder, index: int) -> None:
    weights, steps = quantize_layer(layer)
    builder.value(
        f"weights_{index}", weights, smallest_type(int(weights.min()), int(weights.max()), signed=True)
    )
    builder.useful[f"deconv_{index}"] = layer.linear.useful_macs
    builder.convolve(layer.linear, f"image_{layer.inputs[0]}", index, steps.datatype)
    if layer.regroup is None:
        builder.function(index, layer, steps, f"acc_{index}", f"image_{index + 1}")
    else:
        builder.function(index, layer, steps, f"acc_{index}", f"flat_{index}")
        builder.regroup(index, layer)


@_add.register
def _(layer: FunctionLayer, builder: _Builder, index: int) -> None:
    source = f"image_{layer.inputs[0]}"
    builder.function(index, layer, image_steps(layer), source, f"image_{index + 1}")


@_add.register
def _(layer: SumLayer, builder: _Builder, index: int) -> None:
    steps = sum_steps(layer)
    flipped, acc = steps.flipped, steps.datatype
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
    builder.function(index, layer, steps, f"acc_{index}", f"image_{index + 1}")


@_add.register
def _(layer: ConcatLayer, builder: _Builder, index: int) -> None:
    inputs = [f"image_{i}" for i in layer.inputs]
    made = (f"image_{index + 1}", layer.dims, image_type(layer.target))
    builder.node("Concat", inputs, f"concat_{index}", made, axis=1)


@_add.register
def _(layer: SelectLayer, builder: _Builder, index: int) -> None:
    kind, (c, h, w) = image_type(layer.target), layer.dims
    builder.indices |= {
        f"picked_rows_{index}": np.array(layer.rows, np.int64),
        f"picked_cols_{index}": np.array(layer.cols, np.int64),
    }
    made = (f"picked_{index}", (c, h, layer.image[2]), kind)
    source = f"image_{layer.inputs[0]}"
    builder.node("Gather", [source, f"picked_rows_{index}"], f"pixel_rows_{index}", made, axis=2)
    made = (f"image_{index + 1}", (c, h, w), kind)
    inputs = [f"picked_{index}", f"picked_cols_{index}"]
    builder.node("Gather", inputs, f"pixel_select_{index}", made, axis=3)


def quantize_layer(layer: QuantLayer) -> tuple[IntArray, Steps]:
    """Integer weights, their signs flipped where the activation falls, and the steps of what they sum to."""
    steps = sum_steps(layer)
    linear = layer.linear
    weights = np.where(linear.by_weight(steps.flipped), -linear.weights, linear.weights)
    return weights, steps
