# SPDX-License-Identifier: Apache-2.0
"""The host interface of an identity accelerator on cocotb's bus models: accesses by name, whole calls."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiResp, AxiSlave, SparseMemoryRegion

from fpgan.hw.host import registers
from fpgan.hw.host.emit import Host
from fpgan.sim.benches.tb_stream import pauses

_PERIOD_NS = 10
_LIMIT_NS = 3_000_000
SOURCE, DEST = 0x10_0F40, 0x20_0F80  # bursts from there would cross 4 KiB
_GUARD = b"\xa5" * 64
BAD = 0x8000_0000  # every access from there on fails
_UPPER = 0xA5_0000_0000  # above all of them, where the bus has such addresses


class Memory(SparseMemoryRegion):
    """Memory from `lowest` on, empty below it and from BAD above it on; error: the answer there."""

    def __init__(self, lowest: int) -> None:
        super().__init__(2**40)
        self.lowest, self.error = lowest, AxiResp.SLVERR

    async def read(self, address: int, length: int, **kwargs: Any) -> bytes:
        self._look(address)
        return bytes(await super().read(address, length, **kwargs))

    async def write(self, address: int, data: bytes, **kwargs: Any) -> None:
        self._look(address)
        await super().write(address, data, **kwargs)

    def _look(self, address: int) -> None:
        if not self.lowest <= address < self.lowest + BAD:
            raise ValueError(f"no memory at {address:#x}")


class Bench:
    """Clock, reset, bus models, and register accesses by name."""

    def __init__(self, dut: Any) -> None:
        logging.getLogger("cocotb").setLevel(logging.ERROR)
        self.dut = dut
        self.host = Host.load(Path(str(cocotb.plusargs["host"])))
        dut.ap_rst_n.value = 0
        Clock(dut.ap_clk, _PERIOD_NS, "ns").start()
        ends = (dut.ap_clk, dut.ap_rst_n)
        self.control = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), *ends, reset_active_level=False)
        self.base = _UPPER % 2**self.host.options.address_bits
        self.memory = Memory(self.base)
        self.slave = None
        if self.host.options.bus == "axi":
            bus = AxiBus.from_prefix(dut, "m_axi")
            self.slave = AxiSlave(bus, *ends, target=self.memory, reset_active_level=False)
            self._answer(self.slave.write_if.b_channel, "bresp")
            self._answer(self.slave.read_if.r_channel, "rresp")

    def _answer(self, channel: Any, field: str) -> None:
        """The memory's error in the place of the bus model's, which is always SLVERR."""
        send = channel.send

        async def answer(beat: Any) -> None:
            if getattr(beat, field) == AxiResp.SLVERR:
                setattr(beat, field, self.memory.error)
            await send(beat)

        channel.send = answer

    async def start(self) -> Bench:
        await self.reset()
        beats, form, shape = [await self.read(n) for n in ("LATENT_BEATS", "LATENT_FORMAT", "IMAGE_SHAPE")]
        self.image_bytes = beats * (form >> 16)
        assert self.image_bytes == (shape >> 20) * (shape >> 8 & 0xFFF) * (shape & 0xFF)
        return self

    async def reset(self) -> None:
        self.dut.ap_rst_n.value = 0
        await ClockCycles(self.dut.ap_clk, 1)
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

    async def place(self, **addresses: int) -> None:
        """SOURCE and DEST, counted from the memory's base."""
        for name, address in addresses.items():
            whole = self.base + address
            await self.write(f"{name}_LO", whole % 2**32)
            await self.write(f"{name}_HI", whole >> 32)

    async def begin(self, images: int, source: str, sink: str, **flags: int) -> None:
        await self.write("IMAGES", images)
        word = registers.encode(
            "CONTROL", START=1, SOURCE=registers.SOURCES[source], SINK=registers.SINKS[sink], **flags
        )
        await self.write("CONTROL", word)

    async def finish(self) -> int:
        """Wait for the end of a call or an abort; returns ERRORS, which are cleared."""
        for _ in range(4000):
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

    async def through_memory(self, data: bytes, images: int, amid: Mapping[str, int] | None = None) -> None:
        """The same by the memory; what lies behind the images stays. amid: written while the call runs."""
        source, dest = self.base + SOURCE, self.base + DEST
        await self.place(SOURCE=SOURCE, DEST=DEST)
        await self.memory.write(source, data + _GUARD)
        await self.memory.write(dest, bytes(len(data)) + _GUARD)
        await self.begin(images, "DMA", "DMA")
        for name, value in (amid or {}).items():
            await self.write(name, value)
        assert not amid or await self.read("STATUS")
        route = registers.encode("CONTROL", SOURCE=registers.SOURCES["DMA"], SINK=registers.SINKS["DMA"])
        assert not amid or await self.read("CONTROL") == route, "CONTROL changes amid a call"
        assert await self.finish() == 0
        assert bytes(await self.memory.read(dest, len(data))) == data, f"{images} images by memory are wrong"
        assert bytes(await self.memory.read(dest + len(data), len(_GUARD))) == _GUARD
        assert await self.read("IMAGES_OUT") == images

    def data(self, images: int, seed: int = 0) -> bytes:
        return random.Random(seed).randbytes(images * self.image_bytes)
