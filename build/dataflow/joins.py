# SPDX-License-Identifier: Apache-2.0
"""Folding of the nodes where streams meet or part: as few channels per cycle as the rate allows."""

from __future__ import annotations

import math
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.graph import JOINS, STEPS
from fpgan.build.dataflow.requantizers import Requantizer, better, put
from fpgan.build.dataflow.streams import MAX_STREAM_BITS


class JoinFold:
    """An Add_rtl, with the thresholding behind it, or a Concat_rtl."""

    def __init__(self, model: ModelWrapper, node: NodeProto) -> None:
        self.node, self.name, self._op = node, node.name, getCustomOp(node)
        after = model.find_consumers(node.output[0]) if node.op_type == "Add_rtl" else []
        self._steps = _Steps(model, after[0]) if after else None
        self._words = math.prod(self._op.get_normal_output_shape())
        bits = self._op.get_output_datatype().bitwidth()
        self._choices = [pe for pe in divisors(shared_channels(self._op)) if pe * bits <= MAX_STREAM_BITS]
        self.floor = self._words // self._choices[-1]

    def pe(self, cycles: int) -> int:
        """Fewest channels per cycle that keep up, or the most there can be."""
        return next((pe for pe in self._choices if self._words // pe <= cycles), self._choices[-1])

    def cost(self, cycles: int) -> costs.Cost:
        """Of the join and its thresholding."""
        op, pe = self._op, self.pe(cycles)
        if self._steps is None:
            return costs.concat_cost(op.in_streams(), pe * op.get_output_datatype().bitwidth())
        cost: costs.Cost = op.cost(pe) + self._steps.cost(pe)
        return cost

    def apply(self, cycles: int) -> None:
        pe = self.pe(cycles)
        self._op.set_nodeattr("PE", pe)
        if self._steps is not None:
            self._steps.apply(pe)


class _Steps:
    """A Thresholding_rtl that is not folded with a deconvolution, or the requantizer that takes its place.

    That is one which takes no more of any resource.
    """

    def __init__(self, model: ModelWrapper, node: NodeProto) -> None:
        self._model, self._node, op = model, node, getCustomOp(node)
        self._bits = op.get_input_datatype().bitwidth(), op.get_output_datatype().bitwidth()
        self._channels = int(op.get_nodeattr("NumChannels"))

    def cost(self, pe: int) -> costs.Cost:
        found = self._better(pe)
        return self._thresholds(pe) if found is None else found.cost(pe, self._channels)

    def apply(self, pe: int) -> None:
        found = self._better(pe)
        node = self._node if found is None else put(self._model, self._node, found)
        getCustomOp(node).set_nodeattr("PE", pe)

    def _thresholds(self, pe: int) -> costs.Cost:
        return costs.threshold_cost(pe, self._channels, *self._bits)

    def _better(self, pe: int) -> Requantizer | None:
        return better(self._model, self._node, pe, self._thresholds(pe))


class FunctionFold:
    """A function of an image or of places on a path: a Thresholding_rtl behind no sums, or a Lookup_rtl."""

    def __init__(self, model: ModelWrapper, node: NodeProto) -> None:
        self.node, self.name, self._op = node, node.name, getCustomOp(node)
        before = model.find_producer(node.input[0])
        self._model, self._after = model, before is not None and before.op_type in (*STEPS, "Lookup_rtl")
        self._steps = None if node.op_type == "Lookup_rtl" else _Steps(model, node)
        channels = int(self._op.get_normal_output_shape()[-1])
        self._words = math.prod(self._op.get_normal_output_shape())
        bits = max(self._op.get_input_datatype().bitwidth(), self._op.get_output_datatype().bitwidth())
        self._choices = [pe for pe in divisors(channels) if pe * bits <= MAX_STREAM_BITS]
        self.floor = self._words // self._choices[-1]

    def pe(self, cycles: int) -> int:
        """Fewest channels per cycle that keep up, or the most there can be."""
        return next((pe for pe in self._choices if self._words // pe <= cycles), self._choices[-1])

    def cost(self, cycles: int) -> costs.Cost:
        pe = self.pe(cycles)
        cost: costs.Cost = self._op.cost(pe) if self._steps is None else self._steps.cost(pe)
        return cost

    def apply(self, cycles: int) -> None:
        """As many at once as the function before it puts out, whose folding is set."""
        pe = self.pe(cycles)
        if self._after:
            pe = getCustomOp(self._model.find_producer(self.node.input[0])).get_nodeattr("PE")
        if self._steps is None:
            self._op.set_nodeattr("PE", pe)
        else:
            self._steps.apply(pe)


class SelectFold:
    """A PixelSelect_rtl: as few channels per cycle as its wider side allows."""

    def __init__(self, node: NodeProto) -> None:
        self.node, self.name, self._op = node, node.name, getCustomOp(node)
        self._words = max(
            math.prod(shape)
            for shape in (self._op.get_normal_input_shape(), self._op.get_normal_output_shape())
        )
        bits = self._op.get_output_datatype().bitwidth()
        channels = int(self._op.get_nodeattr("NumChannels"))
        self._choices = [pe for pe in divisors(channels) if pe * bits <= MAX_STREAM_BITS]
        self.floor = self._words // self._choices[-1]

    def pe(self, cycles: int) -> int:
        """Fewest channels per cycle that keep up, or the most there can be."""
        return next((pe for pe in self._choices if self._words // pe <= cycles), self._choices[-1])

    def cost(self, cycles: int) -> costs.Cost:
        cost: costs.Cost = self._op.cost(self.pe(cycles))
        return cost

    def apply(self, cycles: int) -> None:
        self._op.set_nodeattr("PE", self.pe(cycles))


def join_folds(model: ModelWrapper) -> list[JoinFold | FunctionFold | SelectFold]:
    """One per join of the graph, per selection, and per function not folded with its sums; in order."""
    folds: list[JoinFold | FunctionFold | SelectFold] = []
    for node in model.graph.node:
        if node.op_type in JOINS:
            folds.append(JoinFold(model, node))
        elif node.op_type == "PixelSelect_rtl":
            folds.append(SelectFold(node))
        elif node.op_type == "Lookup_rtl" or (
            node.op_type == "Thresholding_rtl" and not _of_sums(model, node)
        ):
            folds.append(FunctionFold(model, node))
    return folds


def _of_sums(model: ModelWrapper, node: NodeProto) -> bool:
    before = model.find_producer(node.input[0])
    return before is not None and before.op_type in ("Deconv_rtl", "Add_rtl")


def fold_forks(model: ModelWrapper, cycles: int) -> None:
    """A fork is wires: it takes words as they come; behind a layer that leaves that open, as a join would."""
    for node in model.get_nodes_by_op_type("Fork_rtl"):
        before, op = model.find_producer(node.input[0]), getCustomOp(node)
        if before is not None and before.op_type != "WidthConvert_rtl":
            op.set_nodeattr("PE", int(getCustomOp(before).get_folded_output_shape()[-1]))
        else:
            JoinFold(model, node).apply(cycles)


def shared_channels(op: Any) -> int:
    """What PE must divide: every stream's channels."""
    return math.gcd(*(op.in_channels(ind) for ind in range(op.in_streams())))


def divisors(n: int) -> list[int]:
    """Divisors of n, ascending."""
    return [d for d in range(1, n + 1) if n % d == 0]
