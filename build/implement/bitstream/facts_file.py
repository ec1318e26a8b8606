# SPDX-License-Identifier: Apache-2.0
"""facts.json: what a board needs to know of its bitstream."""

from __future__ import annotations

from dataclasses import dataclass

from fpgan.hw.synth_file import SynthTiming
from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Number, OneOf, Whole

_WORD = Whole(0, 2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class BoardFacts:
    """DEPLOY/facts.json, by `fpgan bitstream`; read by selftest.py and your own code on the board."""

    name: str = said("of the model's file")
    board: str = said("name in hw/boards/boards.yaml", stable=True)
    part: str = said("the vendor's name of the part", stable=True)
    tool: str = said("that makes the bitstream", stable=True, within=OneOf(("vivado", "openxc7")))
    bus: str = said("axi: registers and a memory master; axil: registers alone", stable=True,
                    within=OneOf(("axi", "axil")))  # fmt: skip
    clock_mhz: float = said("of the accelerator, never above what was routed", "MHz", stable=True,
                            within=Number())  # fmt: skip
    asked_mhz: float = said("clock that the build is for", "MHz", within=Number())
    frames_per_second: float = said("at clock_mhz", "images/s", within=Number())
    ps_clock_mhz: float = said("oscillator of the processor system", "MHz", within=Number())
    address: int = said("of the registers", "bytes", stable=True, within=Whole())
    id: int = said("what the register ID reads", within=_WORD)
    version: int = said("what the register VERSION reads", within=_WORD)
    design: int = said(
        "what the register DESIGN reads: a digest of all it is made of", stable=True, within=_WORD
    )
    bitstream: str = said("file in DEPLOY", stable=True)
    missing: str | None = said("null with a bitstream, else what to run where to make it", stable=True)
    weights: str | None = said("file in DEPLOY that load_weights takes; null where the bitstream has them")
    timing: SynthTiming | None = said("as the tool measured it; null where it did not run")
