# SPDX-License-Identifier: Apache-2.0
"""Delays of a family's cells, from measured data (delays.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Delays:
    """Delays in ns. source: where they are from; round: those that are no figures of it."""

    source: str
    lut: float
    carry_in: float  # onto a carry chain, to the same bit's carry
    carry_bit: float  # for each bit that the carry goes on within the block
    carry_onto: float  # onto a chain, to the same bit's sum
    carry_sum: float  # off the chain as a higher bit's sum
    carry_through: float  # through a block
    carry_leave: float  # from a block's carry to any of its sums
    mux: float  # MUXF7, MUXF8
    mux_select: float
    ff_out: float
    ff_setup: float
    lutram_out: float
    srl_out: float
    lutram_setup: float
    ram_out: float  # block RAM and UltraRAM without output register
    ram_reg_out: float
    ram_setup: float
    dsp_out: float  # DSP slice without output register
    dsp_reg_out: float
    dsp_setup: float
    round: tuple[str, ...]


@cache
def delays(family: str) -> Delays:
    """Those of "xc7" or "xcup"."""
    return Delays(**_facts()[family])


def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_name("delays.yaml").read_text(encoding="utf-8")
    )
    return {family: {**found, "round": tuple(found["round"])} for family, found in facts.items()}
