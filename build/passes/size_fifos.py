# SPDX-License-Identifier: Apache-2.0
"""FIFO depths, found by simulating the tokens of the graph: the smallest at which no layer waits in vain."""

from __future__ import annotations

import copy

from finn.analysis.fpgadataflow.exp_cycles_per_layer import exp_cycles_per_layer
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build import schedule
from fpgan.build.passes.streams import insert_streams

_IMAGES = 4
_DEEPEST = 4096


def size_fifos(model: ModelWrapper) -> dict[str, int]:
    """Words of each FIFO such that images leave as fast as the slowest layer allows.

    All start at 2 and are doubled together until that holds; then each is halved for as long as it still
    does. Depths are returned by name for insert_streams, which this does not apply to `model`.
    """
    trial = insert_streams(copy.deepcopy(model))
    names = [node.name for node in trial.graph.node if node.op_type == "Fifo_rtl"]
    slowest = max(exp_cycles_per_layer(trial).values())
    depths = dict.fromkeys(names, 2)
    best = _period(model, depths)
    while best > slowest and max(depths.values(), default=_DEEPEST) < _DEEPEST:
        deeper = {name: 2 * depth for name, depth in depths.items()}
        period = _period(model, deeper)
        if period >= best and max(deeper.values()) > 64:
            break  # depth is not what it waits for
        depths, best = deeper, min(best, period)
    for name in names:
        while depths[name] > 2 and _period(model, {**depths, name: depths[name] // 2}) <= best:
            depths[name] //= 2
    return depths


def _period(model: ModelWrapper, depths: dict[str, int]) -> int:
    ends = schedule.run(insert_streams(copy.deepcopy(model), depths), _IMAGES)
    return ends[-1] - ends[-2]
