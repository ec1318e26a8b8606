# SPDX-License-Identifier: Apache-2.0
"""Token-level model of a dataflow graph: when words move, not what they hold.

Every stage mirrors the registers of its module that valid and ready depend on, so that the cycle counts equal
those of the RTL; tests compare the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.costs import QUEUE_WORDS
from fpgan.build.dataflow.graph import Streams
from fpgan.build.folding.schedule.step import (
    ADD,
    CONCAT,
    CREDIT,
    DECONV,
    DOWN,
    FIFO,
    FORK,
    FREE_PLACES,
    GEARBOX,
    LISTS,
    PAD,
    STUCK,
    SURPLUS,
    THRESHOLD,
    UP,
    WIDTH,
    WIRES,
    IntArray,
    advance,
)  # fmt: skip

_SLICE = 1 << 20  # cycles until an interrupt is seen


@dataclass(frozen=True)
class Schedule:
    """When words moved, by the streams' numbers (graph.Streams): the last one is the graph's output.

    ends: cycle of each image's last output word. first, last: cycles of the first image's first and last
    word on each stream.
    """

    ends: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]

    @property
    def period(self) -> int:
        """Cycles between images once they come evenly: the longest of the later half of the distances."""
        gaps = np.diff(self.ends)
        return int(gaps[-max(1, len(gaps) // 2) :].max())

    @property
    def latency(self) -> int:
        """Cycles from the first input word to the last output word of the first image, both counted."""
        return self.ends[0] - self.first[0] + 1


def run(model: ModelWrapper, images: int = 4) -> Schedule:
    """Stream images back to back through an idle graph: input is always there, output always taken."""
    return Timing(model).run(images)


@dataclass(frozen=True)
class _Stage:
    """A module's kind, constants, and registers as a reset leaves them."""

    kind: int
    constants: IntArray
    registers: IntArray

    @classmethod
    def of(cls, kind: int, constants: list[int], registers: list[int]) -> _Stage:
        return cls(kind, np.array(constants, np.int64), np.array(registers, np.int64))


class DeadlockError(ValueError):
    """No word can move any more."""


class Timing:
    """The stages of a dataflow graph with its streams inserted; run as often as one likes."""

    def __init__(self, model: ModelWrapper) -> None:
        nodes = list(model.graph.node)
        ops = [getCustomOp(node) for node in nodes]
        self.streams = Streams.of(model)
        shapes = [ops[0].get_folded_input_shape()]
        shapes += [op.get_folded_output_shape(k) for op in ops for k in range(len(op.onnx_node.output))]
        self.fifos = {node.name: i for i, node in enumerate(nodes) if node.op_type == "Fifo_rtl"}
        self._beats = np.array([math.prod(int(v) for v in shape[:-1]) for shape in shapes], np.int64)
        self._stages = [_stage(node, op) for node, op in zip(nodes, ops, strict=True)]
        sides = [
            side for pair in zip(self.streams.inputs, self.streams.outputs, strict=True) for side in pair
        ]
        self._numbers, at = _joined([np.array(side, np.int64) for side in sides])
        self._at = at[::2].copy(), at[1::2].copy()  # where the inputs, the outputs of each stage begin

    def settled(self, depths: Mapping[str, int] | None = None) -> Schedule:
        """Of as many images as it takes for their distance to stay the same: more where paths meet."""
        return self.run(9 if any(len(inputs) > 1 for inputs in self.streams.inputs) else 4, depths)

    def run(self, images: int = 4, depths: Mapping[str, int] | None = None) -> Schedule:
        """As the function of that name; depths: words of FIFOs, by name, that differ from the graph's."""
        stages = list(self._stages)
        for name, depth in (depths or {}).items():
            stages[self.fifos[name]] = _fifo(depth)
        kinds = np.array([stage.kind for stage in stages], np.int64)
        p, p_at = _joined([stage.constants for stage in stages])
        s, s_at = _joined([stage.registers for stage in stages])
        counts, first, last = np.zeros((3, len(self._beats)), np.int64)
        ends, cycle = np.zeros(images + 1, np.int64), 0  # how many, then when
        while ends[0] < images:
            reached = advance(
                kinds, p, p_at, s, s_at, self._numbers, *self._at, self._beats, counts,
                first, last, ends, cycle, cycle + _SLICE,
            )  # fmt: skip
            if reached == STUCK:
                raise DeadlockError(
                    f"no word can move any more after {ends[0]} images: a FIFO in front of a join is too "
                    "shallow for the words that the other path still needs; make it deeper"
                )
            cycle = reached
        return Schedule(tuple(ends[1:].tolist()), tuple(first.tolist()), tuple(last.tolist()))


def _joined(parts: list[IntArray]) -> tuple[IntArray, IntArray]:
    """All values, and where each part begins; the end last."""
    return np.concatenate(parts), np.cumsum([0, *(len(part) for part in parts)])


def _stage(node: NodeProto, op: Any) -> _Stage:
    if node.op_type == "Deconv_rtl":
        return _deconv(op)
    if node.op_type == "Fifo_rtl":
        return _fifo(op.get_nodeattr("depth"))
    if node.op_type == "WidthConvert_rtl":
        return _width_convert(op.get_nodeattr("in_elems"), op.get_nodeattr("out_elems"))
    if node.op_type == "Fork_rtl":
        return _Stage.of(FORK, [0], [0] * len(node.output))
    if node.op_type == "Add_rtl":
        return _Stage.of(ADD, [0], [0])
    if node.op_type == "Concat_rtl":
        return _Stage.of(CONCAT, [len(node.input), *op.words()], [0, 0, 0])
    if node.op_type == "Channels_rtl":
        return _Stage.of(WIRES, [0], [0])
    if node.op_type == "PixelPad_rtl":
        size, stride, out = (list(op.get_nodeattr(k)) for k in ("size", "stride", "out"))
        return _pixel_pad(size, stride, out, int(op.get_folded_input_shape()[-2]))
    return _threshold(op.get_output_datatype().bitwidth())


def _fifo(depth: int) -> _Stage:
    return _Stage.of(FIFO, [depth], [0, 0])


def _width_convert(taken: int, given: int) -> _Stage:
    form = DOWN if taken % given == 0 else UP if given % taken == 0 else GEARBOX
    return _Stage.of(WIDTH, [taken, given, form, given + min(taken, given)], [0])


def _threshold(stages: int) -> _Stage:
    # thresholding.sv with DEEP_PIPELINE: two registers a stage, three words of slack behind them
    latency, room = 2 * stages + 1, 2 * stages + 3
    return _Stage.of(THRESHOLD, [latency, room], [0, 0, 0, 0, 0] + [0] * room)


def _pixel_pad(size: list[int], stride: list[int], out: list[int], words: int) -> _Stage:
    rows, cols = (
        (np.arange(out[d]) % stride[d] == 0) & (np.arange(out[d]) // stride[d] < size[d]) for d in range(2)
    )
    pattern = np.repeat(np.outer(rows, cols).reshape(-1), words)
    return _Stage(PAD, np.array([len(pattern), *pattern], np.int64), np.zeros(1, np.int64))


def _deconv(op: Any) -> _Stage:
    """Of a Deconv_rtl node."""
    geometry, (nf, sf), (ty, tx) = op.geometry, op.fold, op.taps
    wide = op.get_nodeattr("SIMD") * ty * tx
    tree = math.ceil(math.log2(wide)) if wide > 1 else 0
    bits = DataType[op.get_nodeattr("weightDataType")].bitwidth()
    digits = (bits + 1) // 2 * (2 if wide > 1 else 1)
    core = {
        "dsp": 4 + tree + (wide == 1),
        "dsp2x": 1 + (4 + max(tree - 1, 0) + (wide <= 2) + 1) // 2,
        "lut": digits + max(tree, 1),
    }[op.get_nodeattr("core")]
    stages = 7 if ty * tx > 1 else 6
    rows, cols, places = geometry.rows, geometry.cols, credits(stages, wide, sf, bits)
    constants = [
        op.buffer_rows, cols.size * sf, rows.size, -rows.size % ty, stages + core, rows.out, cols.out,
        nf, sf, places,
    ]  # fmt: skip
    drop, more = np.diff(rows.released(ty), prepend=0), np.diff(rows.needed(ty), prepend=0)
    tables = np.concatenate([drop, more, rows.blocks(ty), cols.blocks(tx)])
    registers = np.zeros(LISTS + places + 2 * FREE_PLACES, np.int64)
    registers[CREDIT], registers[SURPLUS] = places, -more[0]  # rows arrived, less those that the row needs
    return _Stage(DECONV, np.concatenate([constants, tables]).astype(np.int64), registers)


def credits(stages: int, simd: int, sf: int, weight_bits: int) -> int:
    """CREDITS of deconv.sv: results in flight or queued."""
    tree = math.ceil(math.log2(simd)) if simd > 1 else 0
    core = (weight_bits + 1 if weight_bits > 6 else 6) + tree
    return max(QUEUE_WORDS, (stages + 1 + core) // sf + 3)
