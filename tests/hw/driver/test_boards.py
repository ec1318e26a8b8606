# SPDX-License-Identifier: Apache-2.0
"""Boards without one: bitstreams by the FPGA manager, mapped registers, the order in which a board opens."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from fpgan.hw.driver import AcceleratorError, MappedBoard, bitstream, boards, by_pynq, clocks, locked
from fpgan.hw.system.children import run


def bit_file(words):
    fields = b"".join(key + (4).to_bytes(2, "big") + b"top\0" for key in (b"a", b"b", b"c", b"d"))
    data = b"".join(word.to_bytes(4, "big") for word in words)
    return bytes(13) + fields + b"e" + len(data).to_bytes(4, "big") + data


def test_bit_file_becomes_swapped_words():
    assert bitstream.bit_to_bin(bit_file([0xFFFFFFFF, 0xAA995566])) == b"\xff\xff\xff\xff\x66\x55\x99\xaa"
    for broken in (b"", bit_file([1, 2])[:-1], bytes(100)):
        with pytest.raises(ValueError, match="no bitstream"):
            bitstream.bit_to_bin(broken)


def test_load_by_the_fpga_manager(tmp_path):
    manager = tmp_path / "sys/class/fpga_manager/fpga0"
    manager.mkdir(parents=True)
    path = tmp_path / "design.bit"
    path.write_bytes(bit_file([0xAA995566]))
    with pytest.raises(AcceleratorError, match="cannot be loaded"):
        bitstream._load_by_manager(path, tmp_path)
    (tmp_path / "lib/firmware").mkdir(parents=True)
    (manager / "state").write_text("operating\n")
    bitstream._load_by_manager(path, tmp_path)
    assert (tmp_path / "lib/firmware/design.bin").read_bytes() == b"\x66\x55\x99\xaa"
    assert (manager / "firmware").read_text() == "design.bin"
    (manager / "state").write_text("write error\n")
    with pytest.raises(AcceleratorError, match="state 'write error'"):
        bitstream._load_by_manager(path, tmp_path)


def test_mapped_board_reads_and_writes_words(tmp_path):
    device = tmp_path / "uio0"
    device.write_bytes(bytes(0x4000))
    board = MappedBoard(device=str(device))
    board.write(0x54, 77)
    board.write_words(0x1000, np.array([1, 2], np.uint32))
    assert board.read(0x54) == 77 and board.read_words(0x1000, 3).tolist() == [2, 2, 2]
    with pytest.raises(AcceleratorError, match="cannot be mapped"):
        MappedBoard(device=str(tmp_path / "uio1"))
    with pytest.raises(AcceleratorError, match="neither pynq nor /dev/udmabuf0"):
        board.allocate(100)


@pytest.fixture
def device(tmp_path):
    """A file in the place of /dev/mem."""
    path = tmp_path / "mem"
    path.write_bytes(bytes(0x8000))
    return str(path)


_OTHER = """
import sys
from fpgan.hw.driver import AcceleratorError, MappedBoard
try:
    MappedBoard(int(sys.argv[2]), sys.argv[1])
    print("mapped")
except AcceleratorError as error:
    print(error)
"""


def other_process(device, address, tmp_path):
    command = [sys.executable, "-c", _OTHER, device, str(address)]
    return run(command, tmp_path, tmp_path / "log", "other").strip()


def test_one_process_at_a_time_has_the_registers(device, tmp_path):
    """Two would mix their calls. Another address, a second board here, one that is gone are no conflict."""
    board = MappedBoard(0, device)
    refused = f"{device} at 0x0: cannot be mapped (it is in use by another program)"
    assert other_process(device, 0, tmp_path) == refused
    again = MappedBoard(0, device)  # as a notebook's cell that runs twice
    again.write(0x54, 5)
    assert board.read(0x54) == 5
    assert other_process(device, 0x4000, tmp_path) == "mapped"
    os.close(os.open(device, os.O_RDWR))  # what pynq does: it must not end the lock
    del board
    assert other_process(device, 0, tmp_path) == refused
    del again
    assert other_process(device, 0, tmp_path) == "mapped"


def test_a_map_that_fails_leaves_no_open_file(device):
    before = sorted(Path("/proc/self/fd").iterdir())
    for address in (0x10000, 0x123):  # behind the end; not a page's
        with pytest.raises(AcceleratorError, match=r"cannot be mapped"):
            MappedBoard(address, device)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_lock_that_ends_while_it_is_asked_about_is_taken(device, monkeypatch):
    """Between the refusal and the question whose it is."""
    real, asked = locked.fcntl.fcntl, []

    def fcntl(file, command, argument):
        asked.append(command)
        if len(asked) == 1:
            raise BlockingIOError
        return real(file, command, argument)

    monkeypatch.setattr(locked.fcntl, "fcntl", fcntl)
    assert locked.map_locked(device, 0, 0x1000) is not None
    assert asked == [locked.fcntl.F_OFD_SETLK, locked.fcntl.F_OFD_GETLK, locked.fcntl.F_OFD_SETLK]


@pytest.mark.parametrize(
    ("files", "pynq", "sets"), [((), False, 1), ((".hwh",), False, 1), ((".hwh",), True, 0)]
)
def test_clock_is_set_before_loading_where_loading_does_not(files, pynq, sets, tmp_path, monkeypatch):
    """And the registers are mapped before: where another program has them, nothing of its is touched."""
    called = []
    monkeypatch.setitem(sys.modules, "pynq", type("pynq", (), {}) if pynq else None)
    monkeypatch.setattr(boards, "set_clock", lambda *arguments: called.append(arguments))
    monkeypatch.setattr(boards, "load_bitstream", lambda path: called.append(path))
    for kind in ("MappedBoard", "PynqBoard"):
        monkeypatch.setattr(boards, kind, lambda *arguments, kind=kind: called.append(kind))
    kind = "PynqBoard" if pynq else "MappedBoard"
    for suffix in files:
        (tmp_path / f"fpgan{suffix}").touch()
    boards.open_board(tmp_path / "fpgan.bit", clock_mhz=125.0, ps_clock_mhz=50.0)
    assert called == [kind, *[(125.0, 50.0)] * sets, tmp_path / "fpgan.bit"]
    called.clear()
    boards.open_board(clock_mhz=100.0)
    boards.open_board()
    boards.open_board(device="/dev/uio0")
    assert called == [kind, (100.0, 100 / 3), kind, "MappedBoard"]


class Mmio:
    """pynq's: words of whatever is at an address."""

    def __init__(self, address, length):
        self.at, self.words = (address, length), {}

    def read(self, offset):
        return self.words.get(offset, 7)

    def write(self, offset, data):
        assert type(data) is int  # as pynq demands
        self.words[offset] = data


def test_registers_by_pynq(device, tmp_path, monkeypatch):
    """MMIO asks what was loaded last, so it is made after that; the lock is that of mapped registers'."""
    monkeypatch.setitem(sys.modules, "pynq", type("pynq", (), {}))
    monkeypatch.setattr(by_pynq, "_LOCKED_BY", device)
    board = boards.open_board(address=0x4000)
    sys.modules["pynq"].MMIO = Mmio
    board.write(0x54, np.uint32(77))
    board.write_words(0x1000, np.array([1, 2], np.uint32))
    assert board._mmio.at == (0x4000, 0x4000) and board.read(0x54) == 77
    assert board.read_words(0x2000, 3).tolist() == [7, 7, 7] and board.read(0x1000) == 2
    assert boards.open_board(address=0x4000) is not board
    assert "in use by another program" in other_process(device, 0x4000, tmp_path)
    with pytest.raises(AcceleratorError, match=r"^the registers at 0x0: it is in use by another program$"):
        held = locked.open_locked(device, 0, 16)
        boards.open_board(address=0)
    monkeypatch.setattr(by_pynq, "_LOCKED_BY", f"{device}2")
    assert held and boards.open_board(address=0) is not None


def plain_linux(root, names, words):
    """A root without pynq: a device tree, an FPGA manager, and a /dev/mem that holds `words` by address."""
    for folder in ("proc/device-tree", "sys/class/fpga_manager/fpga0", "lib/firmware", "dev"):
        (root / folder).mkdir(parents=True)
    (root / "proc/device-tree/compatible").write_text(names)
    (root / "sys/class/fpga_manager/fpga0/state").write_text("operating\n")
    with open(root / "dev/mem", "wb") as memory:
        memory.truncate(1 << 32)  # no disk is taken for what is not written
        for address, word in words.items():
            memory.seek(address)
            memory.write(word.to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("names", "address", "words", "clock", "after"),
    [
        ("xlnx,zynq-7000\0", 0x43C0_0000, {0xF8000108: 30 << 12, 0xF8000170: 3 << 4, 0xF8000178: 1}, 125.0,
         {0xF8000170: 4 << 8 | 2 << 20, 0xF8000178: 0}),
        ("xlnx,zynqmp\0", 0xA000_0000, {0xFF5E0020: 90 << 8 | 1 << 16, 0xFF5E0030: 1, 0xFD1A002C: 1}, 300.0,
         {0xFF5E00C0: 1 << 24 | 1 << 16 | 5 << 8}),
    ],
)  # fmt: skip
def test_a_board_without_pynq(names, address, words, clock, after, tmp_path, monkeypatch):
    """Clock, bitstream and registers through the files that Linux has for them."""
    plain_linux(tmp_path, names, words | {address: 0x4650474E})
    (tmp_path / "fpgan.bit").write_bytes(bit_file([0xAA995566]))
    monkeypatch.setitem(sys.modules, "pynq", None)
    chip, load = clocks.this_chip, bitstream._load_by_manager
    monkeypatch.setattr(clocks, "this_chip", lambda: chip(tmp_path))
    monkeypatch.setattr(bitstream, "_load_by_manager", lambda path: load(path, tmp_path))
    memory = str(tmp_path / "dev/mem")
    board = boards.open_board(tmp_path / "fpgan.bit", address, memory, clock_mhz=clock, ps_clock_mhz=100 / 3)
    assert board.read(0) == 0x4650474E
    assert (tmp_path / "lib/firmware/fpgan.bin").read_bytes() == b"\x66\x55\x99\xaa"
    found = {at: MappedBoard(at & ~0xFFF, memory).read(at & 0xFFF) for at in after}
    assert found == after
