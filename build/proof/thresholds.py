# SPDX-License-Identifier: Apache-2.0
"""Proof that the thresholds of a dataflow graph are the float functions of the file, channel by channel.

The function is what PyTorch computes in float32 for an accumulator: scale, bias, normalisation, activation,
quantizer, all read from the file. The thresholds and signs are those that stand in the finished graph, so
that finding, flipping, lowering and padding them are all covered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import singledispatch
from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.lines import ends
from fpgan.build.dataflow.side_by_side import placed
from fpgan.build.frontend.linear import IntArray
from fpgan.build.frontend.network import FunctionLayer, Network, QuantLayer, SumLayer, ThresholdLayer
from fpgan.sim.golden import lookup, threshold

_WHOLE = 1 << 20  # accumulator values of a channel up to which every one is evaluated
_LAYER = 1 << 27  # the same of all channels together
_CHUNK = 1 << 21  # values at once, all channels together


def prove_thresholds(network: Network, dataflow: ModelWrapper) -> dict[str, Any]:
    """Evaluate both sides on every accumulator that inputs can reach.

    Where a channel reaches more than 2^20 values, or its layer more than 2^27: on so many of them, spread
    evenly, and on every threshold and its two neighbours on either side. Returns {"layers": [{"name",
    "channels", "values", "whole_range", "mismatches"}], "values", "mismatches", "seconds"}.
    """
    start = time.monotonic()
    nodes = {node.name: node for node in dataflow.graph.node}
    layers = [
        _prove_layer(layer, dataflow, nodes, index)
        for index, layer in enumerate(network.layers)
        if isinstance(layer, ThresholdLayer)
    ]
    return {
        "layers": layers, "values": sum(x["values"] for x in layers),
        "mismatches": sum(x["mismatches"] for x in layers), "seconds": round(time.monotonic() - start, 2),
    }  # fmt: skip


def _prove_layer(
    layer: ThresholdLayer, dataflow: ModelWrapper, nodes: dict[str, NodeProto], index: int
) -> dict[str, Any]:
    found = [
        nodes[name] for kind in ("threshold", "requantize", "lookup") if (name := f"{kind}_{index}") in nodes
    ]
    signs = _signs(layer, dataflow, nodes, index)
    kind = dataflow.get_tensor_datatype(found[0].input[0])
    function, values, wrong = layer.step_function(), 0, int((signs == 0).sum())
    low, high = layer.acc_range
    channels = len(low)
    for first in range(0, len(signs), channels):  # of the columns that are side by side
        sign = signs[first : first + channels]
        counting = _Counting(dataflow, found, slice(first, first + channels))
        lowest, highest = np.minimum(low * sign, high * sign), np.maximum(low * sign, high * sign)
        wrong += int(((lowest < kind.min()) | (highest > kind.max())).sum())
        for points in _points(low, high, counting.steps * np.where(sign == 0, 1, sign)[:, None]):
            wrong += int((counting(points * sign[:, None]) != function(points)).sum())
            values += points.size
    return {
        "name": found[-1].name, "channels": channels, "values": values,
        "whole_range": bool((high - low).max() < _most(channels)), "mismatches": wrong,
    }  # fmt: skip


class _Counting:
    """Integers that the graph's thresholds or lines, its table, or both make of accumulators (C,T).

    steps (C,T): where they may change.
    """

    def __init__(self, dataflow: ModelWrapper, nodes: list[NodeProto], channels: slice) -> None:
        constants = [initializers(dataflow, node)[0] for node in nodes]
        self.table = constants[-1] if nodes[-1].op_type == "Lookup_rtl" else None
        if self.table is not None and len(self.table) > 1:
            self.table = self.table[channels]
        self.steps = np.zeros((channels.stop - channels.start, 0), np.int64)
        self._counted: Callable[[IntArray], IntArray] = lambda acc: acc
        op = getCustomOp(nodes[0])
        if nodes[0].op_type == "Thresholding_rtl":
            self.steps = constants[0][channels]
            self._counted = lambda acc: threshold(acc, self.steps, op.get_nodeattr("ActVal"))
        elif nodes[0].op_type == "Requantize_rtl":
            line, marks = (values[channels] for values in initializers(dataflow, nodes[0]))
            self.steps = ends(line, marks, op.get_nodeattr("shift"))
            self._counted = lambda acc: op.compute(acc, line, marks)

    def __call__(self, acc: IntArray) -> IntArray:
        values = self._counted(acc.T)
        return (values if self.table is None else lookup(values, self.table)).T


def initializers(dataflow: ModelWrapper, node: NodeProto) -> list[IntArray]:
    """A node's constants."""
    return [np.rint(dataflow.get_initializer(name)).astype(np.int64) for name in node.input[1:]]


@singledispatch
def _signs(
    layer: ThresholdLayer, dataflow: ModelWrapper, nodes: dict[str, NodeProto], index: int
) -> IntArray:
    """For each channel 1 or -1, as its sums stand in the graph; 0 where they are others.

    Where columns are side by side, of all channels of each.
    """
    raise NotImplementedError(type(layer).__name__)


@_signs.register
def _(layer: QuantLayer, dataflow: ModelWrapper, nodes: dict[str, NodeProto], index: int) -> IntArray:
    weights, groups = layer.linear.weights, layer.linear.groups
    node = nodes[f"deconv_{index}"]
    op = getCustomOp(node)
    if op.get_nodeattr("groups") != groups:
        return np.zeros(layer.linear.channels, np.int64)
    if columns := len(op.column_taps) // 2:
        cols, taps = layer.linear.geometry.cols.side_by_side(columns)
        if op.geometry.cols != cols:
            return np.zeros(columns * layer.linear.channels, np.int64)
        weights = placed(weights, taps)
    inner = dataflow.get_initializer(node.input[1])[: weights.shape[0], : weights.shape[1]]
    apart = (groups, -1, *weights.shape[1:])
    same, turned = ((inner == signed).reshape(apart).all((1, 3, 4)).ravel() for signed in (weights, -weights))
    return np.where(same, 1, np.where(turned, -1, 0)).astype(np.int64)


@_signs.register
def _(layer: FunctionLayer, dataflow: ModelWrapper, nodes: dict[str, NodeProto], index: int) -> IntArray:
    return np.ones(layer.dims[0], np.int64)


@_signs.register
def _(layer: SumLayer, dataflow: ModelWrapper, nodes: dict[str, NodeProto], index: int) -> IntArray:
    op = getCustomOp(nodes[f"add_{index}"])
    if tuple(op.factors) != layer.factors:
        return np.zeros(layer.dims[0], np.int64)
    return np.where(op.negated or np.zeros(layer.dims[0]), -1, 1).astype(np.int64)


def _points(low: IntArray, high: IntArray, steps: IntArray) -> Iterator[IntArray]:
    """Accumulators (C,T) to evaluate, each channel within its own range."""
    width, most = int((high - low).max()) + 1, _most(len(low))
    if width <= most:
        chunk = max(1, _CHUNK // len(low))
        for first in range(0, width, chunk):
            offsets = np.arange(first, min(width, first + chunk))
            yield np.minimum(low[:, None] + offsets, high[:, None])
        return
    near = (steps[:, :, None] + np.arange(-2, 3)).reshape(len(low), -1)
    yield np.clip(near, low[:, None], high[:, None])
    chunk = max(1, _CHUNK // len(low))
    for first in range(0, most, chunk):
        part = np.arange(first, min(most, first + chunk))
        yield low[:, None] + part * (high - low)[:, None] // (most - 1)


def _most(channels: int) -> int:
    """Values of each channel that are evaluated at most."""
    return max(2, min(_WHOLE, _LAYER // channels))
