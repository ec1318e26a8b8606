# SPDX-License-Identifier: Apache-2.0
"""What a folding may use: amounts of resources, and compute cores."""

from __future__ import annotations

from dataclasses import dataclass

CORES = ("lut", "dsp", "dsp2x")
MOST = 10_000_000  # of any resource: more than the largest FPGA holds


@dataclass(frozen=True)
class Budget:
    """Resources that a design may use."""

    lut: int
    dsp: int
    bram18: int

    def __str__(self) -> str:
        return f"LUT={self.lut} DSP={self.dsp} BRAM18={self.bram18}"
