# SPDX-License-Identifier: Apache-2.0
"""Folding and FIFO depths, each of which hangs on the other."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.costs import Cost
from fpgan.build.passes.fold import Budget, InfeasibleError, fold
from fpgan.build.passes.size_fifos import memory_at_joins, period, size_fifos

_ATTEMPTS = 6


def fold_and_size(
    lowered: ModelWrapper, part: str, limits: Budget, cycles: int | None, cores: Collection[str]
) -> tuple[ModelWrapper, dict[str, int], dict[str, Any] | None]:
    """Returns the folded graph, the words of its FIFOs by name, and what `fold` says of the decision.

    Room is kept for the FIFOs in front of joins, which are known only after a folding. A design whose layers
    hold each other up asks a little more of each of them. Raises InfeasibleError, or ValueError where no
    folding settles.
    """
    goal, held = cycles, Cost(0)
    reached: int | None = None
    for _ in range(_ATTEMPTS):
        model = copy.deepcopy(lowered)
        try:
            decision = fold(model, part, limits, goal, cores, held)
        except InfeasibleError:
            if goal == cycles:
                raise
            break
        depths = size_fifos(model, enough=goal or 0)
        memory = memory_at_joins(model, depths)
        if not memory.within(held):
            held = held.or_more(memory)
            continue
        if cycles is None or goal is None:
            return model, depths, decision
        reached = period(model, depths)
        if reached <= cycles:
            return model, depths, decision
        goal -= reached - cycles
    if reached is None:
        raise ValueError(
            f"FIFOs in front of joins need LUT={held.lut} BRAM18={held.bram18}, more whenever room is left "
            f"for them in {limits}; allow more of the board, or ask for another rate"
        )
    raise ValueError(f"target of {cycles} cycles per image: the layers together take {reached}; ask for less")
