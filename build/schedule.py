# SPDX-License-Identifier: Apache-2.0
"""Token-level model of a dataflow graph: when words move, not what they hold.

Every node mirrors the registers of its module that valid and ready depend on, so that the cycle counts equal
those of the RTL; tests compare the two.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.costs import QUEUE_WORDS


class Fifo:
    """hw/rtl/fifo.sv: a memory of `depth` words and an output register."""

    def __init__(self, depth: int) -> None:
        self.depth, self.count, self.out = depth, 0, False

    def valid(self, upstream: bool) -> bool:
        return self.out

    def ready(self, downstream: bool) -> bool:
        return self.count != self.depth

    def tick(self, push: bool, pop: bool) -> None:
        load = self.count != 0 and (not self.out or pop)
        self.count += push - load
        self.out = load or (self.out and not pop)


class WidthConvert:
    """hw/rtl/width_convert.sv, all three forms: elements wait until a word is full."""

    def __init__(self, taken: int, given: int) -> None:
        self.taken, self.given, self.have = taken, given, 0
        self.kind = "down" if taken % given == 0 else "up" if given % taken == 0 else "gearbox"
        self.room = given + max(taken, given)

    def valid(self, upstream: bool) -> bool:
        return self.have >= self.given

    def ready(self, downstream: bool) -> bool:
        if self.kind == "down":
            return self.have == 0 or (self.have == self.given and downstream)
        if self.kind == "up":
            return self.have < self.given or downstream
        return self.have <= self.room

    def tick(self, push: bool, pop: bool) -> None:
        self.have += push * self.taken - pop * self.given


class Threshold:
    """FINN's thresholding: a pipeline that is admitted into only while its output queue has room."""

    def __init__(self, stages: int) -> None:
        # thresholding.sv with DEEP_PIPELINE: two registers a stage, three words of slack behind them
        self.latency, self.room = 2 * stages + 1, 2 * stages + 3
        self.pipe: deque[int] = deque()
        self.now, self.queued, self.out = 0, 0, False

    def valid(self, upstream: bool) -> bool:
        return self.out

    def ready(self, downstream: bool) -> bool:
        return len(self.pipe) + self.queued + self.out < self.room

    def tick(self, push: bool, pop: bool) -> None:
        load = self.queued != 0 and (not self.out or pop)
        self.queued -= load
        self.out = load or (self.out and not pop)
        if self.pipe and self.pipe[0] <= self.now:
            self.pipe.popleft()
            self.queued += 1
        self.now += 1
        if push:
            self.pipe.append(self.now + self.latency - 2)


class PixelPad:
    """hw/rtl/pixel_pad.sv: words that come from the input, and words that are zero."""

    def __init__(self, size: list[int], stride: list[int], out: list[int], words: int) -> None:
        self.pattern = [
            y % stride[0] == 0
            and x % stride[1] == 0
            and y // stride[0] < size[0]
            and x // stride[1] < size[1]
            for y in range(out[0])
            for x in range(out[1])
            for _ in range(words)
        ]
        self.at = 0

    def valid(self, upstream: bool) -> bool:
        return upstream or not self.pattern[self.at]

    def ready(self, downstream: bool) -> bool:
        return self.pattern[self.at] and downstream

    def tick(self, push: bool, pop: bool) -> None:
        if pop:
            self.at = (self.at + 1) % len(self.pattern)


class Wires:
    """hw/rtl/channels.sv."""

    def valid(self, upstream: bool) -> bool:
        return upstream

    def ready(self, downstream: bool) -> bool:
        return downstream

    def tick(self, push: bool, pop: bool) -> None:
        pass


class Deconv:
    """hw/rtl/deconv.sv: rows arrive, groups of steps are issued against credits, results queue up."""

    def __init__(self, op: Any) -> None:
        geometry, (nf, sf) = op.geometry, op.fold
        ty, tx = op.taps
        simd = op.get_nodeattr("SIMD") * ty * tx
        self.rows, self.row_words = op.buffer_rows, geometry.cols.size * sf
        self.height, self.padding = geometry.rows.size, -geometry.rows.size % ty
        released, needed = geometry.rows.released(ty), geometry.rows.needed(ty)
        self.drop = np.diff(released, prepend=0).tolist()
        self.more = np.diff(needed, prepend=0).tolist()
        self.groups = [
            [max(1, y * x * sf) for x in geometry.cols.blocks(tx) for _ in range(nf)]
            for y in geometry.rows.blocks(ty)
        ]
        tree = math.ceil(math.log2(simd)) if simd > 1 else 0
        bits = DataType[op.get_nodeattr("weightDataType")].bitwidth()
        rows = (bits + 1) // 2 * (2 if simd > 1 else 1)
        core = {
            "dsp": 4 + tree + (simd == 1),
            "dsp2x": 1 + (4 + max(tree - 1, 0) + (simd <= 2) + 1) // 2,
            "lut": rows + max(tree, 1),
        }[op.get_nodeattr("core")]
        stages = 7 if ty * tx > 1 else 6
        self.latency = stages + core
        self.credit = credits(stages, simd, sf, bits)
        self.queue = Fifo(self.credit)
        self.now = self.oy = self.group = self.done = self.held = self.column = self.row = 0
        self.surplus = -self.more[0]  # rows arrived, less those that the output row needs
        self.results: deque[int] = deque()
        self.freed: deque[tuple[int, int]] = deque()

    def valid(self, upstream: bool) -> bool:
        return self.queue.out

    def ready(self, downstream: bool) -> bool:
        return self.held != self.rows

    def tick(self, push: bool, pop: bool) -> None:
        now = self.now
        arrived = bool(self.results) and self.results[0] == now
        if arrived:
            self.results.popleft()
        if self.freed and self.freed[0][0] == now:
            self.held -= self.freed.popleft()[1]
        groups = self.groups[self.oy]
        last = self.done + 1 == groups[self.group]
        surplus = self.surplus
        if push:
            self._receive()
        if surplus >= 0 and (self.credit or not last):
            self.done += 1
            if last:
                self.done = 0
                self.credit -= 1
                self.results.append(now + self.latency)
                self.group += 1
                if self.group == len(groups):
                    self._end_row(now)
        self.credit += pop
        self.queue.tick(arrived, pop)
        self.now = now + 1

    def _receive(self) -> None:
        self.column += 1
        if self.column == self.row_words:
            self.column, self.row = 0, (self.row + 1) % self.height
            rows = 1 if self.row else 1 + self.padding
            self.surplus += rows
            self.held += rows

    def _end_row(self, now: int) -> None:
        drop = self.drop[self.oy]
        if drop:
            self.freed.append((now + 3, drop))
        self.group, self.oy = 0, (self.oy + 1) % len(self.groups)
        self.surplus -= self.more[self.oy]


def credits(stages: int, simd: int, sf: int, weight_bits: int) -> int:
    """CREDITS of deconv.sv: results in flight or queued."""
    tree = math.ceil(math.log2(simd)) if simd > 1 else 0
    core = (weight_bits + 1 if weight_bits > 6 else 6) + tree
    return max(QUEUE_WORDS, (stages + 1 + core) // sf + 3)


def stages(model: ModelWrapper) -> list[Any]:
    """One timing model per node of a dataflow graph with its streams inserted."""
    found: list[Any] = []
    for node in model.graph.node:
        op = getCustomOp(node)
        if node.op_type == "Deconv_rtl":
            found.append(Deconv(op))
        elif node.op_type == "Fifo_rtl":
            found.append(Fifo(op.get_nodeattr("depth")))
        elif node.op_type == "WidthConvert_rtl":
            found.append(WidthConvert(op.get_nodeattr("in_elems"), op.get_nodeattr("out_elems")))
        elif node.op_type == "Channels_rtl":
            found.append(Wires())
        elif node.op_type == "PixelPad_rtl":
            size, stride, out = (list(op.get_nodeattr(k)) for k in ("size", "stride", "out"))
            found.append(PixelPad(size, stride, out, int(op.get_folded_input_shape()[-2])))
        else:
            found.append(Threshold(op.get_output_datatype().bitwidth()))
    return found


@dataclass(frozen=True)
class Schedule:
    """When words moved. Stream i enters node i; the last one is the graph's output.

    ends: cycle of each image's last output word. first, last: cycles of the first image's first and last
    word on each stream.
    """

    ends: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]

    @property
    def period(self) -> int:
        """Cycles between the last two images."""
        return self.ends[-1] - self.ends[-2]

    @property
    def latency(self) -> int:
        """Cycles from the first input word to the last output word of the first image, both counted."""
        return self.ends[0] - self.first[0] + 1


def run(model: ModelWrapper, images: int = 4) -> Schedule:
    """Stream images back to back through an idle graph: input is always there, output always taken."""
    chain = stages(model)
    ops = [getCustomOp(node) for node in model.graph.node]
    shapes = [op.get_folded_input_shape() for op in ops] + [ops[-1].get_folded_output_shape()]
    beats = [math.prod(int(v) for v in shape[:-1]) for shape in shapes]
    n, cycle, ends = len(chain), 0, list[int]()
    counts, first, last = [0] * (n + 1), [0] * (n + 1), [0] * (n + 1)
    while len(ends) < images:
        valids, upstream = [True] * (n + 1), True
        for i, stage in enumerate(chain):
            upstream = valids[i + 1] = stage.valid(upstream)
        readys, downstream = [True] * (n + 1), True
        for i in range(n - 1, -1, -1):
            downstream = readys[i] = chain[i].ready(downstream)
        moves = [v and r for v, r in zip(valids, readys, strict=True)]
        for i, stage in enumerate(chain):
            stage.tick(moves[i], moves[i + 1])
        for i, moved in enumerate(moves):
            if moved:
                counts[i] += 1
                if counts[i] == 1:
                    first[i] = cycle
                if counts[i] == beats[i]:
                    last[i] = cycle
        if moves[n] and counts[n] % beats[n] == 0:
            ends.append(cycle)
        cycle += 1
    return Schedule(tuple(ends), tuple(first), tuple(last))
