# SPDX-License-Identifier: Apache-2.0
"""FCLK0 of a Zynq-7000, the clock of the design, where loading a bitstream does not set it."""

from __future__ import annotations

from typing import Any, Protocol

from .interface import AcceleratorError
from .mapped import MappedBoard

# System level control registers of a Zynq-7000 (UG585): address, offsets, fields, and what (un)locks them.
_SLCR, _IO_PLL, _FCLK0 = 0xF800_0000, 0x108, 0x170
_LOCK, _UNLOCK = (0x004, 0x767B), (0x008, 0xDF0D)
_PLL_BYPASS = 1 << 4
_FCLK0_FIELDS = 0x3F << 20 | 0x3F << 8 | 3 << 4  # second divisor, first, source
_DIVISORS = range(1, 64)
_CLOCK_ROUNDING = 1e-4  # of an oscillator's frequency as it is written


class Slcr(Protocol):
    """The system level control registers of a Zynq-7000, by byte offset."""

    def read(self, offset: int) -> int:
        """A register."""

    def write(self, offset: int, value: int) -> None:
        """Write a register."""


def clock_divisors(source_mhz: float, mhz: float) -> tuple[int, int]:
    """Both divisors, 1 to 63, of the fastest clock that is not above `mhz`. ValueError where all are."""
    most = mhz * (1 + _CLOCK_ROUNDING)
    pairs = [(a, b) for a in _DIVISORS for b in range(1, a + 1) if source_mhz <= most * a * b]
    if not pairs:
        raise ValueError(f"a clock of {mhz:g} MHz: {source_mhz / _DIVISORS[-1] ** 2:.3g} MHz is the slowest")
    return min(pairs, key=lambda pair: (pair[0] * pair[1], pair[0]))


def set_clock(mhz: float, ps_clock_mhz: float = 100 / 3, slcr: Slcr | None = None) -> float:
    """Set FCLK0 of a Zynq-7000 to the nearest clock not above `mhz`; returns that clock in MHz.

    By pynq where it is installed, else by the registers in /dev/mem (UG585), from the IO PLL, whose clock is
    ps_clock_mhz times its feedback divisor. slcr: those registers. ValueError for a clock that is too slow,
    AcceleratorError where the registers cannot be mapped or do not keep what is written.
    """
    if slcr is None:
        try:
            from pynq import Clocks
        except ImportError:
            slcr = MappedBoard(_SLCR)
        else:
            return _set_by_pynq(Clocks, mhz)
    control = slcr.read(_IO_PLL)
    source = ps_clock_mhz * (1 if control & _PLL_BYPASS else control >> 12 & 0x7F)
    first, second = clock_divisors(source, mhz)
    word = slcr.read(_FCLK0) & ~_FCLK0_FIELDS | first << 8 | second << 20  # of the IO PLL
    slcr.write(*_UNLOCK)
    slcr.write(_FCLK0, word)
    slcr.write(*_LOCK)
    if slcr.read(_FCLK0) != word:
        raise AcceleratorError(f"FCLK0 reads 0x{slcr.read(_FCLK0):08X} where 0x{word:08X} was written")
    return source / first / second


def _set_by_pynq(clocks: Any, mhz: float) -> float:
    """pynq takes the nearest clock, which may be above: ask for less until it is not."""
    for percent in range(100, 0, -1):
        clocks.fclk0_mhz = mhz * percent / 100
        if clocks.fclk0_mhz <= mhz * (1 + _CLOCK_ROUNDING):
            return float(clocks.fclk0_mhz)
    raise AcceleratorError(f"pynq sets no clock of {mhz:g} MHz or less")
