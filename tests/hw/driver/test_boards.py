# SPDX-License-Identifier: Apache-2.0
"""Boards without one: bitstreams by the FPGA manager, mapped registers, the order in which a board opens."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from fpgan.hw.driver import AcceleratorError, MappedBoard, bitstream, boards


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


@pytest.mark.parametrize(
    ("files", "pynq", "sets"), [((), False, 1), ((".hwh",), False, 1), ((".hwh",), True, 0)]
)
def test_clock_is_set_before_loading_where_loading_does_not(files, pynq, sets, tmp_path, monkeypatch):
    called = []
    monkeypatch.setitem(sys.modules, "pynq", type("pynq", (), {}) if pynq else None)
    monkeypatch.setattr(boards, "set_clock", lambda *arguments: called.append(arguments))
    monkeypatch.setattr(boards, "load_bitstream", lambda path: called.append(path))
    monkeypatch.setattr(boards, "MappedBoard", lambda *arguments: arguments)
    for suffix in files:
        (tmp_path / f"fpgan{suffix}").touch()
    boards.open_board(tmp_path / "fpgan.bit", clock_mhz=125.0, ps_clock_mhz=50.0)
    assert called == [(125.0, 50.0)] * sets + [tmp_path / "fpgan.bit"]
    called.clear()
    boards.open_board(clock_mhz=100.0)
    boards.open_board()
    assert called == [(100.0, 100 / 3)]
