# SPDX-License-Identifier: Apache-2.0
"""Every way to fold one deconvolution: channels and taps per cycle, compute core, weight memory, padding."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from finn.util.basic import get_dsp_block
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.joins import divisors
from fpgan.build.dataflow.loaded_costs import loaded_threshold_cost
from fpgan.build.dataflow.requantizers import Requantizer, possible
from fpgan.build.dataflow.streams import MAX_STREAM_BITS
from fpgan.build.dataflow.styles import Storage
from fpgan.build.folding.channels import folds, paddings
from fpgan.build.folding.option import MEMORIES, SIDE_CORES, Fold, Option, Rows, unbeaten
from fpgan.build.folding.sharing import shares
from fpgan.build.folding.streaming import Streaming, may_stream, tiles_for, worth_streaming
from fpgan.build.folding.surroundings import awaited, feeding, is_edge, may_be_padded
from fpgan.sim.golden import groups_at_once

DEEPEST_IN_LUTS = 512  # words; beyond it block RAM is always cheaper
_SHARED_LANES = 1.5  # folds with more than so many times the fewest lanes are not shared between cores
Priced = list[tuple[Requantizer | None, costs.Cost]]  # what puts sums onto levels; None: thresholds


class LayerOptions:
    """The options of one Deconv_rtl and of the thresholding behind it."""

    def __init__(
        self,
        model: ModelWrapper,
        node: NodeProto,
        part: str,
        cores: Collection[str],
        storage: Storage = "rom",
        urams: int = 0,
        streaming: Streaming | None = None,
    ) -> None:
        self.node, self.name, self._storage, self._urams = node, node.name, storage, urams
        self._op, self._block = getCustomOp(node), get_dsp_block(part)
        self.threshold_node = model.find_consumers(node.output[0])[0]
        self.before, self._free = feeding(model, node), may_be_padded(model, node, self.threshold_node)
        steps = getCustomOp(self.threshold_node)
        self._pixels = math.prod(int(n) for n in steps.get_nodeattr("numInputVectors"))
        self._acc_bits = steps.get_input_datatype().bitwidth()
        self._out_bits = steps.get_output_datatype().bitwidth()
        last = not model.find_consumers(self.threshold_node.output[0])
        may = streaming is not None and may_stream(self._op, steps, last)
        if storage == "streamed" and streaming is not None:
            may = may and worth_streaming(self._op, self._out_bits, streaming.batch)
        self._streaming = streaming if may else None
        self.held = self._images(self._op.get_normal_input_shape(), self._op.get_input_datatype().bitwidth())
        self._requantizers = [] if storage == "loaded" else possible(model, self.threshold_node)
        self.awaited = awaited(model, node)
        self._edges = is_edge(model, node, self.threshold_node)
        self._sharing_cores = [core for core in SIDE_CORES if core in cores and "cascade" in cores]
        # Of one product per cycle there is nothing that dsp2x could split; cascade takes no sums of 32 bits.
        self.options = list(self._enumerate(cores)) or list(self._enumerate(("dsp",)))
        self.floor = min(option.cycles for option in self.options)
        self._behind: dict[tuple[int, int, int, Rows, bool], Priced] = {}  # see `_streams`
        self._shared: dict[Fold, list[Option]] = {}  # see `_sharing`

    def within(self, cycles: int) -> list[tuple[Option, costs.Cost]]:
        """Options that take at most `cycles`, each with its cost including the streams behind it.

        Of those with the same channel counts only the ones that no other one beats in every resource.
        """
        found = self._unbeaten((option for option in self.options if option.cycles <= cycles), cycles)
        if not self._sharing_cores or not found:
            return found
        most = _SHARED_LANES * min(option.lanes for option, _ in found)
        folds = {o.fold: o for o, _ in found if o.lanes <= most and not o.shape.own_taps}
        shared = [one for option in folds.values() for one in self._sharing(option)]
        return self._unbeaten([option for option, _ in found] + shared, cycles)

    def sooner(self, cycles: int) -> list[tuple[Option, costs.Cost]]:
        """Those within so many cycles, half and a quarter of them."""
        return [one for pace in (cycles, cycles // 2, cycles // 4) for one in self.within(pace)]

    def _images(self, shape: Sequence[int], bits: int) -> costs.Cost:
        """Of a buffer of a batch's images (1,H,W,C), where weights may be streamed."""
        return self._streaming.images(math.prod(shape), bits) if self._streaming else costs.Cost(0)

    def _unbeaten(self, options: Iterable[Option], cycles: int) -> list[tuple[Option, costs.Cost]]:
        priced = dict[tuple[int, int, bool], list[tuple[costs.Cost, tuple[Option, Any]]]]()
        for option in sorted(options, key=lambda option: option.lanes):
            kind = priced.setdefault((option.ci, option.co, option.tiles > 1), [])
            kind += [(option.cost + cost, (option, steps)) for steps, cost in self._streams(option, cycles)]
        return [
            (replace(option, requantizer=steps, pace=cycles), cost)
            for kind in priced.values()
            for cost, (option, steps) in unbeaten(kind)
        ]

    def _sharing(self, option: Option) -> list[Option]:
        """Ways to share a fold's channels between two kinds of core and memory; none with groups at once."""
        if option.fold not in self._shared:
            found = self._kinds(self._sharing_cores, replace(option.shape, side_pe=0))
            kinds = [kind[:2] for kind in found if kind[1] in MEMORIES and kind[2] == "rom"]
            self._shared[option.fold] = list(shares(option, kinds, self._block))
        return self._shared[option.fold]

    def threshold_pe(self, option: Option, cycles: int) -> int:
        """Fewest channels per cycle with which thresholding keeps up: a divisor of the deconv's PE."""
        return next((pe for pe in divisors(option.pe) if self._keeps_up(option, pe, cycles)), option.pe)

    def _keeps_up(self, option: Option, pe: int, cycles: int) -> bool:
        """Rows at the border have fewer taps and come faster; what the result queue does not hold is lost."""
        rows = sum(count for count, _ in option.rows)
        need = self._pixels * option.co // pe // rows  # cycles per output row
        room = costs.QUEUE_WORDS * option.pe // pe
        if need * rows > cycles:
            return False
        waiting = lost = 0
        for count, taken in option.rows * 2:  # the second image finds what the first left
            waiting = max(0, waiting + count * (need - taken))
            lost += max(0, waiting - room)
            waiting = min(waiting, room)
        return option.cycles + lost <= cycles

    def _streams(self, option: Option, cycles: int) -> Priced:
        """What may put the sums onto levels, with the converter before it.

        The same for options that differ in cores and memories alone.
        """
        same = cycles, option.pe, option.co, option.rows, option.tiles > 1
        if same not in self._behind:
            pe = self.threshold_pe(option, cycles)
            converter = costs.width_convert_cost(option.pe, pe, self._acc_bits)
            found = self._steps(pe, option.co, option.tiles > 1)
            self._behind[same] = [(steps, converter + cost) for steps, cost in found]
        return self._behind[same]

    def _steps(self, pe: int, channels: int, tiled: bool) -> Priced:
        """Those that no other one beats in every resource; thresholds where channels come in tiles."""
        priced = loaded_threshold_cost if self._storage == "loaded" else costs.threshold_cost
        thresholds = priced(pe, channels, self._acc_bits, self._out_bits)
        found: Priced = [(None, thresholds)]
        for requantizer in [] if tiled else self._requantizers:
            cost = requantizer.cost(pe, channels)
            if not any(other.within(cost) for _, other in found):
                found = [(one, c) for one, c in found if not cost.within(c)] + [(requantizer, cost)]
        return found

    def _enumerate(self, cores: Collection[str]) -> Iterator[Option]:
        op = self._op
        act, acc = op.get_input_datatype().bitwidth(), op.get_output_datatype().bitwidth()
        geometry = op.geometry
        walks = {taps: _Walk(op, taps) for taps in itertools.product(geometry.rows.pars, geometry.cols.pars)}
        shape = op.shape()
        for ci in self._counts(0, op.get_nodeattr("CI"), act):
            for co in self._counts(1, op.get_nodeattr("CO"), self._out_bits):
                for pe, simd in folds(ci, co, op.groups):
                    if max(pe * acc, simd * act) > MAX_STREAM_BITS:
                        continue
                    for taps, walk in walks.items():
                        # Taps in parallel cost banks and masks: channels first.
                        at_once = groups_at_once(co, op.groups, pe)
                        synapse_fold = ci * at_once // op.groups // simd
                        if taps != (1, 1) and synapse_fold > 1:
                            continue
                        folded = replace(
                            shape, pe=pe, simd=simd, taps=math.prod(taps), at_once=at_once,
                            weight_words=walk.words * (co // pe) * synapse_fold,
                            buffer_words=walk.buffer_pixels * (ci // simd),
                        )  # fmt: skip
                        rows = walk.rows(co // pe, synapse_fold)
                        cycles = sum(count * each for count, each in rows)
                        if co // pe > 1 and self._streaming is not None:
                            yield from self._tiled(cores, folded, (ci, co, pe, simd, taps), rows)
                        for one in self._shapes(cores, folded, taps, pe == co):
                            yield Option(
                                pe, simd, taps, one.core, one.weight_memory, ci, co, cycles, rows,
                                costs.deconv_cost(one, self._block), one.lanes, one,
                                "loaded" if one.loaded else "rom",
                                side=(one.side_pe, one.side_core, one.side_memory) if one.own_taps else None,
                            )  # fmt: skip

    def _shapes(
        self, cores: Collection[str], folded: costs.DeconvShape, taps: tuple[int, int], whole: bool
    ) -> Iterator[costs.DeconvShape]:
        """Of a fold, with each core and memory; whole: all channels at once.

        Then two columns that are side by side may have cores of their own, which leave out the taps that a
        column has no weights at.
        """
        for core, memory, storage in self._kinds(cores, folded):
            yield replace(folded, core=core, weight_memory=memory, loaded=storage == "loaded")
        columns, cols = self._op.column_taps, self._op.geometry.cols
        if not columns or not whole or taps[1] < cols.kernel or cols.stride > 1 or self._storage == "loaded":
            return
        own = replace(
            folded, own_taps=tuple(taps[0] * count for count in columns[1::2]), side_pe=folded.pe // 2
        )
        kinds = [
            [kind for kind in self._kinds(cores, part) if kind[0] in SIDE_CORES and kind[2] == "rom"]
            for part in own.parts
        ]
        for (core, memory, _), (side_core, side_memory, _) in itertools.product(*kinds):
            yield replace(own, core=core, weight_memory=memory, side_core=side_core, side_memory=side_memory)

    def _tiled(
        self, cores: Collection[str], folded: costs.DeconvShape, fold: tuple[Any, ...], rows: Rows
    ) -> Iterator[Option]:
        """With weights that are streamed."""
        (ci, co, pe, simd, taps), streaming = fold, self._streaming
        assert streaming is not None
        tiles = tiles_for(co, pe)
        shape = streaming.tiled(folded, tiles)
        given = streaming.bytes_per_image(shape, tiles)
        cycles = max(sum(count * each for count, each in rows), streaming.cycles(given))
        pixels = self._op.get_normal_output_shape()[:-1]
        around = self._images([*pixels, co], self._out_bits) + costs.Cost(0, bandwidth=given)
        for core, memory in self._cores(cores, replace(shape, weight_words=2 * shape.weight_words)):
            one = replace(shape, core=core, weight_memory=memory)
            cost = costs.deconv_cost(one, self._block) + around
            yield Option(pe, simd, taps, core, memory, ci, co, cycles, rows, cost, one.lanes, one, "streamed",
                         tiles=tiles)  # fmt: skip

    def _cores(self, cores: Collection[str], shape: costs.DeconvShape) -> Iterator[tuple[str, str]]:
        """Cores, with memories that hold so many words."""
        for core in cores:
            if core == "dsp2x" and shape.wide < 2:
                continue  # nothing to split over two fast cycles
            if core == "cascade" and shape.packing(self._block) is None:
                continue
            for memory in MEMORIES:
                if memory == "block" or shape.weight_words <= DEEPEST_IN_LUTS:
                    yield core, memory

    def _kinds(self, cores: Collection[str], shape: costs.DeconvShape) -> Iterable[tuple[str, str, str]]:
        """Core, memory, and where the weights live."""
        if self._storage == "streamed" and self._streaming is not None:
            return
        loaded = self._storage == "loaded"
        for core, memory in self._cores(cores, shape):
            yield core, memory, "loaded" if loaded else "rom"
            if memory != "block":
                continue
            if core == "lut" and shape.weight_words == 1 and not loaded:
                yield core, "constant", "rom"
            if self._storage in ("loaded", "auto") and self._urams:
                yield core, "ultra", "loaded"

    def _counts(self, side: int, count: int, bits: int) -> list[int]:
        """Channels to try of the input (side 0) or output (1).

        Where the image is the accelerator's own, a pixel with more channels is one word (channels.sv).
        """
        if not self._free[side] or self._op.groups > 1:
            return [count]
        most = MAX_STREAM_BITS // bits if self._edges[side] else math.inf
        return [
            padded
            for padded in paddings(count, bool(self._sharing_cores))
            if padded == count or padded <= most
        ]


class _Walk:
    """Cycles and memories of a geometry with some taps in parallel, for any fold."""

    def __init__(self, op: Any, taps: tuple[int, int]) -> None:
        rows, cols = op.geometry.rows, op.geometry.cols
        per_row, columns = rows.blocks(taps[0]), cols.blocks(taps[1])
        self._rows = [(len(list(run)), y) for y, run in itertools.groupby(per_row)]
        self._blocks, self._empty, self._columns = sum(columns), columns.count(0), len(columns)
        self.words = len(rows.weight_blocks(taps[0])) * len(cols.weight_blocks(taps[1]))
        self.buffer_pixels = op.buffer_rows_for(taps) // taps[0] * -(-cols.size // taps[1])

    def rows(self, neuron_fold: int, synapse_fold: int) -> tuple[tuple[int, int], ...]:
        """Runs of equal output rows: how many, cycles of each."""
        return tuple(
            (count, neuron_fold * (y * self._blocks * synapse_fold + (self._empty if y else self._columns)))
            for count, y in self._rows
        )
