# SPDX-License-Identifier: Apache-2.0
"""How hardware makes the integers of a layer: by thresholds, by a table, or by both."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import BaseDataType

from fpgan.build.dataflow.paths import find_path
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.dataflow.thresholds import NotMonotoneError, find_thresholds
from fpgan.build.frontend.errors import UnsupportedError, layer_name
from fpgan.build.frontend.linear import IntArray
from fpgan.build.frontend.network import FunctionLayer, SumLayer, ThresholdLayer
from fpgan.build.frontend.quantizers import Quantizer


@dataclass(frozen=True)
class Steps:
    """How integers of the target are made of sums or of an image: by thresholds (C,T), a table, or both.

    table (1 or C, entries): of what the thresholds count; without them, of the image's integers from `lowest`
    on. flipped (C): channels of which the negative sum is compared. datatype: of what is compared; it holds
    high + 1 too, the threshold of a level that is never reached.
    """

    thresholds: IntArray | None
    table: IntArray | None
    flipped: NDArray[np.bool_]
    datatype: BaseDataType
    lowest: int = 0
    reach: tuple[IntArray, IntArray] | None = None  # of what the thresholds compare, lowest and highest (C)


def sum_steps(layer: ThresholdLayer) -> Steps:
    """Of a layer of sums. UnsupportedError where its function goes up and down too often."""
    try:
        low, high = layer.acc_range
        table = None
        try:
            thresholds, flipped = find_thresholds(layer.step_function(), low, high, counted(layer.target))
        except NotMonotoneError:
            path = find_path(layer.step_function(), low, high)
            thresholds, table, flipped = path.thresholds, path.table, path.flipped
    except ValueError as error:
        raise UnsupportedError(f"{layer_name(layer.name, layer.ops[0])}: {error}") from None
    low, high = reach = np.where(flipped, -high, low), np.where(flipped, -low, high)
    if isinstance(layer, SumLayer) and flipped.any():  # before they are negated too
        low, high = np.minimum(low, -high), np.maximum(high, -low)
    kind = smallest_type(int(low.min()), int(high.max()) + 1, signed=True)
    return Steps(thresholds, table, flipped, kind, reach=reach)


def image_steps(layer: FunctionLayer) -> Steps:
    """Of an image: by thresholds or by a table, whichever takes fewer bits of memory."""
    kind = image_type(layer.sources[0])
    low, high = layer.acc_range
    points = np.arange(int(kind.min()), int(kind.max()) + 1)
    try:
        table = layer.step_function()(np.clip(points, low[:, None], high[:, None]))
    except ValueError as error:
        raise UnsupportedError(f"{layer_name(layer.name, layer.ops[0])}: {error}") from None
    unflipped, levels = np.zeros(len(low), np.bool_), counted(layer.target).levels[1:]
    beyond = smallest_type(int(points[0]), int(points[-1]) + 1)  # for levels that are never reached
    shared, falls = bool((table == table[:1]).all()), bool((np.diff(table) < 0).any())
    if shared or falls or table.shape[1] * len(levels).bit_length() <= len(levels) * beyond.bitwidth():
        return Steps(None, table[:1] if shared else table, unflipped, kind, int(points[0]))
    reached = np.stack([np.searchsorted(row, levels) for row in table])
    return Steps(reached + points[0], None, unflipped, beyond, reach=(low, high))


def counted(quantizer: Quantizer) -> Quantizer:
    """The levels that the hardware counts: all of the type's where the type has a bit more than they need.

    FINN lays threshold memories out by the type's bits and searches them by the number of thresholds.
    """
    datatype = image_type(quantizer)
    if (quantizer.high - quantizer.low).bit_length() == datatype.bitwidth():
        return quantizer
    return replace(quantizer, low=int(datatype.min()), high=int(datatype.max()))


def image_type(quantizer: Quantizer) -> BaseDataType:
    """Narrowest type of its integers."""
    return smallest_type(quantizer.low, quantizer.high)
