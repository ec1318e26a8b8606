# SPDX-License-Identifier: Apache-2.0
"""Opening a board: its clock, its bitstream, its registers."""

from __future__ import annotations

from pathlib import Path

from .bitstream import load_bitstream, loads_clocks
from .by_pynq import PynqBoard
from .clocks import set_clock
from .interface import Board
from .mapped import MappedBoard


def open_board(
    bitstream: str | Path | None = None,
    address: int = 0x43C0_0000,
    device: str = "/dev/mem",
    clock_mhz: float | None = None,
    ps_clock_mhz: float = 100 / 3,
) -> Board:
    """Take the registers, by pynq's MMIO or mapped (see MappedBoard), then load a bitstream, if one is given.

    clock_mhz: of the design, to set the clock to (see set_clock) where loading does not, as pynq does by a
    .hwh; left out, the clock stays as it is. ps_clock_mhz: of the board's oscillator.
    """
    path = None if bitstream is None else Path(bitstream)
    board = _registers(address, device)  # first: a bitstream would end what another program is doing there
    if clock_mhz is not None and not (path and loads_clocks(path)):
        set_clock(clock_mhz, ps_clock_mhz)
    if path is not None:
        load_bitstream(path)
    return board


def _registers(address: int, device: str) -> Board:
    if device != "/dev/mem":
        return MappedBoard(address, device)
    try:
        import pynq  # noqa: F401
    except ImportError:
        return MappedBoard(address, device)
    return PynqBoard(address)
