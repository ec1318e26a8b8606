# SPDX-License-Identifier: Apache-2.0
"""Token-level model of a dataflow graph: when words move, not what they hold.

Every stage mirrors the registers of its module that valid and ready depend on, so that the cycle counts equal
those of the RTL; tests compare the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.graph import Streams
from fpgan.build.folding.schedule import (
    batch_buffer,
    deconv,
    fifo,
    joins,
    pixel_pad,
    pixel_select,
    requantize,
    streamed,
    thresholding,
    width_convert,
)
from fpgan.build.folding.schedule.repeats import Repeats, Run
from fpgan.build.folding.schedule.stage import WIRES, IntArray, Stage
from fpgan.build.folding.schedule.step import STUCK, advance, relative
from fpgan.sim.steady import steady

_STAGES: dict[str, Callable[[Any], Stage]] = {
    "Add_rtl": joins.add,
    "BatchBuffer_rtl": batch_buffer.stage,
    "Channels_rtl": lambda op: Stage.of(WIRES, [0], [0]),
    "Concat_rtl": joins.concat,
    "Deconv_rtl": lambda op: streamed.stage(op) if op.streamed else deconv.stage(op),
    "Fifo_rtl": fifo.stage,
    "Fork_rtl": joins.fork,
    "Lookup_rtl": joins.lookup,
    "PixelPad_rtl": pixel_pad.stage,
    "PixelSelect_rtl": pixel_select.stage,
    "Requantize_rtl": requantize.stage,
    "Thresholding_rtl": thresholding.stage,
    "WidthConvert_rtl": width_convert.stage,
}
_SLICE = 1 << 20  # cycles until an interrupt is seen
_FEW = 2  # images after which a FIFO mostly needs no more words


@dataclass(frozen=True)
class Schedule:
    """When words moved, by the streams' numbers (graph.Streams): the last one is the graph's output.

    ends: cycle of each image's last output word. first, last: cycles of the first image's first and last
    word on each stream. batch: images that come and go together.
    """

    ends: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    batch: int = 1

    @property
    def period(self) -> int:
        """Cycles between images once they come evenly; else the longest of the later distances."""
        ends = self.ends[self.batch - 1 :: self.batch]  # of batches, whose images leave as fast as they can
        gaps = np.diff(ends)
        return -(-(steady(ends) or int(gaps[-max(1, len(gaps) // 2) :].max())) // self.batch)

    @property
    def latency(self) -> int:
        """Cycles from the first input word to the last output word of the first image, both counted."""
        return self.ends[0] - self.first[0] + 1


def run(model: ModelWrapper, images: int = 4) -> Schedule:
    """Stream images back to back through an idle graph: input is always there, output always taken."""
    return Timing(model).run(images)


class DeadlockError(ValueError):
    """No word can move any more."""


class Timing:
    """The stages of a dataflow graph with its streams inserted; run as often as one likes."""

    def __init__(self, model: ModelWrapper) -> None:
        nodes = list(model.graph.node)
        ops = [getCustomOp(node) for node in nodes]
        self.streams = Streams.of(model)
        self.batch = max([1, *(op.batch for op in ops if getattr(op, "streamed", False))])  # images at a time
        shapes = [ops[0].get_folded_input_shape()]
        shapes += [op.get_folded_output_shape(k) for op in ops for k in range(len(op.onnx_node.output))]
        self.fifos = {node.name: i for i, node in enumerate(nodes) if node.op_type == "Fifo_rtl"}
        self._beats = np.array([math.prod(int(v) for v in shape[:-1]) for shape in shapes], np.int64)
        self._rows = np.array([int(shape[1]) for shape in shapes], np.int64)
        self.held = dict[str, int]()  # most words in each FIFO in the latest run
        self._stages = [_STAGES[node.op_type](op) for node, op in zip(nodes, ops, strict=True)]
        sides = [
            side for pair in zip(self.streams.inputs, self.streams.outputs, strict=True) for side in pair
        ]
        self._numbers, at = _joined([np.array(side, np.int64) for side in sides])
        self._at = at[::2].copy(), at[1::2].copy()  # where the inputs, the outputs of each stage begin

    def settled(self, depths: Mapping[str, int] | None = None) -> Schedule:
        """Of as many images as it takes for their distance to stay the same: more where paths meet, and of
        batches as many.
        """
        joined = any(len(inputs) > 1 for inputs in self.streams.inputs)
        return self.run(self.batch * (9 if joined else 4), depths)

    def moving(self, depths: Mapping[str, int], name: str) -> int:
        """The least depth of a FIFO with which images leave at all, the others' depths as they are.

        From SMALLEST words on it gets one more whenever nothing moves any more and it is full: whether words
        stop depends on what FIFOs hold, not on when. DeadlockError where more words are no help.
        """
        return int(self._run(_FEW * self.batch, {**depths, name: fifo.SMALLEST}, self.fifos[name])[1])

    def run(self, images: int = 4, depths: Mapping[str, int] | None = None) -> Schedule:
        """As the function of that name; depths: words of FIFOs, by name, that differ from the graph's."""
        return self._run(images, depths)[0]

    def _run(self, images: int, depths: Mapping[str, int] | None, grows: int = -1) -> tuple[Schedule, int]:
        """And the depth of the stage that grows. Then every cycle is stepped through."""
        stages = list(self._stages)
        for name, depth in (depths or {}).items():
            stages[self.fifos[name]] = fifo.of_depth(depth)
        kinds = np.array([stage.kind for stage in stages], np.int64)
        p, p_at = _joined([stage.constants for stage in stages])
        s, s_at = _joined([stage.registers for stage in stages])
        ends, n = np.zeros(images + 1, np.int64), len(stages)  # how many, then when
        counts, first, last = np.zeros((3, len(self._beats)), np.int64)
        run = Run(s, counts, first, last, ends, *np.zeros((3, n), np.int64))
        repeats = Repeats(stages, s_at, self._beats, self._rows)
        while ends[0] < images:
            stop = repeats.stop(run)
            reached = advance(
                kinds, p, p_at, s, s_at, self._numbers, *self._at, self._beats, run.counts, run.first,
                run.last, ends, run.low, run.high, run.cycle, run.cycle + _SLICE, repeats.stream, stop, grows,
            )  # fmt: skip
            if reached == STUCK:
                raise DeadlockError(
                    f"no word can move any more after {ends[0]} images: a FIFO in front of a join is too "
                    "shallow for the words that the other path still needs; make it deeper"
                )
            run.cycle, run.most = reached, np.maximum(run.most, run.high)
            if grows < 0 and run.counts[repeats.stream] == stop and ends[0] < images:
                repeats.look(run, relative(kinds, p, p_at, s, s_at))
        self.held = {name: int(run.most[i]) for name, i in self.fifos.items()}
        words = tuple(run.first.tolist()), tuple(run.last.tolist())
        schedule = Schedule(tuple(ends[1:].tolist()), *words, self.batch)
        return schedule, int(p[p_at[grows]]) if grows >= 0 else 0


def _joined(parts: list[IntArray]) -> tuple[IntArray, IntArray]:
    """All values, and where each part begins; the end last."""
    return np.concatenate(parts), np.cumsum([0, *(len(part) for part in parts)])
