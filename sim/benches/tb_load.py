# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for a bench made by load_bench: files go in, words and images are looked at."""

from __future__ import annotations

import logging
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge

from fpgan.hw.driver.weights import load_cycles

_PATIENCE = 200  # cycles


async def start(dut: Any, name: str = "file") -> tuple[Any, list[bytes]]:
    """The vectors, and those of its files; images are offered from the reset on."""
    logging.getLogger("cocotb").setLevel(logging.WARNING)
    vectors = np.load(str(cocotb.plusargs["vectors"]))
    files = [vectors[f"{name}{i}"].tobytes() for i in range(sum(k.startswith(name) for k in vectors))]
    Clock(dut.ap_clk, 10, "ns").start()
    dut.ap_rst_n.value = 0
    for signal in (dut.tvalid, dut.tlast, dut.tdata, dut.left, dut.m_axis_tready):
        signal.value = 0
    dut.s_axis_tvalid.value = 1
    await ClockCycles(dut.ap_clk, 1)
    dut.ap_rst_n.value = 1
    await RisingEdge(dut.ap_clk)
    return vectors, files


async def send(dut: Any, content: bytes, stall: float = 0.0) -> int:
    """A file, and what comes of it: the cycles from `granted` to `loaded`, 0 where it was refused."""
    granted = waited = cycles = sent = 0
    offering = False
    while waited < _PATIENCE:
        offering = sent < len(content) and (offering or random.random() >= stall)
        dut.tvalid.value = int(offering)
        dut.tdata.value = content[sent] if offering else 0
        dut.tlast.value = int(offering and sent + 1 == len(content))
        await ReadOnly()
        taken = offering and bool(dut.tready.value)
        granted = granted or (cycles + 1 if offering and dut.granted.value else 0)
        if sent == len(content) and (dut.loaded.value or dut.errors.value != 0):
            await RisingEdge(dut.ap_clk)
            return cycles + 1 - granted if dut.loaded.value else 0
        assert not dut.m_axis_tvalid.value or not granted, "an image enters beside weights"
        await RisingEdge(dut.ap_clk)
        cycles += 1
        sent += taken
        offering = offering and not taken
        waited = 0 if taken else waited + 1
    raise AssertionError(f"neither loaded nor refused, {sent} of {len(content)} bytes taken")


async def check_words(dut: Any, vectors: Any, content: bytes) -> None:
    """Every memory holds what the file has, a word per cycle, 3 cycles after its address."""
    place = 8
    for i, (words, size, bits) in enumerate(vectors["memories"].tolist()):
        address, data = getattr(dut, f"address_{i}"), getattr(dut, f"data_{i}")
        for step in range(words + 3):
            address.value = min(step, words - 1)
            await ReadOnly()
            if step >= 3:
                at = place + (step - 3) * size
                word = int.from_bytes(content[at : at + size], "little") & (1 << bits) - 1
                assert int(data.value) == word, (
                    f"memory {i}, word {step - 3}: {int(data.value):x}, not {word:x}"
                )
            await RisingEdge(dut.ap_clk)
        place += words * size + 4


@cocotb.test()
async def loads(dut: Any) -> None:
    """Files one after the other, with and without pauses, are in the memories in the time predicted."""
    vectors, files = await start(dut)
    sizes = [words * size for words, size, _ in vectors["memories"].tolist()]
    dut.s_axis_tvalid.value = 0
    for content, stall in zip(files, (0.0, 0.4, 0.0, 0.1), strict=True):
        took = await send(dut, content, stall)
        assert dut.errors.value == 0
        assert stall or took == load_cycles(sizes), f"{took} cycles, {load_cycles(sizes)} are predicted"
        await check_words(dut, vectors, content)


@cocotb.test()
async def refuses(dut: Any) -> None:
    """Every file that is wrong: an error, nothing loaded, no image; then a right one loads."""
    vectors, wrong = await start(dut, "wrong")
    right = vectors["file0"].tobytes()
    for number, content in enumerate(wrong):
        took = await send(dut, content, 0.2 if number % 10 == 0 else 0.0)
        assert took == 0 and dut.errors.value != 0 and not dut.loaded.value, f"file {number} was taken"
        assert not dut.m_axis_tvalid.value, f"an image enters after file {number}"
        if number % 50 == 0:
            dut.s_axis_tvalid.value = 0
            assert await send(dut, right), "a right file was refused"
            await check_words(dut, vectors, right)
            await ClockCycles(dut.ap_clk, 3)
            dut.s_axis_tvalid.value = 0


@cocotb.test()
async def between_images(dut: Any) -> None:
    """While images come and go a load waits until none is inside, and none enters before it is done."""
    vectors, files = await start(dut)
    beats, rng = int(vectors["beats"]), random.Random(1)
    dut.s_axis_tvalid.value = 0
    await send(dut, files[0])
    inside = entered = left = loads = sent = 0
    offering = file = False
    for cycle in range(4000):
        offering = offering or rng.random() < 0.7
        file = file or (rng.random() < 0.02 and sent == 0)
        dut.s_axis_tvalid.value = int(offering)
        dut.m_axis_tready.value = int(rng.random() < 0.6)
        content = files[1 + loads % 3]
        dut.tvalid.value = int(file)
        dut.tdata.value = content[sent]
        dut.tlast.value = int(sent + 1 == len(content))
        leaves = inside > 0 and entered // beats > left and rng.random() < 0.1
        dut.left.value = int(leaves)
        await ReadOnly()
        beat = bool(dut.s_axis_tvalid.value and dut.s_axis_tready.value)
        byte = bool(dut.tvalid.value and dut.tready.value)
        assert not (byte and inside), f"cycle {cycle}: weights come while {inside} images are inside"
        assert not (beat and not dut.loaded.value), f"cycle {cycle}: an image enters without weights"
        await RisingEdge(dut.ap_clk)
        inside += int(beat and entered % beats == 0) - int(leaves)
        entered, left, sent = entered + beat, left + leaves, sent + byte
        offering = offering and not beat
        if sent == len(content):
            sent, file, loads = 0, False, loads + 1
    assert loads > 10 and left > 20, f"{loads} loads between {left} images"


@cocotb.test()
async def forgets(dut: Any) -> None:
    """A reset within a file: nothing is loaded, what follows of it is refused, the next one loads."""
    vectors, files = await start(dut)
    dut.s_axis_tvalid.value = 0
    assert await send(dut, files[0])
    dut.tvalid.value = 1
    for byte in files[1][:20]:
        dut.tdata.value = byte
        await RisingEdge(dut.ap_clk)
    dut.tvalid.value = 0
    dut.ap_rst_n.value = 0
    await ClockCycles(dut.ap_clk, 1)
    dut.ap_rst_n.value = 1
    await RisingEdge(dut.ap_clk)
    assert not dut.loaded.value
    assert await send(dut, files[1][20:]) == 0 and not dut.loaded.value
    assert await send(dut, files[2])
    await check_words(dut, vectors, files[2])
