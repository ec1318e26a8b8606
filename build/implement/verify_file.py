# SPDX-License-Identifier: Apache-2.0
"""What `fpgan verify --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Each, OneOf, Text, Whole
from fpgan.sim.differences import Difference

_COUNT = Whole()
WAYS = ("registers", "memory")


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Printed by `fpgan verify --json`: what a bitstream holds, and what the netlist in it makes."""

    bitstream: str = said("its path, as it was given")
    part: str = said("the vendor's name of the part", stable=True)
    bits: int = said("that are set, ECC aside", "bits", within=_COUNT)
    unknown_bits: int = said("those of them that the database knows no meaning of", "bits", stable=True,
                             within=_COUNT)  # fmt: skip
    unknown: Sequence[str] = said("the first of these, by frame, word and bit")
    pips: int = said("connections of the routing that are set", within=_COUNT)
    nodes: int = said("wires that these drive, each by one", within=_COUNT)
    cells: dict[str, int] = said(
        "in the netlist, by kind", within=Each(Text(r"\w+", "a kind of cell"), _COUNT)
    )
    images: int = said("golden ones that were made", "images", stable=True, within=Whole(1))
    through: Sequence[str] = said("ways in which each was made", stable=True, within=[OneOf(WAYS)])
    pixels: int = said("values compared, of all ways", stable=True, within=_COUNT)
    mismatches: int = said("values that differ from PyTorch's", stable=True, within=_COUNT)
    differences: Sequence[Difference] = said("the first of these")
    stall: float = said("probability that the bus paused, per cycle")
