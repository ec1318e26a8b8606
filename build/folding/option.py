# SPDX-License-Identifier: Apache-2.0
"""One way to fold a deconvolution, and which of several are worth considering."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.requantizers import Requantizer

_T = TypeVar("_T")
MEMORIES = ("distributed", "block")
SIDE_CORES = ("lut", "cascade")
SIDE = ("side_pe", "side_core", "side_memory")  # attributes of Deconv_rtl, as in `Option.side`
Rows = tuple[tuple[int, int], ...]
Fold = tuple[int, int, tuple[int, int], int, int]


@dataclass(frozen=True)
class Option:
    """One way to fold a layer. ci, co: channels that it works on, those that pad the fold included."""

    pe: int
    simd: int
    taps: tuple[int, int]
    core: str
    memory: str
    ci: int
    co: int
    cycles: int
    rows: Rows  # runs of output rows: how many, cycles of each
    cost: costs.Cost  # of the deconvolution alone
    lanes: int  # multipliers
    shape: costs.DeconvShape
    storage: str = "rom"  # where the weights live
    requantizer: Requantizer | None = None  # in the place of thresholds
    side: tuple[int, str, str] | None = None  # of pe: how many have which other core and memory
    tiles: int = 1  # of output channels, where weights are streamed
    pace: int = 0  # cycles of an image that what is behind it keeps up with

    @property
    def fold(self) -> Fold:
        """What options that differ in cores and memories alone have in common."""
        return self.pe, self.simd, self.taps, self.ci, self.co


def unbeaten(priced: Iterable[tuple[costs.Cost, _T]]) -> list[tuple[costs.Cost, _T]]:
    """Those that no other one beats in every resource, the least LUTs first; of equals the first."""
    front, amounts = list[tuple[costs.Cost, _T]](), list[tuple[int, ...]]()
    for one in sorted(priced, key=lambda found: found[0].amounts):
        _, dsp, bram18, uram, bandwidth = own = one[0].amounts
        if not any(d <= dsp and b <= bram18 and u <= uram and w <= bandwidth for _, d, b, u, w in amounts):
            front.append(one)
            amounts.append(own)
    return front
