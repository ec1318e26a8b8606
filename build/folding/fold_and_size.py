# SPDX-License-Identifier: Apache-2.0
"""Folding and FIFO depths, each of which hangs on the other."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.dataflow.costs import Cost
from fpgan.build.dataflow.resources import total
from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.dataflow.styles import Storage
from fpgan.build.folding.fold import InfeasibleError, OutOfReachError, fold
from fpgan.build.folding.limits import Budget
from fpgan.build.folding.size_fifos import period, size_fifos
from fpgan.build.folding.streaming import Streaming

_ATTEMPTS = 10


def fold_and_size(
    lowered: ModelWrapper,
    part: str,
    limits: Budget,
    cycles: int | None,
    cores: Collection[str],
    storage: Storage = "rom",
    streaming: Streaming | None = None,
) -> tuple[ModelWrapper, dict[str, int], dict[str, Any] | None]:
    """Returns the folded graph, the words of its FIFOs by name, and what `fold` says of the decision.

    Width converters and FIFOs are known only after a folding: what a design with them exceeds the limits by
    is held back from the next folding, which may need less: so another design that just fits can be faster by
    what that frees. A design whose layers hold each other up asks a little more of each of them. Raises
    InfeasibleError, or ValueError where no folding settles.
    """
    goal, held = cycles, Cost(0)
    over, reached = held, 0
    for attempt in range(1, _ATTEMPTS + 1):
        model = copy.deepcopy(lowered)
        try:
            decision = fold(model, part, limits, goal, cores, held, storage, streaming)
        except InfeasibleError:
            if goal == cycles:
                raise
            break
        depths: dict[str, int] = {}
        over = _over(model, depths, part, limits)  # even with the smallest FIFOs?
        if over == Cost(0):
            depths = size_fifos(model, enough=goal or 0)
            over = _over(model, depths, part, limits)
        if over != Cost(0):
            held += Cost(*(attempt * amount for amount in over.amounts))  # more each time, so that it settles
            continue
        if cycles is None or goal is None:
            return model, depths, decision
        reached = period(model, depths)
        if reached <= cycles:
            return model, depths, decision
        goal -= reached - cycles
    if over != Cost(0):
        raise ValueError(
            f"width converters and FIFOs exceed {limits} by LUT={over.lut} BRAM18={over.bram18} with every "
            f"folding tried; allow more of the board, or ask for another rate"
        )
    assert cycles is not None  # else the first folding that fits is the answer
    why = "FIFOs of any depth let the layers hold each other up"
    raise OutOfReachError(cycles, reached, "of the foldings tried", why)


def _over(model: ModelWrapper, depths: Mapping[str, int], part: str, limits: Budget) -> Cost:
    """What the whole design takes beyond the limits."""
    design = insert_streams(copy.deepcopy(model), dict(depths))
    return total(design, part).beyond(Cost(limits.lut, limits.dsp, limits.bram18, limits.uram))
