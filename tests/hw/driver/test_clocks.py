# SPDX-License-Identifier: Apache-2.0
"""FCLK0 of a Zynq-7000: the nearest clock that is not above the design's, by registers and by pynq."""

from __future__ import annotations

import sys

import pytest

from fpgan.hw.driver import AcceleratorError, set_clock


class Slcr:
    """A Zynq-7000's system level control registers: a PLL of 20 times 50 MHz, FCLK0 at 1000 / 5 / 2 MHz."""

    def __init__(self, feedback=20, bypass=False, stuck=False):
        self.values = {0x108: feedback << 12 | bypass << 4, 0x170: 2 << 20 | 5 << 8 | 3 << 4 | 1}
        self.locked, self.stuck = True, stuck

    def read(self, offset):
        return self.values[offset]

    def write(self, offset, value):
        if (offset, value) == (0x008, 0xDF0D):
            self.locked = False
        elif (offset, value) == (0x004, 0x767B):
            self.locked = True
        elif not self.locked and not self.stuck:
            self.values[offset] = value


@pytest.mark.parametrize("mhz", [250.0, 125.0, 124.9, 111.0, 100.0, 33.3, 7.77, 0.26])
def test_clock_is_the_nearest_that_is_not_above(mhz):
    slcr = Slcr()
    got = set_clock(mhz, 50.0, slcr)
    word = slcr.read(0x170)
    first, second, source = word >> 8 & 63, word >> 20 & 63, word >> 4 & 3
    assert got == 1000 / first / second and source == 0 and word & 1 and slcr.locked
    reachable = [1000 / a / b for a in range(1, 64) for b in range(1, 64)]
    assert got == pytest.approx(max(clock for clock in reachable if clock <= mhz * (1 + 1e-4)), rel=1e-12)


def test_clock_follows_oscillator_and_pll():
    assert set_clock(100.0, 33.333, Slcr(feedback=30)) == pytest.approx(99.999)
    assert set_clock(100.0, 50.0, Slcr(bypass=True)) == 50.0
    with pytest.raises(ValueError, match=r"^a clock of 0.2 MHz: 0.252 MHz is the slowest$"):
        set_clock(0.2, 50.0, Slcr())
    with pytest.raises(AcceleratorError, match=r"^FCLK0 reads 0x00200531 where 0x00200401 was written$"):
        set_clock(125.0, 50.0, Slcr(stuck=True))


class Clocks:
    """pynq's, which takes the nearest divisor of 1000 MHz."""

    asked = 100.0

    @property
    def fclk0_mhz(self):
        return 1000 / round(1000 / self.asked)

    @fclk0_mhz.setter
    def fclk0_mhz(self, mhz):
        self.asked = mhz


def test_clock_by_pynq_is_not_above_either(monkeypatch):
    clocks = Clocks()
    clocks.fclk0_mhz = 160.0
    assert clocks.fclk0_mhz > 160
    monkeypatch.setitem(sys.modules, "pynq", type("pynq", (), {"Clocks": clocks}))
    assert set_clock(160.0) == clocks.fclk0_mhz == 1000 / 7
    assert set_clock(125.0) == 125.0
