# SPDX-License-Identifier: Apache-2.0
"""The clock of the design, where loading a bitstream does not set it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .chips import CLOCK_ROUNDING, CRF_APB, CRL_APB, SLCR, Chip, UltraScale, Zynq7000
from .interface import AcceleratorError
from .mapped import MappedBoard


def set_clock(mhz: float, ps_clock_mhz: float = 100 / 3, chip: Chip | None = None) -> float:
    """Set the programmable logic's first clock to the nearest not above `mhz`; let it run.

    FCLK0 of a Zynq-7000, PL0 of a Zynq UltraScale+: by pynq where it is installed, else by the registers in
    /dev/mem, which divide a PLL's clock: ps_clock_mhz times the PLL's feedback divisor. chip: which they are.
    Returns the clock in MHz. ValueError for a clock that is too slow, AcceleratorError where the registers
    cannot be mapped or do not keep what is written, or no PLL runs.
    """
    if chip is None:
        try:
            from pynq import Clocks
        except ImportError:
            chip = this_chip()
        else:
            return _set_by_pynq(Clocks, mhz)
    return chip.set_clock(mhz, ps_clock_mhz)


def this_chip(root: Path = Path("/")) -> Chip:
    """The chip that Linux runs on. AcceleratorError where that is no Zynq, or out of reach."""
    path = root / "proc/device-tree/compatible"
    try:
        names = path.read_bytes().decode("ascii", "replace").split("\0")
    except OSError as error:
        raise AcceleratorError(f"{path}: cannot be read ({error}); which Zynq is this?") from None
    if "xlnx,zynq-7000" in names:
        return Zynq7000(_registers(root, SLCR))
    if "xlnx,zynqmp" in names:
        return UltraScale(_registers(root, CRL_APB), _registers(root, CRF_APB))
    raise AcceleratorError(f"{path} says {', '.join(filter(None, names))}: neither Zynq-7000 nor UltraScale+")


def _registers(root: Path, address: int) -> MappedBoard:
    return MappedBoard(address, str(root / "dev/mem"))


def _set_by_pynq(clocks: Any, mhz: float) -> float:
    """pynq takes the nearest clock, which may be above: ask for less until it is not."""
    for percent in range(100, 0, -1):
        clocks.fclk0_mhz = mhz * percent / 100
        if clocks.fclk0_mhz <= mhz * (1 + CLOCK_ROUNDING):
            return float(clocks.fclk0_mhz)
    raise AcceleratorError(f"pynq sets no clock of {mhz:g} MHz or less")
