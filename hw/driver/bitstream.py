# SPDX-License-Identifier: Apache-2.0
"""Loading a bitstream, by pynq or by Linux' FPGA manager."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .interface import AcceleratorError


def load_bitstream(path: Path) -> None:
    """Load a .bit file by pynq, clocks included where its .hwh lies beside it, else by Linux' FPGA manager.

    AcceleratorError where it does not load.
    """
    try:
        import pynq
    except ImportError:
        _load_by_manager(path)
        return
    if path.with_suffix(".hwh").exists():
        pynq.Overlay(str(path))
    else:
        pynq.Bitstream(str(path)).download()


def loads_clocks(bitstream: Path) -> bool:
    """Whether loading sets the clocks: pynq does, by a .hwh."""
    try:
        import pynq  # noqa: F401
    except ImportError:
        return False
    return bitstream.with_suffix(".hwh").exists()


def _load_by_manager(path: Path, root: Path = Path("/")) -> None:
    manager, name = root / "sys/class/fpga_manager/fpga0", f"{path.stem}.bin"
    try:
        (root / "lib/firmware" / name).write_bytes(bit_to_bin(path.read_bytes()))
        (manager / "flags").write_text("0", encoding="utf-8")
        (manager / "firmware").write_text(name, encoding="utf-8")
        state = (manager / "state").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise AcceleratorError(f"{path}: cannot be loaded ({error}); are you root?") from None
    if state != "operating":
        raise AcceleratorError(f"{path}: the FPGA manager is in state {state!r} after loading it")


def bit_to_bin(bit: bytes) -> bytes:
    """What the FPGA manager of a Zynq takes: the words of a .bit file without its header, bytes swapped."""
    at = 13  # behind a field of 9 bytes and its frame
    while len(bit) > at and bit[at : at + 1] in (b"a", b"b", b"c", b"d"):
        at += 3 + int.from_bytes(bit[at + 1 : at + 3], "big")
    size = int.from_bytes(bit[at + 1 : at + 5], "big")
    data = bit[at + 5 : at + 5 + size]
    if bit[at : at + 1] != b"e" or len(data) != size or size % 4:
        raise ValueError("no bitstream: its header is not that of a .bit file, or it is cut short")
    return np.frombuffer(data, ">u4").astype("<u4").tobytes()
