# SPDX-License-Identifier: Apache-2.0
"""What `fpgan bench --against OLD.json --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import OneOf

# What is compared of a design, and whether more of it is better.
FIGURES: dict[str, bool] = {
    "cycles_per_image": False, "frames_per_second": True, "LUT": False, "FF": False, "DSP": False,
    "BRAM18": False, "URAM": False, "clock_mhz": True, "images_per_second": True,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Change:
    """A figure of a design that is another one."""

    figure: str = said(
        "which: of the row, of its `resources`, or of its `at_estimated_clock`, where images_per_second is "
        "the frames_per_second", stable=True, within=OneOf(tuple(FIGURES)),
    )  # fmt: skip
    old: float = said("in the earlier file", stable=True)
    new: float = said("now", stable=True)
    ratio: float | None = said("new over old; null where that was 0")
    worse: bool = said("whether it is worse by more than is allowed", stable=True)


@dataclass(frozen=True, kw_only=True)
class ComparedDesign:
    """A design of both files."""

    name: str = said("of the design", stable=True)
    incomparable: Sequence[str] = said("what was asked for, or counted, in another way, in words; what rests "
                                       "on it is not compared")  # fmt: skip
    changes: Sequence[Change] = said("figures that are others, in the order of the table", stable=True)
    worse: Sequence[str] = said("what got worse, in words; empty where nothing did", stable=True)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Printed by `fpgan bench --against OLD.json --json`: what changed since OLD.json was made."""

    against: str = said("path of the earlier BENCH.json, as it was given")
    designs: Sequence[ComparedDesign] = said("those that both hold, in today's order", stable=True)
    only_old: Sequence[str] = said("names of those that only the earlier one has", stable=True)
    only_new: Sequence[str] = said("names of those that it does not have", stable=True)
    worse: Sequence[str] = said("names of the designs that got worse", stable=True)
