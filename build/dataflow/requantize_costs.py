# SPDX-License-Identifier: Apache-2.0
"""Resource estimates of requantizers, fitted as those of `costs`."""

from __future__ import annotations

from dataclasses import dataclass

from fpgan.build.dataflow.costs import Cost, memory_cost

_A_WIDTH, _B_WIDTH = 25, 18  # of the slice that every family has
_CONTROL = 22  # LUTs of a requantizer besides its lanes
_ROW, _FIXED_ROW = (
    0.93,
    0.55,
)  # per bit of the rows of products, of factors in a memory and of those that never change
_OFFSET = 2.7  # per bit of an offset: it waits for the product, and what waits beside it
_MARK, _MARKED = 2.95, -0.8  # per bit of a factor: for each bit of a mark, and where there are some
_LINE_DEEP, _MARK_DEEP = 64, 512  # words from which its memories become block RAM


@dataclass(frozen=True)
class LineShape:
    """What the cost of a requantizer depends on, besides how many channels it works on at once; in bits."""

    channels: int
    acc_bits: int  # signed
    multiplier_bits: int
    offset_bits: int
    t_bits: int
    shift: int
    levels: int
    mark_bits: int
    core: str

    @property
    def level_bits(self) -> int:
        return self.levels.bit_length()

    @property
    def fits_dsp(self) -> bool:
        """A slice of every family holds the product: 25 bits signed by 17 unsigned, or 18 by 24."""
        plain = self.acc_bits <= _A_WIDTH and self.multiplier_bits <= _B_WIDTH - 1
        swapped = self.acc_bits <= _B_WIDTH and self.multiplier_bits < _A_WIDTH
        return self.acc_bits >= 2 and self.multiplier_bits >= 2 and (plain or swapped)

    def line_style(self, pe: int) -> str:
        """Memory of multipliers and offsets."""
        words = self.channels // pe
        return "constant" if words == 1 else "block" if words > _LINE_DEEP else "distributed"

    def _mark_words(self, pe: int) -> int:
        return (self.channels // pe) << self.level_bits

    def mark_style(self, pe: int) -> str:
        return "block" if self._mark_words(pe) > _MARK_DEEP else "distributed"

    def memories(self, pe: int) -> Cost:
        """Of so many channels at once."""
        line = pe * (self.multiplier_bits + self.offset_bits)
        found = memory_cost(line, self.channels // pe, self.line_style(pe))
        if self.mark_bits:
            marks = memory_cost(self.mark_bits, self._mark_words(pe), self.mark_style(pe))
            found += Cost(pe * marks.lut, bram18=pe * marks.bram18)
        return found


def requantize_cost(pe: int, shape: LineShape) -> Cost:
    """Multipliers, comparators and delays of so many channels at once, and the memories of all."""
    lut = _OFFSET * shape.offset_bits
    if shape.core == "lut":
        rows = (shape.multiplier_bits // 2 + 1) * (shape.acc_bits + 2) + shape.t_bits
        lut += rows * (_FIXED_ROW if shape.line_style(pe) == "constant" else _ROW)
    if shape.mark_bits:
        lut += (_MARK * shape.mark_bits + _MARKED) * shape.multiplier_bits
    dsp = pe if shape.core == "dsp" else 0
    return Cost(round(pe * lut) + _CONTROL, dsp) + shape.memories(pe)
