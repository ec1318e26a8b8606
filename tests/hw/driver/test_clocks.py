# SPDX-License-Identifier: Apache-2.0
"""The clock: the nearest that is not above the design's, by registers and by pynq, and it runs."""

from __future__ import annotations

import sys

import pytest

from fpgan.hw.driver import AcceleratorError, clocks, set_clock
from fpgan.hw.driver.chips import UltraScale, Zynq7000


class Slcr:
    """A Zynq-7000's registers as Linux leaves them: a PLL of 20 times 50 MHz, FCLK0 gated."""

    def __init__(self, feedback=20, bypass=False, stuck=False, off=0):
        self.values = {0x108: feedback << 12 | bypass << 4 | off, 0x170: 2 << 20 | 5 << 8 | 3 << 4 | 1}
        self.values[0x178] = 1  # drivers/clk/zynq/clkc.c: the gate of a clock that nobody uses
        self.locked, self.stuck = True, stuck

    def read(self, offset):
        return self.values[offset]

    def write(self, offset, value):
        if (offset, value) == (0x008, 0xDF0D):
            self.locked = False
        elif (offset, value) == (0x004, 0x767B):
            self.locked = True
        elif not self.locked and offset != self.stuck:
            self.values[offset] = value


@pytest.mark.parametrize("mhz", [250.0, 125.0, 124.9, 111.0, 100.0, 33.3, 7.77, 0.26])
def test_clock_is_the_nearest_that_is_not_above(mhz):
    slcr = Slcr()
    got = set_clock(mhz, 50.0, Zynq7000(slcr))
    word = slcr.read(0x170)
    first, second, source = word >> 8 & 63, word >> 20 & 63, word >> 4 & 3
    assert got == 1000 / first / second and source == 0 and word & 1 and slcr.locked
    reachable = [1000 / a / b for a in range(1, 64) for b in range(1, 64)]
    assert got == pytest.approx(max(clock for clock in reachable if clock <= mhz * (1 + 1e-4)), rel=1e-12)


def test_a_gated_clock_is_let_run():
    """Left gated, the first read of a register would hang the processor."""
    slcr = Slcr()
    slcr.values[0x178] |= 0x50000  # bits that are none of the count
    set_clock(125.0, 50.0, Zynq7000(slcr))
    assert slcr.read(0x178) == 0x50000


def test_clock_follows_oscillator_and_pll():
    assert set_clock(100.0, 33.333, Zynq7000(Slcr(feedback=30))) == pytest.approx(99.999)
    assert set_clock(100.0, 50.0, Zynq7000(Slcr(bypass=True))) == 50.0
    with pytest.raises(ValueError, match=r"^a clock of 0.2 MHz: 0.252 MHz is the slowest$"):
        set_clock(0.2, 50.0, Zynq7000(Slcr()))


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"stuck": 0x170}, r"^FCLK0 reads 0x00200531 where 0x00200401 was written$"),
        ({"stuck": 0x178}, r"^FPGA0_THR_CNT reads 0x00000001 where 0x00000000 was written$"),
        ({"off": 1}, r"^the IO PLL is off \(it reads 0x00014001\), so FCLK0 has no source$"),
        ({"off": 2}, r"^the IO PLL is off"),
    ],
)
def test_registers_that_do_not_obey_are_one_line(faults, message):
    with pytest.raises(AcceleratorError, match=message):
        set_clock(125.0, 50.0, Zynq7000(Slcr(**faults)))


class Apb:
    """A block of an UltraScale+'s clock controllers that records what is written."""

    def __init__(self, values, stuck=None):
        self.values, self.stuck, self.written = values, stuck, []

    def read(self, offset):
        return self.values.get(offset, 0)

    def write(self, offset, value):
        self.written.append((offset, value))
        if offset != self.stuck:
            self.values[offset] = value


def ultrascale(stuck=None, **changed):
    """Clocks after boot: IO PLL 1500 MHz, real-time PLL 1600, DDR's 533 behind its divisor, PL0 off."""
    plls = {"io": 90 << 8 | 1 << 16, "r": 96 << 8 | 1 << 16, "d": 64 << 8 | 1 << 16} | changed
    crl = Apb({0x20: plls["io"], 0x30: plls["r"], 0xC0: 7 << 16 | 9 << 8 | 3, 0xD4: 0x70001}, stuck)
    return crl, Apb({0x2C: plls["d"], 0x4C: 2 << 8, 0x34: plls.get("d_fraction", 0)})


SOURCES = {0: 1500.0, 2: 1600.0, 3: 1600 / 3}


@pytest.mark.parametrize("mhz", [333.0, 320.0, 300.0, 267.0, 250.0, 123.4, 10.0])
def test_pl0_is_the_nearest_of_three_plls(mhz):
    crl, crf = ultrascale()
    got = set_clock(mhz, 100 / 3, UltraScale(crl, crf))
    word = crl.read(0xC0)
    first, second, source = word >> 8 & 63, word >> 16 & 63, word & 7
    assert got == pytest.approx(SOURCES[source] / first / second)
    reachable = [pll / a / b for pll in SOURCES.values() for a in range(1, 64) for b in range(1, 64)]
    assert got == pytest.approx(max(clock for clock in reachable if clock <= mhz * (1 + 1e-4)))
    gated, running = (value for offset, value in crl.written if offset == 0xC0)
    assert running == gated | 1 << 24 and not gated >> 24 & 1  # never two clocks' pulses in a row
    assert crl.read(0xD4) == 0x70000


def test_a_tie_goes_to_the_io_pll():
    crl, crf = ultrascale(r=90 << 8 | 1 << 16)
    assert set_clock(300.0, 100 / 3, UltraScale(crl, crf)) == pytest.approx(300.0) and crl.read(0xC0) & 7 == 0


@pytest.mark.parametrize(
    ("changed", "source"),
    [
        ({"io": 90 << 8 | 1 << 16 | 1}, 2),  # in reset
        ({"io": 90 << 8 | 1 << 16 | 1 << 22}, 2),  # runs from another pin
        ({"io": 90 << 8 | 1 << 3}, 2),  # bypassed: 33 MHz
        ({"io": 1, "r": 1}, 3),
        ({"io": 1, "r": 1 << 3 | 1 << 26 | 1}, 3),  # bypassed by another pin
    ],
)
def test_plls_that_do_not_run_give_no_clock(changed, source):
    crl, crf = ultrascale(**changed)
    set_clock(250.0, 100 / 3, UltraScale(crl, crf))
    assert crl.read(0xC0) & 7 == source


def test_a_fraction_of_the_feedback_counts():
    """Left out, the clock would be half a per cent above what was asked for."""
    crl, crf = ultrascale(io=1, r=1, d_fraction=1 << 31 | 0x8000)
    divided = set_clock(267.0, 100 / 3, UltraScale(crl, crf))
    assert divided == pytest.approx(64.5 * 100 / 3 / 2 / 2 / 3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"stuck": 0xC0}, r"^PL0_REF_CTRL reads 0x00070903 where 0x01010500 was written$"),
        ({"stuck": 0xD4}, r"^PL0_THR_CNT reads 0x00070001 where 0x00070000 was written$"),
        (
            {"io": 1, "r": 1, "d": 1},
            r"^no PLL that PL0 may have runs from the processor system's oscillator$",
        ),
    ],
)
def test_pl0_that_does_not_obey_is_one_line(changed, message):
    with pytest.raises(AcceleratorError, match=message):
        set_clock(300.0, 100 / 3, UltraScale(*ultrascale(**changed)))


@pytest.mark.parametrize(
    ("names", "chip"),
    [
        ("digilent,zynq-zybo-z7\0xlnx,zynq-7000\0", Zynq7000),
        ("xlnx,zynqmp-sm-k26\0xlnx,zynqmp\0", UltraScale),
    ],
)
def test_the_chip_is_the_device_trees(names, chip, tmp_path, monkeypatch):
    tree = tmp_path / "proc/device-tree"
    tree.mkdir(parents=True)
    monkeypatch.setattr(clocks, "MappedBoard", lambda address, device: (address, device))
    with pytest.raises(AcceleratorError, match=r"compatible: cannot be read .*; which Zynq is this\?$"):
        clocks.this_chip(tmp_path)
    (tree / "compatible").write_text("raspberrypi,4\0brcm,bcm2711\0")
    with pytest.raises(AcceleratorError, match=r"says raspberrypi,4, brcm,bcm2711: neither Zynq-7000 nor"):
        clocks.this_chip(tmp_path)
    (tree / "compatible").write_text(names)
    assert type(clocks.this_chip(tmp_path)) is chip


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
