# SPDX-License-Identifier: Apache-2.0
"""Sums that lie so near a step that the integer depends on the library that computes a function.

The thresholds of a design are those of PyTorch's float32 on the machine that builds. What another library,
or PyTorch on another CPU, makes of an exponential differs in the last places (`frontend/leaning.py`): where
a step of the quantizer lies between the two, so does a step of the integer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.build.dataflow.paths import find_path
from fpgan.build.dataflow.thresholds import bisected
from fpgan.build.frontend.linear import IntArray
from fpgan.build.frontend.network import Network, StepFunction, ThresholdLayer

_GRID = 1 << 20  # sums times channels at which a function is looked at
_ALL, _NEAR = 1 << 22, 64  # sums times channels up to which all are, and how far from a step else
_MOST = 4  # functions of one layer that lean each on its own


@dataclass(frozen=True)
class Doubtful:
    """Of one layer: each step (C, levels - 1) lies in [first, last] of the sums times `sign` (C,1)."""

    first: IntArray
    last: IntArray
    sign: IntArray

    @property
    def thresholds(self) -> int:
        """Steps that may lie elsewhere."""
        return int((self.first < self.last).sum())

    @property
    def sums(self) -> int:
        """Sums of all channels whose integer may be another; those that several steps cross count once."""
        reached = np.maximum.accumulate(self.last, 1)
        before = np.concatenate([self.first[:, :1], reached[:, :-1]], 1)
        return int(np.maximum(self.last - np.maximum(self.first, before), 0).sum())

    def holds(self, sums: IntArray) -> NDArray[np.bool_]:
        """Which sums (C,T) are among them."""
        x = (sums * self.sign)[:, :, None]
        return np.asarray(((self.first[:, None] <= x) & (x < self.last[:, None])).any(2))


def ulp_sensitive(network: Network) -> dict[str, Any]:
    """Count them: {"reference", "layers": [{"name", "functions", "thresholds", "sensitive", "values"}],
    "sensitive"}.

    `layers`: those that have such a function. `thresholds`: steps that may lie elsewhere. `sensitive`:
    accumulator values, of all channels, whose integer may be another; `values`: those that inputs can reach.
    """
    layers = []
    for index, layer in enumerate(network.layers):
        if isinstance(layer, ThresholdLayer) and (names := _inexact(layer)):
            found, (low, high) = doubtful(layer), layer.acc_range
            layers.append({
                "name": f"threshold_{index}", "functions": names, "thresholds": found.thresholds,
                "sensitive": found.sums, "values": int((high - low + 1).sum()),
            })  # fmt: skip
    return {"reference": "PyTorch", "layers": layers, "sensitive": sum(row["sensitive"] for row in layers)}


def notes(found: dict[str, Any]) -> list[str]:
    """A line, where there are any."""
    if not found["sensitive"]:
        return []
    each = ", ".join(
        f"{row['name']} ({'+'.join(row['functions'])}) {row['sensitive']:,}"
        for row in found["layers"]
        if row["sensitive"]
    )
    values = sum(row["values"] for row in found["layers"])
    return [
        f"{found['sensitive']:,} of {values:,} accumulator values lie so near a step that another library's "
        f"float32 may give the next integer; {found['reference']}'s is built: {each}"
    ]


def doubtful(layer: ThresholdLayer) -> Doubtful:
    """Where the steps lie for PyTorch, and for every library that is as far from it as may be.

    Of a function that rises and falls, `thresholds` are the runs of sums whose integer may be another.
    """
    low, high = layer.acc_range
    function = layer.step_function()
    if _bent(function, low, high):
        return _looked_at(layer, function, low, high)
    ends = function(np.stack([low, high], 1))
    flipped = ends[:, 0] > ends[:, 1]
    sign = np.where(flipped, -1, 1)[:, None]
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    steps = [bisected(function, sign, low, high, layer.target)]
    for other in _leaning(layer):
        with suppress(ValueError):  # one that is no number there
            steps.append(bisected(other, sign, low, high, layer.target))
    return Doubtful(np.min(steps, 0), np.max(steps, 0), sign)


def _bent(function: StepFunction, low: IntArray, high: IntArray) -> bool:
    """Whether a channel rises and falls."""
    count = max(_GRID // len(low), 1 << 10)
    ways = np.diff(function(low[:, None] + np.arange(count) * (high - low)[:, None] // (count - 1)))
    return bool(((ways > 0).any(1) & (ways < 0).any(1)).any())


def _looked_at(layer: ThresholdLayer, function: StepFunction, low: IntArray, high: IntArray) -> Doubtful:
    """From all sums, or those around PyTorch's steps where there are many."""
    if int((high - low).max()) * len(low) <= _ALL:
        points = low[:, None] + np.arange(int((high - low).max()) + 1)
    else:
        path = find_path(function, low, high)
        steps = path.thresholds * np.where(path.flipped, -1, 1)[:, None]
        points = np.sort((steps[:, :, None] + np.arange(-_NEAR, _NEAR + 1)).reshape(len(low), -1), axis=1)
    points = np.clip(points, low[:, None], high[:, None])
    right, moved = function(points), np.zeros(points.shape, np.bool_)
    for other in _leaning(layer):
        with suppress(ValueError):
            moved |= other(points) != right
    found = [np.unique(row[flags]) for row, flags in zip(points, moved, strict=True)]
    runs = [np.split(sums, np.flatnonzero(np.diff(sums) > 1) + 1) if sums.size else [] for sums in found]
    first, last = np.repeat(low[None, :, None], max(1, *map(len, runs)), 2).repeat(2, 0)
    for c, parts in enumerate(runs):
        first[c, : len(parts)] = [part[0] for part in parts]
        last[c, : len(parts)] = [part[-1] + 1 for part in parts]
    order = np.argsort(first, axis=1, kind="stable")
    first, last = (np.take_along_axis(ends, order, 1) for ends in (first, last))
    return Doubtful(first, last, np.ones((len(low), 1), np.int64))


def _inexact(layer: ThresholdLayer) -> list[str]:
    return [function.op for function in layer.functions if function.inexact]


def _leaning(layer: ThresholdLayer) -> Iterator[StepFunction]:
    """Each function up or down; of more than a few, all of them."""
    count = len(_inexact(layer))
    ways = product((-1, 1), repeat=count) if count <= _MOST else [(s,) * count for s in (-1, 1)]
    for signs in ways:
        rest = iter(signs)
        functions = tuple(f.leaning(next(rest)) if f.inexact else f for f in layer.functions)
        yield replace(layer, functions=functions).step_function()
