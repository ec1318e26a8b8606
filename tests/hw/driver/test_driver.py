# SPDX-License-Identifier: Apache-2.0
"""The driver without an accelerator: random latents, bitstreams, and one line for whatever is wrong."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from fpgan.hw.driver import Accelerator, AcceleratorError
from fpgan.hw.driver import accelerator as driver
from fpgan.hw.host import registers
from fpgan.hw.system.tools import run


class Registers:
    """A board of constant registers that ends every call at once and has no memory."""

    def __init__(self, **values):
        self.values = {
            "ID": registers.ID_WORD, "VERSION": registers.VERSION_WORD, "DESIGN": 0x1234, "FEATURES": 0x100,
            "LATENT_ELEMENTS": 6, "LATENT_FORMAT": 0x10108, "LATENT_SCALE": 0x3D000000, "LATENT_BEATS": 6,
            "IMAGE_SHAPE": 2 << 20 | 3 << 8 | 1, "IMAGE_FORMAT": 0x10108, "IMAGE_SCALE": 0x3C000000,
            "IMAGE_BEATS": 6, "CLASSES": 0, "CLOCK_KHZ": 100_000, "MAX_IMAGES": 1000, "CYCLES_LO": 10,
        } | values  # fmt: skip
        self.written = []

    def read(self, offset):
        return self.values.get(registers.REGISTERS[offset // 4].name, 0)

    def write(self, offset, value):
        self.written.append((registers.REGISTERS[offset // 4].name, value))

    def pause(self, seconds):
        pass

    def allocate(self, size):
        raise AcceleratorError("no memory")


def test_generator_is_xoshiro128pp():
    # the first outputs that its authors' program gives for the state 1, 2, 3, 4
    expected = [641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295]
    assert driver.xoshiro128pp((1, 2, 3, 4), 8).tolist() == expected


def test_seeds_give_different_states_and_more_latents_begin_with_fewer():
    states = {driver.seed_state(seed) for seed in range(1000)}
    assert len(states) == 1000 and (0, 0, 0, 0) not in states
    many, few = (driver.random_latents(3, n, 7, 8, -128, 2.0**-5) for n in (20, 5))
    assert (many[:5] == few).all()


@pytest.mark.parametrize(
    ("bits", "low", "scale"), [(8, -128, 2.0**-5), (4, -8, 0.5), (2, -2, 1.0), (3, 0, 0.4)]
)
def test_latents_are_distributed_as_quantized_normal_numbers(bits, low, scale):
    """Each value's share is within 5 standard deviations of what `rint` and `clip` make of normal numbers."""
    n = 40_000
    found = np.bincount(
        driver.random_latents(1, n // 8, 8, bits, low, scale).ravel() - low, minlength=2**bits
    )
    normal = np.random.default_rng(0).standard_normal(4_000_000)
    values = np.clip(np.rint(normal / scale), low, low + 2**bits - 1).astype(int) - low
    share = np.bincount(values, minlength=2**bits) / len(values)
    assert (np.abs(found - n * share) <= 5 * np.sqrt(n * share) + 1).all()


def test_table_ascends_within_32_bits():
    for bits, scale in ((8, 2.0**-5), (9, 1.0), (2, 0.01)):
        table = driver.latent_table(bits, -(2 ** (bits - 1)), scale)
        assert len(table) == 2**bits - 1 and (np.diff(table) >= 0).all()
        assert table[0] >= 0 and table[-1] < 2**32


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ({"ID": 0}, {}, "ID reads 0x00000000, not 0x4650474E"),
        ({"VERSION": 0x20000}, {}, "interface version 0x00020000; this driver is for 0x00010000"),
        ({}, {"design": 0x99}, "design 0x00001234 is loaded, not 0x00000099"),
        ({"STATUS": 3}, {"timeout": 0.01}, "the bus hangs; reset the board"),
    ],
)
def test_wrong_accelerator_is_one_line(values, arguments, message):
    with pytest.raises(AcceleratorError, match=message):
        Accelerator(Registers(**values), **arguments)


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        ({}, {}, "either latents or a seed"),
        ({}, {"seed": 1, "n": -1}, "-1 images: one call makes 0 to 1000"),
        ({}, {"seed": 1, "n": 1001}, "1001 images"),
        ({}, {"seed": 1, "memory": True}, "no memory master"),
        ({}, {"seed": 1, "label": 1}, "no classes"),
        ({"CLASSES": 2}, {"seed": 1, "label": 2}, "label 2 to 2: must be 0 to 1"),
        ({"CLASSES": 2}, {"latents": np.zeros((3, 6), int), "label": 1}, "the latents hold theirs"),
        ({}, {"latents": np.zeros((3, 5), int)}, r"shape \(3, 5\): \(N,6\) is expected"),
        ({}, {"latents": np.full((1, 6), 128)}, "latents of 128 to 128: must be -128 to 127"),
    ],
)
def test_bad_arguments_are_one_line(values, arguments, message):
    with pytest.raises(ValueError, match=message):
        Accelerator(Registers(**values)).generate(**arguments)


def test_reported_errors_are_named_and_cleared():
    board = Registers()
    accelerator = Accelerator(board)
    board.values["ERRORS"] = registers.encode("ERRORS", READ_DECERR=1, OVERFLOW=1)
    with pytest.raises(AcceleratorError, match="OVERFLOW, READ_DECERR in a call of 5 images"):
        accelerator.measure(5)
    assert board.written[-1] == ("ERRORS", board.values["ERRORS"])


def test_no_progress_is_an_abort_and_one_line():
    board = Registers()
    accelerator = Accelerator(board, timeout=0.01)
    started = registers.BY_NAME["CONTROL"].offset
    board.write = lambda at, value: board.values.update(STATUS=value & 1) if at == started else None
    with pytest.raises(AcceleratorError, match=r"no progress for 0.01 s: 0 of 5 images are out"):
        accelerator.measure(5)
    assert board.values["STATUS"] == 0


def bit_file(words):
    fields = b"".join(key + (4).to_bytes(2, "big") + b"top\0" for key in (b"a", b"b", b"c", b"d"))
    data = b"".join(word.to_bytes(4, "big") for word in words)
    return bytes(13) + fields + b"e" + len(data).to_bytes(4, "big") + data


def test_bit_file_becomes_swapped_words():
    assert driver.bit_to_bin(bit_file([0xFFFFFFFF, 0xAA995566])) == b"\xff\xff\xff\xff\x66\x55\x99\xaa"
    for broken in (b"", bit_file([1, 2])[:-1], bytes(100)):
        with pytest.raises(ValueError, match="no bitstream"):
            driver.bit_to_bin(broken)


def test_load_by_the_fpga_manager(tmp_path):
    manager = tmp_path / "sys/class/fpga_manager/fpga0"
    manager.mkdir(parents=True)
    path = tmp_path / "design.bit"
    path.write_bytes(bit_file([0xAA995566]))
    with pytest.raises(AcceleratorError, match="cannot be loaded"):
        driver._load_by_manager(path, tmp_path)
    (tmp_path / "lib/firmware").mkdir(parents=True)
    (manager / "state").write_text("operating\n")
    driver._load_by_manager(path, tmp_path)
    assert (tmp_path / "lib/firmware/design.bin").read_bytes() == b"\x66\x55\x99\xaa"
    assert (manager / "firmware").read_text() == "design.bin"
    (manager / "state").write_text("write error\n")
    with pytest.raises(AcceleratorError, match="state 'write error'"):
        driver._load_by_manager(path, tmp_path)


def test_mapped_board_reads_and_writes_words(tmp_path):
    device = tmp_path / "uio0"
    device.write_bytes(bytes(0x4000))
    board = driver.MappedBoard(device=str(device))
    board.write(0x54, 77)
    board.write_words(0x1000, np.array([1, 2], np.uint32))
    assert board.read(0x54) == 77 and board.read_words(0x1000, 3).tolist() == [2, 2, 2]
    with pytest.raises(AcceleratorError, match="cannot be mapped"):
        driver.MappedBoard(device=str(tmp_path / "uio1"))
    with pytest.raises(AcceleratorError, match="neither pynq nor /dev/udmabuf0"):
        board.allocate(100)


def test_the_file_runs_alone(tmp_path):
    """With numpy and nothing of this project."""
    shutil.copytree(Path(driver.__file__).parent, tmp_path / "driver")
    code = (
        "import sys; sys.path.insert(0, '.'); import driver; "
        "driver.random_latents(1, 1, 4, 8, -128, 1 / 32); "
        "print(sorted(name for name in sys.modules if name.startswith('fpgan')))"
    )
    assert run([sys.executable, "-I", "-c", code], tmp_path, tmp_path / "log", "alone").strip() == "[]"


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
    got = driver.set_clock(mhz, 50.0, slcr)
    word = slcr.read(0x170)
    first, second, source = word >> 8 & 63, word >> 20 & 63, word >> 4 & 3
    assert got == 1000 / first / second and source == 0 and word & 1 and slcr.locked
    reachable = [1000 / a / b for a in range(1, 64) for b in range(1, 64)]
    assert got == pytest.approx(max(clock for clock in reachable if clock <= mhz * (1 + 1e-4)), rel=1e-12)


def test_clock_follows_oscillator_and_pll():
    assert driver.set_clock(100.0, 33.333, Slcr(feedback=30)) == pytest.approx(99.999)
    assert driver.set_clock(100.0, 50.0, Slcr(bypass=True)) == 50.0
    with pytest.raises(ValueError, match=r"^a clock of 0.2 MHz: 0.252 MHz is the slowest$"):
        driver.set_clock(0.2, 50.0, Slcr())
    with pytest.raises(AcceleratorError, match=r"^FCLK0 reads 0x00200531 where 0x00200401 was written$"):
        driver.set_clock(125.0, 50.0, Slcr(stuck=True))


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
    assert driver.set_clock(160.0) == clocks.fclk0_mhz == 1000 / 7
    assert driver.set_clock(125.0) == 125.0


@pytest.mark.parametrize(
    ("files", "pynq", "sets"), [((), False, 1), ((".hwh",), False, 1), ((".hwh",), True, 0)]
)
def test_clock_is_set_before_loading_where_loading_does_not(files, pynq, sets, tmp_path, monkeypatch):
    called = []
    monkeypatch.setitem(sys.modules, "pynq", type("pynq", (), {}) if pynq else None)
    monkeypatch.setattr(driver, "set_clock", lambda *arguments: called.append(arguments))
    monkeypatch.setattr(driver, "load_bitstream", lambda path: called.append(path))
    monkeypatch.setattr(driver, "MappedBoard", lambda *arguments: arguments)
    for suffix in files:
        (tmp_path / f"fpgan{suffix}").touch()
    driver.open_board(tmp_path / "fpgan.bit", clock_mhz=125.0, ps_clock_mhz=50.0)
    assert called == [(125.0, 50.0)] * sets + [tmp_path / "fpgan.bit"]
    called.clear()
    driver.open_board(clock_mhz=100.0)
    driver.open_board()
    assert called == [(100.0, 100 / 3)]
