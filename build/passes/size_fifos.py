# SPDX-License-Identifier: Apache-2.0
"""FIFO depths, found by simulating the tokens of the graph: the smallest at which no layer waits in vain."""

from __future__ import annotations

import copy

from finn.analysis.fpgadataflow.exp_cycles_per_layer import exp_cycles_per_layer
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build import schedule
from fpgan.build.passes.streams import insert_streams

SMALLEST = 2  # words that hw/rtl/fifo.sv holds at least
_DEEPEST = 4096


def size_fifos(model: ModelWrapper, enough: int = 0) -> dict[str, int]:
    """Words of each FIFO: images leave every `enough` cycles, or as fast as the slowest layer allows.

    All start at the smallest and are doubled together until that holds, or until depth no longer helps; then
    each in turn is made as small as it can be. Depths are returned by name, for insert_streams; `model`
    stays as it is.
    """
    trial = insert_streams(copy.deepcopy(model))
    timing, slowest = schedule.Timing(trial), max(exp_cycles_per_layer(trial).values())
    depths = dict.fromkeys(timing.fifos, SMALLEST)
    best, enough = timing.run(depths=depths).period, max(enough, slowest)
    while best > enough and max(depths.values(), default=_DEEPEST) < _DEEPEST:
        deeper = {name: 2 * depth for name, depth in depths.items()}
        reached = timing.run(depths=deeper).period
        if reached >= best and max(deeper.values()) > 64:
            break  # depth is not what it waits for
        depths, best = deeper, min(best, reached)
    enough = max(enough, best)
    for name in timing.fifos:
        low, high = SMALLEST, depths[name]
        while low < high:
            middle = (low + high) // 2
            if timing.run(depths={**depths, name: middle}).period <= enough:
                high = middle
            else:
                low = middle + 1
        depths[name] = high
    return depths


def one_word_less(model: ModelWrapper, depths: dict[str, int]) -> dict[str, int | None]:
    """Cycles per image with one word less in each FIFO alone; None where it is the smallest there is."""
    timing = _timing(model)
    return {
        name: timing.run(depths={**depths, name: depth - 1}).period if depth > SMALLEST else None
        for name, depth in depths.items()
    }


def period(model: ModelWrapper, depths: dict[str, int]) -> int:
    """Cycles between images with these depths; `model` is folded and has no streams inserted."""
    return _timing(model).run(depths=depths).period


def _timing(model: ModelWrapper) -> schedule.Timing:
    return schedule.Timing(insert_streams(copy.deepcopy(model)))
