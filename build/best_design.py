# SPDX-License-Identifier: Apache-2.0
"""The folding of a build: of the clocks that its cores hold, and of one or two output columns in a word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.arguments import Arguments, Backend
from fpgan.build.dataflow.side_by_side import side_by_side
from fpgan.build.dataflow.styles import DeconvStyle
from fpgan.build.folding.fold import InfeasibleError, OutOfReachError
from fpgan.build.folding.fold_and_size import fold_and_size
from fpgan.build.folding.size_fifos import period
from fpgan.build.folding.streaming import Streaming


def widened(lowered: ModelWrapper, deconv: DeconvStyle, backend: Backend) -> list[ModelWrapper]:
    """The same graph with two columns of its output in a word, where that is possible."""
    found = side_by_side(lowered, 2) if (deconv, backend) == ("subpixel", "rtl") else None
    return [] if found is None else [found]


def folded(
    lowered: Sequence[ModelWrapper],
    asked: Arguments,
    clocks: Sequence[tuple[float, Collection[str]]],
) -> tuple[Arguments, ModelWrapper, dict[str, int], dict[str, Any] | None]:
    """`_fold` at each clock, its refusals in images/s: the design that makes most images/s.

    With a target: the first clock's that makes it. Returns the arguments with that clock, too.
    """
    found, refused = [], list[ValueError]()
    for clock, cores in clocks:
        at = replace(asked, clock_mhz=clock)
        try:
            model, depths, decision = _fold(lowered, at, cores)
        except OutOfReachError as error:
            refused.append(ValueError(at.out_of_reach(error.best, error.within, error.why)))
            continue
        rate = 0.0 if asked.target_fps else clock / period(model, depths)
        found.append((rate, at, model, depths, decision))
    if not found:
        raise refused[0] from None
    _, at, model, depths, decision = max(found, key=lambda design: design[0])
    return at, model, depths, decision


def _fold(
    lowered: Sequence[ModelWrapper], at: Arguments, cores: Collection[str]
) -> tuple[ModelWrapper, dict[str, int], dict[str, Any] | None]:
    """`fold_and_size` of the first graph; of the next one too where nothing but its shape binds that one."""
    best, refusal = None, None
    for graph in lowered:
        try:
            model, depths, decision = fold_and_size(
                graph, at.board.part, at.limits, at.target_cycles, cores, at.storage, _streaming(at)
            )
        except OutOfReachError as error:
            refusal = error
            continue
        except InfeasibleError:
            if best is None:
                raise
            break
        cycles = period(model, depths)
        if best is None or cycles < best[0]:
            best = cycles, model, depths, decision
        if at.target_cycles is not None or (decision and decision["next_cycles"] is not None):
            break
    if best is None:
        assert refusal is not None
        raise refusal
    return best[1:]


def _streaming(asked: Arguments) -> Streaming | None:
    """How weights may be streamed; None: not at all. One of the board's ports is the host's."""
    if not asked.limits.bandwidth:
        return None
    ports, bits = asked.board.memory_ports
    return Streaming(asked.batch, bits, ports - 1, asked.limits.bandwidth, asked.clock_mhz)
