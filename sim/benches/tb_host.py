# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for every bench of host_bench: registers, windows, generator."""

from __future__ import annotations

import random
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles

from fpgan.hw.driver.latents import latent_table, seed_state, xoshiro128pp
from fpgan.hw.host import registers
from fpgan.sim.benches.host_models import Bench


@cocotb.test()
async def registers_read_what_was_written(dut: Any) -> None:
    """Constants stay, settings hold, unmapped offsets read 0; a partial write is an error and no change."""
    bench = await Bench(dut).start()
    await bench.finish()
    assert await bench.read("ID") == registers.ID_WORD
    assert await bench.read("DESIGN") == bench.host.identity
    await bench.write("DESIGN", 0)
    assert await bench.read("DESIGN") == bench.host.identity
    names = [r.name for r in registers.REGISTERS if r.access == "rw" and not r.fields]
    for first in range(len(names)):  # of those that share a register each is once the last
        order = [*names[first:], *names[:first]]
        words = {name: random.Random(f"{name} {first}").getrandbits(32) for name in order}
        for name, word in words.items():
            await bench.write(name, word)
        for name, word in words.items():
            assert await bench.read(name) == word
    for bit in (8, 9, 10, 11, 13):  # a register lies at one address alone
        alias = registers.BY_NAME["IMAGES"].offset | 1 << bit
        await bench.write_at(alias, bytes(4))
        assert bit == 13 or await bench.read_at(alias) == 0
    await bench.write_at(0xFF0, b"\x01\x02\x03\x04")
    assert await bench.read_at(0xFF0) == 0 and await bench.read_at(0x3000) == 0
    assert await bench.finish() == 0
    await bench.write_at(registers.BY_NAME["IMAGES"].offset, bytes([~words["IMAGES"] & 0xFF]))
    assert await bench.finish() == registers.encode("ERRORS", ACCESS=1)
    assert await bench.read("IMAGES") == words["IMAGES"]


@cocotb.test()
async def calls_by_the_windows(dut: Any) -> None:
    """Calls of any length, one after the other, free running and with pauses on every channel."""
    bench = await Bench(dut).start()
    await bench.finish()
    for images in (1, 0, 3, 2):
        await bench.through_windows(bench.data(images, images), images)
    bench.stall(7)
    for images in (2, 5, 0, 1):
        await bench.through_windows(bench.data(images, images), images)


@cocotb.test()
async def misuse_is_reported_and_harmless(dut: Any) -> None:
    """Words too many, reads too many, a start amid a call, sources that are not there."""
    bench = await Bench(dut).start()
    await bench.finish()
    error = {name: registers.encode("ERRORS", **{name: 1}) for name in ("OVERFLOW", "UNDERFLOW", "REFUSED")}
    await bench.write_at(registers.IN_WINDOW, b"abcd")
    assert await bench.finish() == error["OVERFLOW"]
    assert await bench.read_at(registers.OUT_WINDOW + 0x10) == 0
    assert await bench.finish() == error["UNDERFLOW"]
    most = await bench.read("MAX_IMAGES")
    for images in (most + 1, 2**32 - 1):
        await bench.begin(images, "WINDOW", "WINDOW")
        assert await bench.finish() == error["REFUSED"]
    await bench.begin(most, "WINDOW", "WINDOW")
    assert await bench.read("STATUS") and await bench.abort() == 0
    await bench.write("IMAGES", 1)
    control = registers.BY_NAME["CONTROL"].offset
    for bit in range(2, registers.ADDRESS_BITS):  # what is no START
        await bench.write_at(control ^ 1 << bit, registers.encode("CONTROL", START=1).to_bytes(4, "little"))
        assert await bench.read("STATUS") == 0, f"a write to {control ^ 1 << bit:#x} starts a call"
    assert await bench.finish() == error["OVERFLOW"]
    await bench.write("CONTROL", registers.encode("CONTROL", START=1, SOURCE=3))
    assert await bench.finish() == error["REFUSED"]
    await bench.write("CONTROL", registers.encode("CONTROL", START=1, SINK=3))
    assert await bench.finish() == error["REFUSED"]
    await bench.write("SOURCE_LO", 1)
    await bench.write("DEST_LO", 0)
    await bench.begin(1, "DMA", "WINDOW")
    assert await bench.finish() == error["REFUSED"]
    await bench.write("SOURCE_LO", 0)
    await bench.write("DEST_LO", 1)
    await bench.begin(1, "WINDOW", "DMA")
    assert await bench.finish() == error["REFUSED"]
    await bench.begin(1, "WINDOW", "WINDOW")
    await bench.write("CONTROL", registers.encode("CONTROL", START=1, SINK=2))
    assert await bench.read("ERRORS") == error["REFUSED"]
    await bench.feed(bench.data(1))
    assert await bench.drain(-(-bench.image_bytes // 4)) == bench.data(1) + bytes(-bench.image_bytes % 4)
    assert await bench.finish() == error["REFUSED"]


@cocotb.test()
async def full_windows_hold_the_accelerator_back(dut: Any) -> None:
    """With no reader the images wait; nothing is lost."""
    bench = await Bench(dut).start()
    await bench.finish()
    depth = await bench.read("WINDOW_WORDS")
    images = 3 * 4 * depth // bench.image_bytes + 2
    data = bench.data(images)
    await bench.begin(images, "WINDOW", "WINDOW")
    task = cocotb.start_soon(bench.feed(data))
    await ClockCycles(dut.ap_clk, 40 * depth)
    assert not task.done()
    assert await bench.drain(-(-len(data) // 4)) == data + bytes(-len(data) % 4)
    assert await bench.finish() == 0
    one = bench.data(1, 1)
    await bench.begin(1, "WINDOW", "WINDOW")
    for at in range(0, len(one), 4):
        spaces = [await bench.read("IN_SPACE") for _ in range(3)]  # until it is up to date
        assert spaces[-1] == depth, f"IN_SPACE is {spaces[-1]} behind {at} bytes"
        await bench.feed(one[at : at + 4])
    await ClockCycles(dut.ap_clk, 100)
    assert await bench.read("STATUS") == int(len(one) > 4 * (depth + 1)), "a call ends with its last word"
    assert await bench.drain(-(-len(one) // 4)) == one + bytes(-len(one) % 4)
    assert await bench.finish() == 0


@cocotb.test()
async def interrupts(dut: Any) -> None:
    """The end of a call and an error raise the line where they are enabled, until they are cleared."""
    bench = await Bench(dut).start()
    await bench.finish()
    await bench.begin(0, "WINDOW", "WINDOW")
    await bench.finish()
    assert await bench.read("IRQ_STATUS") == 1 and not dut.irq.value
    await bench.write("IRQ_ENABLE", 1)
    await ClockCycles(dut.ap_clk, 3)
    assert dut.irq.value
    await bench.write("IRQ_STATUS", 1)
    await bench.read_at(registers.OUT_WINDOW)
    assert await bench.read("IRQ_STATUS") == 2 and not dut.irq.value
    await bench.write("IRQ_ENABLE", 2)
    await ClockCycles(dut.ap_clk, 3)
    assert dut.irq.value


@cocotb.test()
async def abort_and_reset_amid_a_call(dut: Any) -> None:
    """Whatever is under way, what follows is right from its first byte."""
    bench = await Bench(dut).start()
    await bench.finish()
    for seed in range(6):
        await bench.begin(4, "WINDOW", "WINDOW")
        await bench.feed(bench.data(4)[: 4 * (3 * seed + 1)])
        await ClockCycles(dut.ap_clk, 7 * seed)
        await (bench.abort() if seed % 2 else bench.reset())
        await bench.finish()
        await bench.through_windows(bench.data(2, seed), 2)


def _state_of(word: int) -> tuple[int, int, int, int]:
    """One of the generator's states whose first word is that."""
    first, mask = 0x243F6A88, 0xFFFFFFFF
    turned = (word - first) & mask
    return first, 0x85A308D3, 0x13198A2E, ((turned >> 7 | turned << 25) - first) & mask


@cocotb.test()
async def the_generator_makes_the_latents_of_numpy(dut: Any) -> None:
    """Seeds, and calls that go on where the last one ended; without a generator a call for it is refused."""
    bench = await Bench(dut).start()
    await bench.finish()
    bench.stall(3)
    if not bench.host.options.generator:
        await bench.begin(1, "GENERATOR", "WINDOW")
        assert await bench.finish() == registers.encode("ERRORS", REFUSED=1)
        return
    table = latent_table(8, -128, 2.0**-5)
    first = (1, 0, 0, 0)  # behind a reset, without a seed
    states = {first: (1,), seed_state(1): (2, 0, 4), seed_state(0xDEADBEEF): (1,)}
    edges = table[[127, 63, 95, 111, 135, 139, 149, 156]]  # one of each halving; the least bits decide
    states |= {_state_of(int(edge) + k): (1,) for edge in edges for k in (-1, 0)}
    for state, calls in states.items():
        for i, word in enumerate(state):
            await bench.write(f"SEED_{i}", word)
        elements, images = bench.image_bytes, sum(calls)
        drawn = np.searchsorted(table, xoshiro128pp(state, images * elements), side="right") - 128
        expected = drawn.astype(np.int8).tobytes()
        for i, count in enumerate(calls):
            await bench.begin(count, "GENERATOR", "WINDOW", RESEED=int(i == 0 and state != first))
            size, before = count * elements, sum(calls[:i]) * elements
            got = await bench.drain(-(-size // 4))
            assert got[:size] == expected[before : before + size]
            assert await bench.finish() == 0
