# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb for a bench of host_bench that has a memory master."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiResp

from fpgan.hw.host import registers
from fpgan.sim.benches.host_models import BAD, DEST, SOURCE, Bench


@cocotb.test()
async def calls_by_memory(dut: Any) -> None:
    """Calls of any length from and to memory, back to back, free running and with pauses."""
    bench = await Bench(dut).start()
    await bench.finish()
    for images in (1, 0, 2, 90, 3):
        await bench.through_memory(bench.data(images, images), images)
    bench.stall(11)
    for images in (1, 40, 0, 7):
        await bench.through_memory(bench.data(images, images), images)
    await bench.through_windows(bench.data(2), 2)


@cocotb.test()
async def what_a_call_works_with_holds_until_it_ends(dut: Any) -> None:
    """Addresses, label and ends that are written amid a call change neither it nor what they read."""
    bench = await Bench(dut).start()
    await bench.finish()
    places = (f"{name}_{half}" for name in ("SOURCE", "DEST") for half in ("LO", "HI"))
    await bench.write("LABEL", 3)
    await bench.through_memory(
        bench.data(90), 90, amid={name: BAD + 0x1000 for name in places} | {"LABEL": 9, "CONTROL": 0}
    )
    for name, address in (("SOURCE", SOURCE), ("DEST", DEST)):
        assert await bench.read(f"{name}_LO") + (await bench.read(f"{name}_HI") << 32) == bench.base + address
    dma = registers.encode("CONTROL", SOURCE=registers.SOURCES["DMA"], SINK=registers.SINKS["DMA"])
    assert (await bench.read("LABEL"), await bench.read("CONTROL")) == (3, dma)


@cocotb.test()
async def bus_errors_end_the_call_and_are_reported(dut: Any) -> None:
    """Failing reads and writes: the call ends, the error is told, the next call is right."""
    bench = await Bench(dut).start()
    await bench.finish()
    for bench.memory.error in (AxiResp.SLVERR, AxiResp.DECERR):
        for source, dest, way in ((BAD, DEST, "READ"), (SOURCE, BAD, "WRITE")):
            await bench.place(SOURCE=source, DEST=dest)
            await bench.begin(20, "DMA", "DMA")
            error = f"{way}_{bench.memory.error.name}"
            assert await bench.finish() == registers.encode("ERRORS", **{error: 1})
            await bench.through_memory(bench.data(3), 3)


@cocotb.test()
async def abort_and_reset_amid_memory_transfers(dut: Any) -> None:
    """An abort lets open bursts end and touches no memory beyond; then calls are right."""
    bench = await Bench(dut).start()
    await bench.finish()
    for seed in range(8):
        if seed == 4:
            bench.stall(5)
        await bench.place(SOURCE=SOURCE, DEST=DEST)
        await bench.begin(100, "DMA", "DMA")
        await ClockCycles(dut.ap_clk, 30 + 37 * seed)
        await (bench.reset() if seed % 4 == 3 else bench.abort())
        await bench.finish()
        await bench.through_memory(bench.data(9, seed), 9)
