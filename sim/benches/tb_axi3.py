# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for axi3_axil: bursts of every kind against a memory of words behind AXI4-Lite."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, Combine, RisingEdge, with_timeout
from cocotbext.axi.axi_channels import (
    AxiARBus,
    AxiARSource,
    AxiAWBus,
    AxiAWSource,
    AxiBBus,
    AxiBSink,
    AxiRBus,
    AxiRSink,
    AxiWBus,
    AxiWSource,
)  # fmt: skip
from cocotbext.axi.axil_channels import (
    AxiLiteARBus,
    AxiLiteARSink,
    AxiLiteAWBus,
    AxiLiteAWSink,
    AxiLiteBBus,
    AxiLiteBSource,
    AxiLiteRBus,
    AxiLiteRSource,
    AxiLiteWBus,
    AxiLiteWSink,
)  # fmt: skip

from fpgan.sim.benches.tb_stream import pauses

BASE, SPAN = 0x43C0_0000, 2**14
FIXED, INCR, WRAP = 0, 1, 2
OKAY, SLVERR, DECERR = 0, 2, 3
_PERIOD_NS, _LIMIT_NS = 10, 2_000_000
_IDS = 2**12


@dataclass(frozen=True)
class Burst:
    """A burst: address, beats, log2 of the bytes per beat, kind, ID, and what is written."""

    address: int
    beats: int
    size: int = 2
    kind: int = INCR
    id: int = 0
    data: tuple[int, ...] = ()

    def addresses(self) -> list[int]:
        """The byte address of every beat."""
        step, total = 1 << self.size, self.beats << self.size
        start = self.address // total * total
        if self.kind == FIXED:
            return [self.address] * self.beats
        if self.kind == WRAP:
            return [start + (self.address - start + i * step) % total for i in range(self.beats)]
        rounded = self.address // step * step
        return [self.address, *(rounded + i * step for i in range(1, self.beats))]

    def strobes(self) -> list[int]:
        """The bytes of its word that each beat writes."""
        step = 1 << self.size
        lanes = [(a % 4, a // step * step % 4 + step) for a in self.addresses()]
        return [sum(1 << lane for lane in range(*span)) for span in lanes]


@dataclass
class Slave:
    """A memory of words that answers AXI4-Lite accesses, and says which came."""

    responses: dict[int, int] = field(default_factory=dict)  # word address -> answer that is not OKAY
    words: dict[int, int] = field(default_factory=dict)
    read: list[int] = field(default_factory=list)
    written: list[tuple[int, int, int]] = field(default_factory=list)  # address, data, strobe


class Bench:
    """Clock, reset, channels of both sides; bursts in their order."""

    def __init__(self, dut: Any) -> None:
        logging.getLogger("cocotb").setLevel(logging.ERROR)
        self.dut, self.slave = dut, Slave()
        dut.ap_rst_n.value = 0
        Clock(dut.ap_clk, _PERIOD_NS, "ns").start()

        def channel(kind: Any, bus: Any, prefix: str) -> Any:
            return kind(bus.from_prefix(dut, prefix), dut.ap_clk, dut.ap_rst_n, False)

        self.aw, self.w = channel(AxiAWSource, AxiAWBus, "s_axi"), channel(AxiWSource, AxiWBus, "s_axi")
        self.b = channel(AxiBSink, AxiBBus, "s_axi")
        self.ar, self.r = channel(AxiARSource, AxiARBus, "s_axi"), channel(AxiRSink, AxiRBus, "s_axi")
        self.l_aw = channel(AxiLiteAWSink, AxiLiteAWBus, "m_axil")
        self.l_w = channel(AxiLiteWSink, AxiLiteWBus, "m_axil")
        self.l_b = channel(AxiLiteBSource, AxiLiteBBus, "m_axil")
        self.l_ar = channel(AxiLiteARSink, AxiLiteARBus, "m_axil")
        self.l_r = channel(AxiLiteRSource, AxiLiteRBus, "m_axil")
        self.channels = [self.aw, self.w, self.b, self.ar, self.r]
        self.channels += [self.l_aw, self.l_w, self.l_b, self.l_ar, self.l_r]
        self.tasks: list[Any] = []

    async def reset(self) -> None:
        """Reset both sides, whatever is under way."""
        for task in self.tasks:
            task.cancel()
        self.dut.ap_rst_n.value = 0
        await ClockCycles(self.dut.ap_clk, 4)
        for channel in self.channels:
            channel.clear()
        self.dut.ap_rst_n.value = 1
        await RisingEdge(self.dut.ap_clk)
        self.slave.read.clear()
        self.slave.written.clear()
        self.tasks = [cocotb.start_soon(self._serve_reads()), cocotb.start_soon(self._serve_writes())]

    def stall(self, seed: int) -> None:
        """Random pauses on every channel."""
        for i, channel in enumerate(self.channels):
            channel.set_pause_generator(pauses(seed + i, 0.4))

    async def _serve_reads(self) -> None:
        while True:
            address = int((await self.l_ar.recv()).araddr)
            self.slave.read.append(address)
            answer, word = self.slave.responses.get(address, OKAY), self.slave.words.get(address, address)
            await self.l_r.send(AxiLiteRBusAnswer(rdata=word, rresp=answer))

    async def _serve_writes(self) -> None:
        while True:
            address, word = int((await self.l_aw.recv()).awaddr), await self.l_w.recv()
            data, strobe = int(word.wdata), int(word.wstrb)
            self.slave.written.append((address, data, strobe))
            mask = sum(0xFF << 8 * lane for lane in range(4) if strobe >> lane & 1)
            old = self.slave.words.get(address, address)
            self.slave.words[address] = old & ~mask | data & mask
            await self.l_b.send(AxiLiteBBusAnswer(bresp=self.slave.responses.get(address, OKAY)))

    async def reads(self, bursts: list[Burst]) -> None:
        """Ask for all bursts, one behind the other; every answer must be the memory's."""
        for burst in bursts:
            await self.ar.send(
                AxiAR(arid=burst.id, araddr=burst.address, arlen=burst.beats - 1, arsize=burst.size,
                      arburst=burst.kind)
            )  # fmt: skip
        for burst in bursts:
            for beat, address in enumerate(burst.addresses()):
                got = await with_timeout(self.r.recv(), _LIMIT_NS, "ns")
                where = f"{burst}, beat {beat}"
                assert int(got.rid) == burst.id, where
                assert bool(got.rlast) == (beat == burst.beats - 1), where
                word, inside = (address - BASE) // 4 * 4, _inside(burst)
                answer = self.slave.responses.get(word, OKAY) if inside else DECERR
                assert int(got.rresp) == answer, where
                assert not inside or int(got.rdata) == self.slave.words.get(word, word), where

    async def writes(self, bursts: list[Burst]) -> None:
        """Write all bursts, one behind the other; the answer is the worst of its words'."""
        for burst in bursts:
            await self.aw.send(
                AxiAW(awid=burst.id, awaddr=burst.address, awlen=burst.beats - 1, awsize=burst.size,
                      awburst=burst.kind)
            )  # fmt: skip
            for beat, (data, strobe) in enumerate(zip(burst.data, burst.strobes(), strict=True)):
                await self.w.send(AxiW(wdata=data, wstrb=strobe, wlast=int(beat == burst.beats - 1)))
        for burst in bursts:
            got = await with_timeout(self.b.recv(), _LIMIT_NS, "ns")
            words = [(address - BASE) // 4 * 4 for address in burst.addresses()]
            worst = max(self.slave.responses.get(word, OKAY) for word in words) if _inside(burst) else DECERR
            assert (int(got.bid), int(got.bresp)) == (burst.id, worst), burst


AxiAR, AxiAW, AxiW = AxiARSource._transaction_obj, AxiAWSource._transaction_obj, AxiWSource._transaction_obj
AxiLiteRBusAnswer, AxiLiteBBusAnswer = AxiLiteRSource._transaction_obj, AxiLiteBSource._transaction_obj


def _inside(burst: Burst) -> bool:
    return BASE <= burst.address < BASE + SPAN


def words(bursts: list[Burst]) -> list[int]:
    """The word of every access that bursts make behind the bridge."""
    return [(a - BASE) // 4 * 4 for burst in bursts if _inside(burst) for a in burst.addresses()]


def stored(bursts: list[Burst]) -> list[tuple[int, int, int]]:
    """The same of writes, with data and strobe."""
    inside = [burst for burst in bursts if _inside(burst)]
    beats = [beat for burst in inside for beat in zip(burst.data, burst.strobes(), strict=True)]
    return [(word, *beat) for word, beat in zip(words(inside), beats, strict=True)]


def random_burst(rng: random.Random, base: int, span: int) -> Burst:
    """A burst that AXI3 allows, within `span` bytes from `base` on, with data."""
    size, kind = rng.randrange(3), rng.choice((FIXED, INCR, WRAP))
    beats = rng.choice((2, 4, 8, 16)) if kind == WRAP else rng.randint(1, 16)
    address = base + rng.randrange(span - 64)
    if kind == WRAP:
        address = address >> size << size
    data = tuple(rng.randrange(2**32) for _ in range(beats))
    return Burst(address, beats, size, kind, rng.randrange(_IDS), data)


@cocotb.test()
async def single_words_and_whole_bursts(dut: Any) -> None:
    """What a processor does: words, then the longest bursts, read back, with the IDs of each."""
    bench = Bench(dut)
    await bench.reset()
    data = tuple(0x01020304 * (i + 1) & 0xFFFFFFFF for i in range(16))
    written = [Burst(BASE + 0x40, 1, id=5, data=data[:1]), Burst(BASE + SPAN - 64, 16, id=0xFFF, data=data)]
    await bench.writes(written)
    assert bench.slave.written == stored(written)
    await bench.reads([Burst(b.address, b.beats, id=b.id) for b in written])
    assert bench.slave.read == words(written)
    assert [bench.slave.words[SPAN - 64 + 4 * i] for i in range(16)] == list(data)


@cocotb.test()
async def every_kind_of_burst(dut: Any) -> None:
    """FIXED, INCR and WRAP of all lengths, bytes and halves unaligned; reads beside writes, then stalled."""
    bench = Bench(dut)
    rng = random.Random(1)
    for seed in (None, 7):
        await bench.reset()
        if seed is not None:
            bench.stall(seed)
        reads = [random_burst(rng, BASE, SPAN // 2) for _ in range(60)]
        writes = [random_burst(rng, BASE + SPAN // 2, SPAN // 2) for _ in range(60)]
        await Combine(cocotb.start_soon(bench.reads(reads)), cocotb.start_soon(bench.writes(writes)))
        assert bench.slave.read == words(reads)
        assert bench.slave.written == stored(writes)


@cocotb.test()
async def errors_reach_the_processor(dut: Any) -> None:
    """SLVERR and DECERR of a word, the worst of a written burst, and addresses that nothing answers."""
    bench = Bench(dut)
    await bench.reset()
    bench.slave.responses = {0x108: SLVERR, 0x10C: DECERR, 0x110: SLVERR, 0x200: SLVERR}
    rng = random.Random(2)
    for seed in (None, 3):
        if seed is not None:
            bench.stall(seed)
        await bench.reads([Burst(BASE + 0x100, 6), Burst(BASE + 0x200, 2), Burst(BASE + 0x204, 1)])
        for beats, address in ((3, 0x100), (5, 0x100), (6, 0x10C), (1, 0x200), (3, 0x1FC), (1, 0x204)):
            await bench.writes([Burst(BASE + address, beats, data=tuple(range(beats)))])
        outside = [random_burst(rng, base, 4096) for base in (BASE - 4096, BASE + SPAN, 0, 0xFFFF_F000) * 3]
        bench.slave.read.clear()
        bench.slave.written.clear()
        await bench.reads(outside)
        await bench.writes([*outside, Burst(BASE, 1, data=(9,))])
        assert not bench.slave.read and bench.slave.written == [(0, 9, 15)]


@cocotb.test()
async def reset_in_the_middle(dut: Any) -> None:
    """After a reset at any moment the next bursts are whole."""
    bench = Bench(dut)
    rng = random.Random(3)
    for cycles in range(24):
        await bench.reset()
        bench.stall(cycles)
        data = tuple(range(16))
        tasks = [cocotb.start_soon(bench.reads([Burst(BASE, 16)] * 2))]
        tasks.append(cocotb.start_soon(bench.writes([Burst(BASE, 16, data=data)] * 2)))
        await ClockCycles(dut.ap_clk, cycles * 2)
        for task in tasks:
            task.cancel()
        await bench.reset()
        bursts = [random_burst(rng, BASE, SPAN) for _ in range(2)]
        await bench.writes(bursts)
        await bench.reads(bursts)
        assert bench.slave.read == words(bursts) and bench.slave.written == stored(bursts)


@cocotb.test()
async def a_word_a_cycle(dut: Any) -> None:
    """Behind a slave that answers at once, the beats of a burst follow each other without a gap."""
    bench = Bench(dut)
    await bench.reset()
    await bench.ar.send(AxiAR(arid=1, araddr=BASE, arlen=15, arsize=2, arburst=INCR))
    await RisingEdge(dut.s_axi_rvalid)
    for _ in range(14):
        await RisingEdge(dut.ap_clk)
        assert dut.s_axi_rvalid.value
