# SPDX-License-Identifier: Apache-2.0
"""Ways to share a fold's output channels between two kinds of core and memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from fpgan.build.dataflow import costs
from fpgan.build.folding.option import Option, unbeaten

_WAYS = 32  # to share a fold's channels between two kinds
_Share = tuple[tuple[str, str], tuple[int, str, str]]  # the first channels' kind, and `Option.side`


def shares(option: Option, kinds: Sequence[tuple[str, str]], dsp_block: str) -> Iterator[Option]:
    """Those that no other one beats; none with groups at once, or with weights from outside.

    kinds: core and memory of each. What stands behind a fold takes the same whoever its channels belong to.
    """
    shape = replace(option.shape, side_pe=0)
    if shape.at_once > 1 or shape.loaded or shape.beat_bits:
        return

    @cache
    def channels(pe: int, core: str, memory: str) -> costs.Cost | None:
        part = replace(shape, pe=pe, core=core, weight_memory=memory)
        if core == "cascade" and part.packing(dsp_block) is None:
            return None
        return costs.channels_cost(part, dsp_block)

    found = list[tuple[costs.Cost, _Share]]()
    for main, side in itertools.combinations(kinds, 2):
        around = costs.shared_cost(shape, (main[0], side[0]))
        for pe in range(1, option.pe, max(1, option.pe // _WAYS)):
            first, second = channels(option.pe - pe, *main), channels(pe, *side)
            if first is not None and second is not None:
                found.append((first + second + around, (main, (pe, *side))))
    for cost, ((core, memory), beside) in unbeaten(found):
        side_pe, side_core, side_memory = beside
        both = replace(
            shape, core=core, weight_memory=memory,
            side_pe=side_pe, side_core=side_core, side_memory=side_memory,
        )  # fmt: skip
        yield replace(option, core=core, memory=memory, side=beside, cost=cost, shape=both)
