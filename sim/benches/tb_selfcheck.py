# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for a bench that drives and checks itself and counts in `errors` what is wrong."""

from __future__ import annotations

import logging
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles


@cocotb.test()
async def no_errors(dut: Any) -> None:
    """Clock `clk` for +cycles=N; every bit of `errors` must stay 0."""
    logging.getLogger("cocotb").setLevel(logging.WARNING)
    Clock(dut.clk, 10, "ns").start()
    await ClockCycles(dut.clk, int(cocotb.plusargs["cycles"]))
    errors = int(dut.errors.value)
    wrong = [i for i in range(len(dut.errors)) if errors >> i & 1]
    assert not wrong, f"wrong: {wrong}"
