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


def size_fifos(model: ModelWrapper) -> dict[str, int]:
    """Words of each FIFO such that images leave as fast as the slowest layer allows.

    All start at the smallest and are doubled together until that holds, or until depth no longer helps; then
    each in turn is made as small as it can be. Depths are returned by name, for insert_streams; `model`
    stays as it is.
    """
    trial = insert_streams(copy.deepcopy(model))
    names = [node.name for node in trial.graph.node if node.op_type == "Fifo_rtl"]
    slowest = max(exp_cycles_per_layer(trial).values())
    depths = dict.fromkeys(names, SMALLEST)
    best = period(model, depths)
    while best > slowest and max(depths.values(), default=_DEEPEST) < _DEEPEST:
        deeper = {name: 2 * depth for name, depth in depths.items()}
        reached = period(model, deeper)
        if reached >= best and max(deeper.values()) > 64:
            break  # depth is not what it waits for
        depths, best = deeper, min(best, reached)
    for name in names:
        low, high = SMALLEST, depths[name]
        while low < high:
            middle = (low + high) // 2
            if period(model, {**depths, name: middle}) <= best:
                high = middle
            else:
                low = middle + 1
        depths[name] = high
    return depths


def one_word_less(model: ModelWrapper, depths: dict[str, int]) -> dict[str, int | None]:
    """Cycles per image with one word less in each FIFO alone; None where it is the smallest there is."""
    return {
        name: period(model, {**depths, name: depth - 1}) if depth > SMALLEST else None
        for name, depth in depths.items()
    }


def period(model: ModelWrapper, depths: dict[str, int]) -> int:
    """Cycles between images with these depths; `model` is folded and has no streams inserted."""
    return schedule.run(insert_streams(copy.deepcopy(model), depths)).period
