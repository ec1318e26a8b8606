# SPDX-License-Identifier: Apache-2.0
"""What a folding may use: amounts of resources, and compute cores."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

CORES = ("lut", "dsp", "dsp2x", "cascade")
# The fastest clock of the accelerator that a core holds; others hold what a board runs at. FINN's mvu, which
# dsp2x runs twice as fast, reaches 400 MHz by the static estimate. A slice with all its registers in use, as
# those of cascade are, holds 464 MHz in the slowest grade of a Zynq-7000 (DS187, F_MAX), more in UltraScale+.
MOST_MHZ = {"dsp2x": 200.0, "cascade": 464.0}
MOST = 10_000_000  # of any resource: more than the largest FPGA holds


@dataclass(frozen=True)
class Budget:
    """Resources that a design may use."""

    lut: int
    dsp: int
    bram18: int
    uram: int = 0
    bandwidth: int = 0  # MB/s of memory, for weights that are streamed

    def __str__(self) -> str:
        more = f" URAM={self.uram}" * (self.uram > 0) + f" BANDWIDTH={self.bandwidth}" * (self.bandwidth > 0)
        return f"LUT={self.lut} DSP={self.dsp} BRAM18={self.bram18}{more}"


def clocked(clock_mhz: float, cores: Collection[str], fixed: bool) -> list[tuple[float, tuple[str, ...]]]:
    """The clocks to fold for, with the cores that hold each: `clock_mhz`, and slower ones unless it is fixed.

    ValueError where none holds it and it is fixed.
    """
    slower = [] if fixed else sorted({MOST_MHZ[core] for core in cores if core in MOST_MHZ}, reverse=True)
    clocks = [clock_mhz, *(clock for clock in slower if clock < clock_mhz)]
    holding = [(clock, tuple(c for c in cores if MOST_MHZ.get(c, clock) >= clock)) for clock in clocks]
    found = [(clock, some) for clock, some in holding if some]
    if not found:
        most = max(MOST_MHZ[core] for core in cores)
        raise ValueError(
            f"cores={','.join(cores)}: hold {most:g} MHz at most, and clock_mhz={clock_mhz:g}; ask for that "
            "clock, or for lut or dsp besides"
        )
    return found


def left_out(clock_mhz: float, cores: Collection[str]) -> list[str]:
    """A line for each core that does not hold the clock."""
    return [
        f"{core} holds {MOST_MHZ[core]:g} MHz at most: left out at {clock_mhz:g} MHz"
        for core in cores
        if MOST_MHZ.get(core, clock_mhz) < clock_mhz
    ]
