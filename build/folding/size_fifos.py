# SPDX-License-Identifier: Apache-2.0
"""FIFO depths, found by simulating the tokens of the graph: the smallest at which no layer waits in vain."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from finn.analysis.fpgadataflow.exp_cycles_per_layer import exp_cycles_per_layer
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.folding.schedule import timing as schedule
from fpgan.build.folding.schedule.fifo import SMALLEST

_DOUBLINGS, _ENOUGH_DOUBLINGS = 11, 6
_IMAGES_HELD = 8  # that a FIFO in front of a join holds at most
_NEVER = math.inf  # cycles between images that do not come


class Periods(Protocol):
    """Cycles between images of a graph with converters and FIFOs, by their depths."""

    names: list[str]  # of the FIFOs

    def of(self, depths: dict[str, int]) -> float:
        """math.inf where the graph stops."""

    def moving(self, depths: dict[str, int], name: str) -> int:
        """The least depth of one of them with which images come at all, or any below it."""


class Insert(Protocol):
    """What puts converters and FIFOs between the layers of a graph, in place."""

    def __call__(self, model: ModelWrapper, depths: dict[str, int] | None = None) -> ModelWrapper: ...


def size_fifos(
    model: ModelWrapper,
    enough: int = 0,
    insert: Insert = insert_streams,
    clock: Callable[[ModelWrapper], Periods] | None = None,
) -> dict[str, int]:
    """Words of each FIFO: images leave every `enough` cycles, or as fast as the slowest layer allows.

    All start at the smallest, those in front of joins at a whole image, so that the other path may need all
    of it before its first word; they are doubled together until that holds, or until depth no longer helps;
    then each in turn, those of joins first, is made as small as it can be. Depths are returned by name, for
    `insert`; `model` stays as it is. clock: what counts the cycles; a simulation of tokens where nothing else
    is given.
    """
    trial = insert(copy.deepcopy(model))
    timing, slowest = (clock or _Periods)(trial), max(exp_cycles_per_layer(trial).values())
    images = _images_at_joins(trial)
    depths = {name: images.get(name, SMALLEST) for name in timing.names}
    most = {name: _IMAGES_HELD * words for name, words in images.items()}
    best, enough = timing.of(depths), max(enough, slowest)
    for doubling in range(1, _DOUBLINGS + 1):
        if best <= enough:
            break
        deeper = {name: min(2 * depth, most.get(name, 2 * depth)) for name, depth in depths.items()}
        reached = timing.of(deeper)
        if reached >= best and doubling >= _ENOUGH_DOUBLINGS:
            break  # depth is not what it waits for
        depths, best = deeper, min(best, reached)
    limit = max(enough, best)
    for name in sorted(timing.names, key=lambda name: name not in images):
        high = depths[name]
        if high == SMALLEST:
            continue
        low = min(timing.moving(depths, name), high) if name in images else SMALLEST
        first = low if name in images else (low + high) // 2  # one path mostly needs no more
        depths[name] = _least(partial(_with_one, timing, depths, name), low, first, high, limit)
    return depths


def _with_one(timing: Periods, depths: dict[str, int], name: str, depth: int) -> float:
    """With another depth of one of them."""
    return timing.of({**depths, name: depth})


def _least(period: Callable[[int], float], low: int, first: int, high: int, limit: float) -> int:
    """The least depth from `low` on, from which on up to `high` images come every `limit` cycles.

    `first` is tried first. What an image waits for is mostly the same for each word that is missing: the
    depths that do not suffice lie on a line, which is tried where it meets the limit. Every third time the
    middle is, for other curves.
    """
    middle, short, tries = first, list[tuple[int, float]](), 0
    while low < high:
        found, tries = period(middle), tries + 1
        if found <= limit:
            high = middle
        else:
            low = middle + 1
            short.append((middle, found))
        meets = _meeting(short[-2:], limit) if tries % 3 else None
        middle = (low + high) // 2 if meets is None else min(max(meets, low), high - 1)
    return high


def _meeting(short: Sequence[tuple[int, float]], limit: float) -> int | None:
    """Where the line through the last depths and their cycles meets the limit; None where there is none.

    Through one alone there are many: the next depth is to be near it.
    """
    if not short or short[0][1] == _NEVER:
        return None
    if len(short) < 2:
        return 2 * short[0][0]
    (a, slow), (b, faster) = short
    if slow <= faster:
        return None
    return b + math.ceil((faster - limit) * (b - a) / (slow - faster))


def one_word_less(model: ModelWrapper, depths: dict[str, int]) -> dict[str, int | None]:
    """Cycles per image with one word less in each FIFO alone.

    None where it is the smallest there is; 0 where no image would come any more.
    """
    timing, less = _Periods(insert_streams(copy.deepcopy(model))), dict[str, int | None]()
    for name, depth in depths.items():
        cycles = timing.of({**depths, name: depth - 1}) if depth > SMALLEST else None
        less[name] = 0 if cycles == _NEVER else cycles  # type: ignore[assignment]
    return less


def period(model: ModelWrapper, depths: dict[str, int]) -> int:
    """Cycles between images with these depths; `model` is folded and has no streams inserted."""
    return schedule.Timing(insert_streams(copy.deepcopy(model))).settled(depths).period


def _images_at_joins(model: ModelWrapper) -> dict[str, int]:
    """FIFOs in front of joins, and the words of an image in each."""
    makers = {name: node for node in model.graph.node for name in node.output}
    streams = [[makers[name] for name in node.input if name in makers] for node in model.graph.node]
    fifos = [fifo for before in streams if len(before) > 1 for fifo in before]
    return {fifo.name: max(SMALLEST, getCustomOp(fifo).get_exp_cycles()) for fifo in fifos}


class _Periods:
    """Cycles between images, by the depths of FIFOs."""

    def __init__(self, model: ModelWrapper) -> None:
        self._timing = schedule.Timing(model)
        self.names = list(self._timing.fifos)
        self._runs: list[tuple[dict[str, int], dict[str, int], float]] = []

    def moving(self, depths: dict[str, int], name: str) -> int:
        """The least depth of one of them with which images come at all."""
        return self._timing.moving(depths, name)

    def of(self, depths: dict[str, int]) -> float:
        """_NEVER where the graph stops. A run whose FIFOs differ only where none is ever full is the same."""
        for before, held, known in self._runs:
            if all(
                depths[name] == before[name] or min(depths[name], before[name]) > held[name]
                for name in self.names
            ):
                return known
        try:
            found: float = self._timing.settled(depths).period
        except schedule.DeadlockError:
            return _NEVER
        self._runs.append((dict(depths), self._timing.held, found))
        return found
