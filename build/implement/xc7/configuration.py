# SPDX-License-Identifier: Apache-2.0
"""What a 7-series part holds once the packets of a bitstream have been executed (UG470, chapter 5).

Frames pass through one register: each that comes in sends the one before it to the address where the counter
stands, which then goes on, over two frames of padding at the end of a row. In a compressed bitstream what is
in that register is written to more addresses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpgan.build.implement.xc7.crc import CONFIGURATION_CRC
from fpgan.build.implement.xc7.frames import WORDS, Frames, no_frames
from fpgan.build.implement.xc7.records import Part

SYNC = 0xAA995566
CRC, FAR, FDRI, CMD, CTL0, MASK, LOUT, COR0, MFWR = 0, 1, 2, 4, 5, 6, 8, 9, 10  # registers
CBC, IDCODE, COR1, WBSTAR, TIMER, RESERVED, CTL1 = 11, 12, 14, 16, 17, 19, 24
WCFG, LFRM, BEGIN, RCRC, SWITCH, GRESTORE, DESYNC = 1, 3, 5, 7, 9, 10, 13  # values of CMD
PADDING = 2  # frames of zeros that end a row
_ROW = 17  # lowest bit of a frame's address that says its row, half and bus
_REFUSED = {
    CBC: "an encrypted bitstream, which is not read; make it without encryption",
    LOUT: "a debug bitstream, which is not read; make it without BITSTREAM.GENERAL.DEBUGBITSTREAM",
}

Words = NDArray[np.uint32]


@dataclass(frozen=True)
class Configured:
    """Frames of a whole part, and whether a CRC was right behind the last of them."""

    frames: Frames
    checked: bool


def row_ends(part: Part) -> NDArray[np.int64]:
    """Behind which frames, counted from 1, padding follows."""
    return np.flatnonzero(np.diff(np.array(part.frames, np.int64) >> _ROW, append=-1)) + 1


def execute(words: Words, part: Part) -> Configured:
    """ValueError in one line for damage, another part, and what is not read."""
    memory, crc, checked = _Memory(part), CONFIGURATION_CRC.start, False
    for register, values in _packets(words):
        last = int(values[-1])
        if register == CRC:
            if crc != last:
                raise ValueError(f"damaged: its CRC is 0x{crc:08X}, it says 0x{last:08X}")
            crc, checked = CONFIGURATION_CRC.start, True
            continue
        crc = CONFIGURATION_CRC.after(crc, register, values)
        if register in _REFUSED:
            raise ValueError(_REFUSED[register])
        if register == CMD and last == RCRC:
            crc = CONFIGURATION_CRC.start
        elif register == IDCODE and (last ^ part.idcode) & 0x0FFFFFFF:
            raise ValueError(f"for another part: IDCODE 0x{last:08X}, {part.name} has 0x{part.idcode:08X}")
        elif register in (FDRI, MFWR):
            checked = False
        memory.take(register, values)
    if not memory.done.all():
        done, there = int(memory.done.sum()), len(memory.done)
        raise ValueError(f"configures {done} of the part's {there} frames: partial or damaged")
    return Configured(memory.frames, checked)


class _Memory:
    """The part's frames, `done` those that were written."""

    def __init__(self, part: Part) -> None:
        self.frames, self.done = no_frames(part), np.zeros(len(part.frames), bool)
        rows = np.arange(len(part.frames))
        self._rows = np.insert(rows, np.repeat(row_ends(part), PADDING), -1)  # of each step of the counter
        steps = np.flatnonzero(self._rows >= 0).tolist()
        self._step_of = dict(zip(part.frames, steps, strict=True))
        self._step: int | None = None
        self._held = self.frames[:0]

    def take(self, register: int, values: Words) -> None:
        """A write to a register."""
        if register == CMD and int(values[-1]) == WCFG:
            self._held = self.frames[:0]
        elif register == FAR:
            self._step = self._step_of.get(int(values[-1]))
        elif register == FDRI:
            if len(values) % WORDS:
                raise ValueError(f"damaged: {len(values)} words for FDRI are no whole frames")
            through = np.concatenate([self._held, values.reshape(-1, WORDS)])
            self._held = through[-1:]
            self._write(through[:-1])
            self._step = None if self._step is None else self._step + len(through) - 1
        elif register == MFWR:
            self._write(self._held)

    def _write(self, given: Frames) -> None:
        """Frames from the counter's step on."""
        if self._step is None:
            return
        rows = self._rows[self._step : self._step + len(given)]
        kept = rows >= 0
        self.frames[rows[kept]], self.done[rows[kept]] = given[: len(rows)][kept], True


def _packets(words: Words) -> Iterator[tuple[int, Words]]:
    """Writes to registers in order; a long one's words belong to the register of the one before it."""
    found = np.flatnonzero(words == SYNC)
    if not len(found):
        raise ValueError("no bitstream: it has no synchronization word")
    at, register = int(found[0]) + 1, 0
    while at < len(words):
        word, at = int(words[at]), at + 1
        kind, write = word >> 29, word >> 27 & 3
        if kind == 1:
            register = word >> 13 & 0x3FFF
        size = word & (0x7FF if kind == 1 else 0x7FFFFFF)
        if kind not in (1, 2) or at + size > len(words):
            if kind == 0 and word == 0:
                continue
            raise ValueError(f"damaged: 0x{word:08X} at word {at - 1} is no packet")
        if write == 2 and size:
            yield register, words[at : at + size]
        at += size
