# SPDX-License-Identifier: Apache-2.0
"""The registers that clock a Zynq's programmable logic: FCLK0 of a Zynq-7000, PL0 of an UltraScale+."""

from __future__ import annotations

from typing import Protocol

from .interface import AcceleratorError

SLCR, CRL_APB, CRF_APB = 0xF800_0000, 0xFF5E_0000, 0xFD1A_0000
_DIVISORS = range(1, 64)
CLOCK_ROUNDING = 1e-4  # of an oscillator's frequency as it is written


class Registers(Protocol):
    """A block of registers, by byte offset."""

    def read(self, offset: int) -> int:
        """A register."""

    def write(self, offset: int, value: int) -> None:
        """Write a register."""


class Chip(Protocol):
    """A processor system with a clock for the programmable logic."""

    def set_clock(self, mhz: float, ps_clock_mhz: float) -> float:
        """See `clocks.set_clock`."""


def clock_divisors(source_mhz: float, mhz: float) -> tuple[int, int]:
    """Both divisors, 1 to 63, of the fastest clock that is not above `mhz`. ValueError where all are."""
    most = mhz * (1 + CLOCK_ROUNDING)
    pairs = [(a, b) for a in _DIVISORS for b in range(1, a + 1) if source_mhz <= most * a * b]
    if not pairs:
        raise ValueError(f"a clock of {mhz:g} MHz: {source_mhz / _DIVISORS[-1] ** 2:.3g} MHz is the slowest")
    return min(pairs, key=lambda pair: (pair[0] * pair[1], pair[0]))


def _check(name: str, registers: Registers, offset: int, word: int) -> None:
    found = registers.read(offset)
    if found != word:
        raise AcceleratorError(f"{name} reads 0x{found:08X} where 0x{word:08X} was written")


class Zynq7000:
    """FCLK0, from the IO PLL, by the system level control registers (UG585, appendix B.28)."""

    _IO_PLL, _FCLK0, _THROTTLE = 0x108, 0x170, 0x178
    _LOCK, _UNLOCK = (0x004, 0x767B), (0x008, 0xDF0D)
    _OFF, _BYPASS = 0b11, 1 << 4  # reset or power-down; of the PLL
    _FIELDS = 0x3F << 20 | 0x3F << 8 | 3 << 4  # second divisor, first, source
    _LAST_COUNT = 0xFFFF  # pulses after which the clock stops; 0: it runs. Linux gates by its lowest bit

    def __init__(self, slcr: Registers) -> None:
        self._slcr = slcr

    def set_clock(self, mhz: float, ps_clock_mhz: float) -> float:
        slcr, control = self._slcr, self._slcr.read(self._IO_PLL)
        if control & self._OFF and not control & self._BYPASS:
            raise AcceleratorError(f"the IO PLL is off (it reads 0x{control:08X}), so FCLK0 has no source")
        source = ps_clock_mhz * (1 if control & self._BYPASS else control >> 12 & 0x7F)
        first, second = clock_divisors(source, mhz)
        word = slcr.read(self._FCLK0) & ~self._FIELDS | first << 8 | second << 20
        running = slcr.read(self._THROTTLE) & ~self._LAST_COUNT
        slcr.write(*self._UNLOCK)
        slcr.write(self._FCLK0, word)
        slcr.write(self._THROTTLE, running)
        slcr.write(*self._LOCK)
        _check("FCLK0", slcr, self._FCLK0, word)
        _check("FPGA0_THR_CNT", slcr, self._THROTTLE, running)
        return source / first / second


class UltraScale:
    """PL0, from the PLL that comes nearest, by the registers of the clock controllers (UG1085, UG1087)."""

    _PL0, _THROTTLE = 0xC0, 0xD4  # in CRL_APB
    _IO_PLL, _R_PLL = 0x20, 0x30  # in CRL_APB
    _D_PLL, _D_PLL_TO_LPD = 0x2C, 0x4C  # in CRF_APB
    _ACTIVE, _FIELDS = 1 << 24, 0x3F << 16 | 0x3F << 8 | 7  # second divisor, first, source
    _LAST_COUNT = 0xFFFF  # pulses after which the clock stops; 0: it runs
    # of a PLL; its fraction stands two registers on
    _RESET, _BYPASS, _HALVED, _OTHER_REFERENCE, _OTHER_BYPASS = 1, 1 << 3, 1 << 16, 1 << 22, 1 << 26

    def __init__(self, crl: Registers, crf: Registers) -> None:
        self._crl, self._crf = crl, crf

    def set_clock(self, mhz: float, ps_clock_mhz: float) -> float:
        crl, (clock, select, (first, second)) = self._crl, self._nearest(mhz, ps_clock_mhz)
        word = crl.read(self._PL0) & ~(self._FIELDS | self._ACTIVE) | second << 16 | first << 8 | select
        running = crl.read(self._THROTTLE) & ~self._LAST_COUNT
        crl.write(self._PL0, word)  # gated, so that no pulse is shorter than either clock's
        crl.write(self._THROTTLE, running)
        crl.write(self._PL0, word | self._ACTIVE)
        _check("PL0_REF_CTRL", crl, self._PL0, word | self._ACTIVE)
        _check("PL0_THR_CNT", crl, self._THROTTLE, running)
        return clock

    def _nearest(self, mhz: float, ps_clock_mhz: float) -> tuple[float, int, tuple[int, int]]:
        """The fastest clock not above `mhz` in MHz, the source that gives it, its divisors."""
        found = list[tuple[float, int, tuple[int, int]]]()
        for select, source in self._sources(ps_clock_mhz).items():
            pair = clock_divisors(source, mhz)
            found.append((source / pair[0] / pair[1], -select, pair))
        if not found:
            raise AcceleratorError("no PLL that PL0 may have runs from the processor system's oscillator")
        clock, select, pair = max(found)
        return clock, -select, pair

    def _sources(self, ps_clock_mhz: float) -> dict[int, float]:
        """PL0's source -> its clock in MHz: IO PLL, real-time PLL, DDR's PLL behind its divisor."""
        to_lpd = self._crf.read(self._D_PLL_TO_LPD) >> 8 & 0x3F
        found = {
            0: self._pll(self._crl, self._IO_PLL, ps_clock_mhz),
            2: self._pll(self._crl, self._R_PLL, ps_clock_mhz),
            3: self._pll(self._crf, self._D_PLL, ps_clock_mhz) / to_lpd if to_lpd else 0.0,
        }
        return {select: clock for select, clock in found.items() if clock}

    def _pll(self, registers: Registers, offset: int, reference: float) -> float:
        """A PLL's clock in MHz; 0 where it is off or has another reference than the oscillator."""
        control, fraction = registers.read(offset), registers.read(offset + 8)
        if control & self._OTHER_REFERENCE or (control & self._BYPASS and control & self._OTHER_BYPASS):
            return 0.0
        if control & self._BYPASS:
            return reference
        if control & self._RESET:
            return 0.0
        feedback = (control >> 8 & 0x7F) + (fraction & 0xFFFF) / 0x10000 * (fraction >> 31)
        return reference * feedback / (2 if control & self._HALVED else 1)
