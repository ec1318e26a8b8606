# SPDX-License-Identifier: Apache-2.0
"""A path between registers, and the weights by which the longest ones are looked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TimedPath:
    """What a path takes: ns of its cells, how many wires, and the doublings of their fan-outs in all.

    levels: LUTs and carry chains entered; start, end: nets of the registers.
    """

    cells_ns: float
    wires: int
    doublings: float
    levels: int = 0
    start: str = ""
    end: str = ""


@dataclass(frozen=True)
class Weights:
    """ns of a wire with one load, and for each doubling of its loads."""

    wire: float
    doubling: float

    def of(self, cells_ns: float, wires: float, doublings: float) -> float:
        """ns of a path."""
        return cells_ns + self.wire * wires + self.doubling * doublings


# Which path is the longest depends on what wires take: one is kept for each of these, no other is looked at.
WEIGHTS = tuple(Weights(wire, wire * share) for wire in (0.2, 0.6) for share in (0.1, 0.4, 1.0))
