# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for a bench made by stream_bench: drives, pauses, checks."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotb.utils import get_time_from_sim_steps
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource
from numpy.typing import NDArray

_PERIOD_NS = 10


@dataclass
class Lane:
    """One case: its streams, stimulus and truth."""

    name: str
    sources: list[AxiStreamSource]
    sinks: list[AxiStreamSink]
    inputs: list[NDArray[np.uint8]]
    outputs: list[NDArray[np.uint8]]
    cycles: int
    seen: dict[str, list[tuple[bool, bool]]]  # where asked for, of each stream: see watch

    def clear(self) -> None:
        for end in (*self.sources, *self.sinks):
            end.clear()

    def send(self) -> None:
        """Offer all inputs."""
        for source, words in zip(self.sources, self.inputs, strict=True):
            source.send_nowait(words.tobytes())

    def beats(self) -> int:
        return sum(len(words) for words in (*self.inputs, *self.outputs))

    async def check(self, timed: bool) -> None:
        """Stream all inputs; each output must be the truth, in the time it may take, and nothing more."""
        self.send()
        ends = [self._check(k, timed) for k in range(len(self.sinks))]
        for task in [cocotb.start_soon(end) for end in ends]:
            await task

    async def _check(self, k: int, timed: bool) -> None:
        times = []
        for beat, expected in enumerate(self.outputs[k]):
            frame = await self.sinks[k].recv()
            got = bytes(frame.tdata)
            assert got == expected.tobytes(), (
                f"{self.name}: beat {beat} of output {k} is {got.hex()}, expected {expected.tobytes().hex()}"
            )
            times.append(frame.sim_time_end)
        if timed and self.cycles:
            took = round(get_time_from_sim_steps(times[-1] - times[0], "ns") / _PERIOD_NS) + 1
            assert took <= self.cycles, f"{self.name}: {took} cycles for all outputs, {self.cycles} expected"


async def start(dut: Any) -> list[Lane]:
    """Clock, reset and streams of every case."""
    logging.getLogger("cocotb").setLevel(logging.WARNING)
    if hasattr(dut, "ap_clk2x"):
        Clock(dut.ap_clk2x, _PERIOD_NS / 2, "ns").start()
    Clock(dut.ap_clk, _PERIOD_NS, "ns").start()
    with np.load(str(cocotb.plusargs["vectors"])) as data:
        vectors = dict(data)
    dut.ap_rst_n.value = 0
    lanes = []
    for i, cycles in enumerate(vectors["cycles"]):
        ends: dict[str, list[Any]] = {"s_axis": [], "m_axis": []}
        words: dict[str, list[NDArray[np.uint8]]] = {"s_axis": [], "m_axis": []}
        streams: dict[str, list[tuple[bool, bool]]] = {}
        for kind, side in ((AxiStreamSource, "s_axis"), (AxiStreamSink, "m_axis")):
            while (name := f"c{i}_{side}_{len(ends[side])}") in vectors:
                bus = AxiStreamBus.from_prefix(dut, name)
                ends[side].append(kind(bus, dut.ap_clk, dut.ap_rst_n, reset_active_level=False))
                ends[side][-1].log.setLevel(logging.ERROR)
                words[side].append(vectors[name])
                if "seen" in cocotb.plusargs:
                    streams[name] = []
                    cocotb.start_soon(watch(dut, name, streams[name]))
        lanes.append(
            Lane(
                f"case {i}", ends["s_axis"], ends["m_axis"], words["s_axis"], words["m_axis"], int(cycles),
                streams,
            )
        )  # fmt: skip
    await reset(dut)
    return lanes


async def reset(dut: Any) -> None:
    """As many cycles as the bench says: a long one lets pipelines run empty that it does not clear."""
    dut.ap_rst_n.value = 0
    await ClockCycles(dut.ap_clk, int(cocotb.plusargs["reset"]))
    dut.ap_rst_n.value = 1
    await RisingEdge(dut.ap_clk)


async def watch(dut: Any, stream: str, seen: list[tuple[bool, bool]]) -> None:
    """Put a stream's tvalid and tready of each cycle since the last reset into `seen`."""
    valid, ready = (getattr(dut, f"{stream}_{s}") for s in ("tvalid", "tready"))
    while True:
        await RisingEdge(dut.ap_clk)
        if dut.ap_rst_n.value:
            seen.append((bool(valid.value), bool(ready.value)))
        else:
            seen.clear()


def pauses(seed: int, share: float) -> Iterator[bool]:
    """Random pauses in bursts: each side is now often stalled, now hardly."""
    rng = random.Random(seed)
    while True:
        level = rng.choice((0.0, share, 0.9))
        for _ in range(rng.randrange(1, 40)):
            yield rng.random() < level


async def run_all(dut: Any, lanes: list[Lane], timed: bool) -> None:
    """Send and check all lanes. AssertionError for what differs, SimTimeoutError where it does not come."""
    beats = max(lane.beats() for lane in lanes)
    limit = (100 * beats + 10000) * _PERIOD_NS
    for task in [cocotb.start_soon(lane.check(timed)) for lane in lanes]:
        await with_timeout(task, limit, "ns")
    await ClockCycles(dut.ap_clk, 50)
    for lane in lanes:
        assert all(sink.empty() for sink in lane.sinks), f"{lane.name}: more output than expected"


@cocotb.test()
async def free_running(dut: Any) -> None:
    """Both sides always ready: right words, at full rate."""
    await run_all(dut, await start(dut), timed=True)


@cocotb.test()
async def random_stalls(dut: Any) -> None:
    """Pauses on both sides change nothing but the time."""
    lanes = await start(dut)
    for i, lane in enumerate(lanes):
        for k, end in enumerate((*lane.sinks, *lane.sources)):
            end.set_pause_generator(pauses(100 * i + k, 0.4))
    await run_all(dut, lanes, timed=False)
    if "seen" in cocotb.plusargs:
        seen = {name: np.array(cycles) for lane in lanes for name, cycles in lane.seen.items()}
        np.savez(str(cocotb.plusargs["seen"]), **seen)  # type: ignore[arg-type]


@cocotb.test()
async def reset_in_mid_stream(dut: Any) -> None:
    """A reset amid an image forgets it; what follows is right from its first word."""
    lanes = await start(dut)
    for wait in (3, 17, 58):
        for lane in lanes:
            lane.send()
        await ClockCycles(dut.ap_clk, wait)
        await reset(dut)
        for lane in lanes:
            lane.clear()
    await run_all(dut, lanes, timed=False)
