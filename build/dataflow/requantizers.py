# SPDX-License-Identifier: Apache-2.0
"""Requantizers in the place of thresholds that lie along lines: which there could be, and putting one in."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.carrier import carried
from fpgan.build.dataflow.costs import Cost
from fpgan.build.dataflow.integer_graph import REACH
from fpgan.build.dataflow.lines import Line, find_lines
from fpgan.build.dataflow.ops import RTL_DOMAIN
from fpgan.build.dataflow.requantize_costs import LineShape, requantize_cost
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.frontend.linear import IntArray
from fpgan.hw.report_file import ReportLine

_CORES = ("lut", "dsp")
_LEAST_BITS = 5  # of an output: with fewer thresholds they are never dearer
_KEPT = 64


@dataclass(frozen=True)
class Requantizer:
    """One that makes the integers of a Thresholding_rtl."""

    line: Line
    shape: LineShape

    def cost(self, pe: int, channels: int) -> Cost:
        """Of so many channels at once, of all with those that pad them."""
        return requantize_cost(pe, replace(self.shape, channels=channels))

    def __str__(self) -> str:
        size = line_size(self.shape)
        marks = f", marks of {size.mark_bits}" if size.mark_bits else ""
        return (
            f"multipliers of {size.multiplier_bits} bits{marks}: {size.memory_bits:,} bits where thresholds "
            f"take {size.threshold_bits:,}"
        )


def line_size(shape: LineShape) -> ReportLine:
    """What a requantizer holds, of all its channels."""
    line, marks = shape.multiplier_bits + shape.offset_bits, (shape.levels + 1) * shape.mark_bits
    return ReportLine(
        multiplier_bits=shape.multiplier_bits, offset_bits=shape.offset_bits, shift=shape.shift,
        levels=shape.levels, mark_bits=shape.mark_bits, memory_bits=shape.channels * (line + marks),
        threshold_bits=shape.channels * shape.levels * shape.acc_bits,
    )  # fmt: skip


def possible(model: ModelWrapper, node: NodeProto) -> list[Requantizer]:
    """For a Thresholding_rtl: its lines, each with every core."""
    op = getCustomOp(node)
    reach = json.loads(model.get_metadata_prop(REACH) or "{}").get(node.name)
    if reach is None or op.get_output_datatype().bitwidth() < _LEAST_BITS:
        return []
    steps = np.rint(model.get_initializer(node.input[1])).astype(np.int64)
    ends = np.array(reach, np.int64)
    lines = _lines(steps.tobytes(), steps.shape, ends.tobytes(), op.get_nodeattr("ActVal"))
    found = [Requantizer(line, _shape(op, line, ends, core)) for line in lines for core in _CORES]
    return [one for one in found if one.shape.core == "lut" or one.shape.fits_dsp]


def better(model: ModelWrapper, node: NodeProto, pe: int, thresholds: Cost) -> Requantizer | None:
    """In the place of thresholds where it takes less of every resource that they take."""
    found = [(one.cost(pe, one.shape.channels), one) for one in possible(model, node)]
    less = [(cost.amounts, k) for k, (cost, _) in enumerate(found) if cost.within(thresholds)]
    return found[min(less)[1]][1] if less else None


@lru_cache(maxsize=_KEPT)
def _lines(steps: bytes, shape: tuple[int, int], ends: bytes, low: int) -> list[Line]:
    first, last = np.frombuffer(ends, np.int64).reshape(2, -1)
    return find_lines(np.frombuffer(steps, np.int64).reshape(shape), first, last, low)


def _shape(op: Any, line: Line, ends: IntArray, core: str) -> LineShape:
    kind = op.get_input_datatype()
    t = line.multiplier * ends + line.offset
    bits = smallest_type(int(t.min()), int(t.max()), signed=True).bitwidth()
    offset = smallest_type(int(line.offset.min()), int(line.offset.max()), signed=True).bitwidth()
    return LineShape(
        len(line.multiplier), kind.bitwidth() + (not kind.signed()),
        max(1, int(line.multiplier.max()).bit_length()), offset,
        max(bits, line.shift + line.levels.bit_length() + 1), line.shift, line.levels, line.mark_bits, core,
    )  # fmt: skip


def put(model: ModelWrapper, node: NodeProto, requantizer: Requantizer) -> NodeProto:
    """A Requantize_rtl in the place of a Thresholding_rtl; returns the graph's node."""
    line, shape = requantizer.line, requantizer.shape
    op, index = getCustomOp(node), node.name.rpartition("_")[2]
    name, values, marks = f"requantize_{index}", f"line_{index}", f"marks_{index}"
    size = list(op.get_nodeattr("numInputVectors"))
    new = helper.make_node(
        "Requantize_rtl", [node.input[0], values, marks], list(node.output), name=name, domain=RTL_DOMAIN,
        backend="fpgadataflow", size=size[1:], NumChannels=shape.channels, PE=1,
        inputDataType=op.get_input_datatype().name, outputDataType=op.get_output_datatype().name,
        shift=line.shift, low=line.low, mark_bits=line.mark_bits, multiplier_bits=shape.multiplier_bits,
        offset_bits=shape.offset_bits, t_bits=shape.t_bits, levels=line.levels, core=shape.core,
    )  # fmt: skip
    constants = np.stack([line.multiplier, line.offset], 1)
    for tensor, held in ((values, constants), (marks, line.marks)):
        model.set_initializer(tensor, carried(held))
        kind = smallest_type(int(held.min()), int(held.max()))
        model.set_tensor_datatype(tensor, kind if kind.bitwidth() <= 64 else DataType["INT64"])
    place = list(model.graph.node).index(node)
    model.graph.node.remove(node)
    model.graph.node.insert(place, new)  # a copy of it
    return model.graph.node[place]
