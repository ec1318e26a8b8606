# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for a bench made by host_bench: the host interface of an identity accelerator."""

from __future__ import annotations

import logging
import random
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiResp, AxiSlave, SparseMemoryRegion

from fpgan.hw import registers
from fpgan.hw.driver import random_latents, seed_state
from fpgan.hw.host import Host
from fpgan.sim.tb_stream import pauses

_PERIOD_NS = 10
_LIMIT_NS = 3_000_000
_SOURCE, _DEST = 0x10_0F40, 0x20_0F80  # bursts from there would cross 4 KiB
_GUARD = b"\xa5" * 64
_BAD = 0x8000_0000  # every access from there on fails


class Memory(SparseMemoryRegion):
    """Memory, empty beyond _BAD."""

    async def read(self, address: int, length: int, **kwargs: Any) -> bytes:
        if address >= _BAD:
            raise ValueError(f"no memory at {address:#x}")
        return bytes(await super().read(address, length, **kwargs))

    async def write(self, address: int, data: bytes, **kwargs: Any) -> None:
        if address >= _BAD:
            raise ValueError(f"no memory at {address:#x}")
        await super().write(address, data, **kwargs)


class Bench:
    """Clock, reset, bus models, and register accesses by name."""

    def __init__(self, dut: Any) -> None:
        logging.getLogger("cocotb").setLevel(logging.ERROR)
        self.dut = dut
        self.host = Host.load(str(cocotb.plusargs["host"]))
        dut.ap_rst_n.value = 0
        Clock(dut.ap_clk, _PERIOD_NS, "ns").start()
        ends = (dut.ap_clk, dut.ap_rst_n)
        self.control = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), *ends, reset_active_level=False)
        self.memory = Memory(2**32)
        self.slave = None
        if self.host.options.bus == "axi":
            bus = AxiBus.from_prefix(dut, "m_axi")
            self.slave = AxiSlave(bus, *ends, target=self.memory, reset_active_level=False)

    async def start(self) -> Bench:
        await self.reset()
        beats, form, shape = [await self.read(n) for n in ("LATENT_BEATS", "LATENT_FORMAT", "IMAGE_SHAPE")]
        self.image_bytes = beats * (form >> 16)
        assert self.image_bytes == (shape >> 20) * (shape >> 8 & 0xFFF) * (shape & 0xFF)
        return self

    async def reset(self) -> None:
        self.dut.ap_rst_n.value = 0
        await ClockCycles(self.dut.ap_clk, 8)
        self.dut.ap_rst_n.value = 1
        await RisingEdge(self.dut.ap_clk)

    def stall(self, seed: int) -> None:
        """Random pauses on every channel of both buses."""
        ends = [self.control.write_if, self.control.read_if]
        channels = [
            ends[0].aw_channel,
            ends[0].w_channel,
            ends[0].b_channel,
            ends[1].ar_channel,
            ends[1].r_channel,
        ]
        if self.slave:
            write, read = self.slave.write_if, self.slave.read_if
            channels += [write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel]
        for i, channel in enumerate(channels):
            channel.set_pause_generator(pauses(seed + i, 0.4))

    async def read_at(self, offset: int) -> int:
        answer = await with_timeout(cocotb.start_soon(self.control.read(offset, 4)), _LIMIT_NS, "ns")
        assert answer.resp == AxiResp.OKAY
        return int.from_bytes(answer.data, "little")

    async def read(self, name: str) -> int:
        return await self.read_at(registers.BY_NAME[name].offset)

    async def write(self, name: str, value: int) -> None:
        await self.write_at(registers.BY_NAME[name].offset, value.to_bytes(4, "little"))

    async def write_at(self, offset: int, data: bytes) -> None:
        answer = await with_timeout(cocotb.start_soon(self.control.write(offset, data)), _LIMIT_NS, "ns")
        assert answer.resp == AxiResp.OKAY

    async def begin(self, images: int, source: str, sink: str, **flags: int) -> None:
        await self.write("IMAGES", images)
        word = registers.encode(
            "CONTROL", START=1, SOURCE=registers.SOURCES[source], SINK=registers.SINKS[sink], **flags
        )
        await self.write("CONTROL", word)

    async def finish(self) -> int:
        """Wait for the end of a call or an abort; returns ERRORS, which are cleared."""
        for _ in range(20000):
            if not await self.read("STATUS"):
                break
        else:
            raise AssertionError(f"the call hangs: {await self.read('IMAGES_OUT')} images are out")
        errors = await self.read("ERRORS")
        await self.write("ERRORS", errors)
        assert await self.read("ERRORS") == 0
        return errors

    async def abort(self) -> int:
        await self.write("CONTROL", registers.encode("CONTROL", ABORT=1))
        return await self.finish()

    async def drain(self, words: int) -> bytes:
        """`words` words of the output window."""
        taken = b""
        while len(taken) < 4 * words:
            for _ in range(await self.read("OUT_LEVEL")):
                taken += (await self.read_at(registers.OUT_WINDOW)).to_bytes(4, "little")
        return taken

    async def feed(self, data: bytes) -> None:
        """Into the input window, as there is room; the last word is filled up."""
        words = [data[i : i + 4].ljust(4, b"\xee") for i in range(0, len(data), 4)]
        while words:
            for _ in range(await self.read("IN_SPACE")):
                if words:
                    await self.write_at(registers.IN_WINDOW, words.pop(0))

    async def through_windows(self, data: bytes, images: int) -> None:
        """A call by the windows, which gives the images that are the latents, and no error."""
        await self.begin(images, "WINDOW", "WINDOW")
        task = cocotb.start_soon(self.feed(data))
        got = await with_timeout(cocotb.start_soon(self.drain(-(-len(data) // 4))), _LIMIT_NS, "ns")
        await with_timeout(task, _LIMIT_NS, "ns")
        assert got == data + bytes(-len(data) % 4), f"{images} images by the windows are wrong"
        assert await self.finish() == 0 and await self.read("OUT_LEVEL") == 0
        counts = [await self.read(n) for n in ("LATENTS_IN", "IMAGES_OUT")]
        assert counts == [images, images]

    async def through_memory(self, data: bytes, images: int) -> None:
        """The same by the memory; what lies behind the images stays."""
        for name, address in (("SOURCE_LO", _SOURCE), ("DEST_LO", _DEST)):
            await self.write(name, address)
        await self.memory.write(_SOURCE, data + _GUARD)
        await self.memory.write(_DEST, bytes(len(data)) + _GUARD)
        await self.begin(images, "DMA", "DMA")
        assert await self.finish() == 0
        assert bytes(await self.memory.read(_DEST, len(data))) == data, f"{images} images by memory are wrong"
        assert bytes(await self.memory.read(_DEST + len(data), len(_GUARD))) == _GUARD
        assert await self.read("IMAGES_OUT") == images

    def data(self, images: int, seed: int = 0) -> bytes:
        return random.Random(seed).randbytes(images * self.image_bytes)


def without_memory() -> bool:
    """Whether this run's host interface has no memory master."""
    return Host.load(str(cocotb.plusargs["host"])).options.bus != "axi"


@cocotb.test()
async def registers_read_what_was_written(dut: Any) -> None:
    """Constants stay, settings hold, unmapped offsets read 0; a partial write is an error and no change."""
    bench = await Bench(dut).start()
    await bench.finish()
    assert await bench.read("ID") == registers.ID_WORD
    assert await bench.read("DESIGN") == bench.host.identity
    await bench.write("DESIGN", 0)
    assert await bench.read("DESIGN") == bench.host.identity
    for i, register in enumerate(r for r in registers.REGISTERS if r.access == "rw" and not r.fields):
        await bench.write(register.name, 0x12345678 + i)
    for i, register in enumerate(r for r in registers.REGISTERS if r.access == "rw" and not r.fields):
        assert await bench.read(register.name) == 0x12345678 + i
    await bench.write_at(0xFF0, b"\x01\x02\x03\x04")
    assert await bench.read_at(0xFF0) == 0 and await bench.read_at(0x3000) == 0
    assert await bench.finish() == 0
    await bench.write_at(registers.BY_NAME["IMAGES"].offset, b"\x01")
    assert await bench.finish() == registers.encode("ERRORS", ACCESS=1)
    assert await bench.read("IMAGES") >> 8 == 0x123456


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
    await bench.write("IMAGES", 2**32 - 1)
    await bench.write("CONTROL", registers.encode("CONTROL", START=1))
    assert await bench.finish() == error["REFUSED"]
    await bench.write("IMAGES", 1)
    await bench.write("CONTROL", registers.encode("CONTROL", START=1, SOURCE=3))
    assert await bench.finish() == error["REFUSED"]
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


@cocotb.test()
async def the_generator_makes_the_latents_of_numpy(dut: Any) -> None:
    """Seeds, and calls that go on where the last one ended."""
    bench = await Bench(dut).start()
    await bench.finish()
    bench.stall(3)
    for seed, calls in ((1, (2, 3)), (0xDEADBEEF, (1,))):
        for i, word in enumerate(seed_state(seed)):
            await bench.write(f"SEED_{i}", word)
        elements, images = bench.image_bytes, sum(calls)
        expected = random_latents(seed, images, elements, 8, -128, 2.0**-5).astype(np.int8).tobytes()
        for i, count in enumerate(calls):
            await bench.begin(count, "GENERATOR", "WINDOW", RESEED=int(i == 0))
            size, before = count * elements, sum(calls[:i]) * elements
            got = await bench.drain(-(-size // 4))
            assert got[:size] == expected[before : before + size]
            assert await bench.finish() == 0


@cocotb.test()
async def calls_by_memory(dut: Any) -> None:
    """Calls of any length from and to memory, back to back, free running and with pauses."""
    if without_memory():
        return
    bench = await Bench(dut).start()
    await bench.finish()
    for images in (1, 0, 2, 90, 3):
        await bench.through_memory(bench.data(images, images), images)
    bench.stall(11)
    for images in (1, 40, 0, 7):
        await bench.through_memory(bench.data(images, images), images)
    await bench.through_windows(bench.data(2), 2)


@cocotb.test()
async def bus_errors_end_the_call_and_are_reported(dut: Any) -> None:
    """Failing reads and writes: the call ends, the error is told, the next call is right."""
    if without_memory():
        return
    bench = await Bench(dut).start()
    await bench.finish()
    for source, dest, error in ((_BAD, _DEST, "READ_SLVERR"), (_SOURCE, _BAD, "WRITE_SLVERR")):
        await bench.write("SOURCE_LO", source)
        await bench.write("DEST_LO", dest)
        await bench.begin(20, "DMA", "DMA")
        assert await bench.finish() == registers.encode("ERRORS", **{error: 1})
        await bench.through_memory(bench.data(3), 3)


@cocotb.test()
async def abort_and_reset_amid_memory_transfers(dut: Any) -> None:
    """An abort lets open bursts end and touches no memory beyond; then calls are right."""
    if without_memory():
        return
    bench = await Bench(dut).start()
    await bench.finish()
    for seed in range(8):
        if seed == 4:
            bench.stall(5)
        await bench.write("SOURCE_LO", _SOURCE)
        await bench.write("DEST_LO", _DEST)
        await bench.begin(100, "DMA", "DMA")
        await ClockCycles(dut.ap_clk, 30 + 37 * seed)
        await (bench.reset() if seed % 4 == 3 else bench.abort())
        await bench.finish()
        await bench.through_memory(bench.data(9, seed), 9)
