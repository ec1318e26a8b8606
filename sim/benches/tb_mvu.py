# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for a bench made by mvu_bench: feeds steps, checks sums and their latency."""

from __future__ import annotations

import logging
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from numpy.typing import NDArray

Vectors = dict[str, NDArray]


def _words(words: NDArray[np.uint8]) -> list[int]:
    return [int.from_bytes(word.tobytes(), "little") for word in words]


async def feed(dut: Any, vectors: Vectors, i: int, stall: float) -> None:
    """One case: a reset in mid-stream, then every step; each sum must come `latency` enabled cycles later."""
    signals = ("rst", "en", "first", "last", "w", "a", "vld", "p")
    rst, en, first, last, w, a, vld, p = (getattr(dut, f"c{i}_{name}") for name in signals)
    weights, activations = _words(vectors[f"w{i}"]), _words(vectors[f"a{i}"])
    expected, latency = _words(vectors[f"p{i}"]), int(vectors["latency"][i])
    rng, due = random.Random(i), list[int]()
    rst.value = 1
    en.value = 1
    for value, signal in ((0, first), (0, last), (0, w), (0, a)):
        signal.value = value
    await ClockCycles(dut.clk, 3)
    rst.value = 0
    steps, enabled, step, got = len(weights), 0, 0, 0
    warm_up = 11  # steps before a reset that forgets them
    while got < len(expected):
        if step < steps:
            first.value, last.value = int(vectors[f"first{i}"][step]), int(vectors[f"last{i}"][step])
            w.value, a.value = weights[step], activations[step]
        else:
            first.value = last.value = a.value = 0
        on = rng.random() >= stall
        en.value = int(on)
        await RisingEdge(dut.clk)
        if warm_up:
            warm_up -= 1
            step += on
            if not warm_up:
                rst.value = 1
                await ClockCycles(dut.clk, 1)
                rst.value = 0
                step = enabled = 0
                due.clear()
            continue
        if not on:
            continue
        if vld.value:
            assert due and due.pop(0) == enabled, f"case {i}: vld at enabled cycle {enabled}, not when due"
            assert int(p.value) == expected[got], (
                f"case {i}: sum {got} is {int(p.value):#x}, expected {expected[got]:#x}"
            )
            got += 1
        assert not due or due[0] > enabled, f"case {i}: no vld at enabled cycle {enabled}"
        if step < steps:
            if vectors[f"last{i}"][step]:
                due.append(enabled + latency)
            step += 1
        enabled += 1


async def run(dut: Any, stall: float) -> None:
    """Send the vectors with pauses of probability `stall`, and check each result."""
    logging.getLogger("cocotb").setLevel(logging.WARNING)
    Clock(dut.clk, 10, "ns").start()
    with np.load(str(cocotb.plusargs["vectors"])) as data:
        vectors = dict(data)
    if stall and not vectors["pauses"]:
        return
    for task in [cocotb.start_soon(feed(dut, vectors, i, stall)) for i in range(len(vectors["latency"]))]:
        await task


@cocotb.test()
async def always_enabled(dut: Any) -> None:
    """A step per cycle."""
    await run(dut, 0.0)


@cocotb.test()
async def enabled_at_random(dut: Any) -> None:
    """Cycles without `en` change nothing."""
    await run(dut, 0.4)
