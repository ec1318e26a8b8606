# SPDX-License-Identifier: Apache-2.0
"""What is around an accelerator on a Zynq-7000: the bridge from its port, on bus models, and the top."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpgan.hw.design import Design
from fpgan.hw.driver import Accelerator, AcceleratorError
from fpgan.hw.host.emit import emit_host
from fpgan.hw.host.options import HostOptions
from fpgan.hw.host.top import host_ports
from fpgan.hw.sources import cells, sources
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, verilator_env
from fpgan.sim.benches.axi3_bench import run_axi3_bench
from fpgan.sim.benches.host_bench import identity_build
from fpgan.sim.benches.zynq7_bench import top_host
from fpgan.sim.compiled.board import SimulatedBoard

pytestmark = pytest.mark.verilator


def test_bridge(tmp_path):
    assert run_axi3_bench(tmp_path) == 5


@pytest.mark.parametrize("bus", ["axil", "axi"])
def test_top_is_free_of_lint(bus, tmp_path):
    """With the ports of the host interface as it is written, and the primitives' models."""
    ports = host_ports(HostOptions(bus=bus), pumped=False)
    declared = ", ".join(f"{p.way} logic {f'[{p.bits - 1}:0] ' if p.bits else ''}{p.name}" for p in ports)
    (tmp_path / "stub.sv").write_text(f"module fpgan_{bus} ({declared});\nendmodule\n")
    (tmp_path / "waive.vlt").write_text(
        '`verilator_config\nlint_off -file "*stub.sv"\nlint_off -file "*cells/zynq7.sv"\n'
    )
    models = [path for path in cells() if path.name == "zynq7.sv"]
    files = ["waive.vlt", *models, "stub.sv", *sources("zynq7_top", Path())]
    command = [str(find_tool("verilator")), "--lint-only", "-Wall", "--top-module", "zynq7_top"]
    command.append(f"-GMEMORY={int(bus == 'axi')}")
    run([*command, *map(str, files)], tmp_path, tmp_path / "lint.log", "lint", env=verilator_env())


def test_memory_and_registers_through_the_processor_s_ports(tmp_path):
    """The driver's images by HP0 and by GP0, free running, stalled, and where the memory answers an error."""
    build = identity_build(tmp_path / "build", 4, 4, 16)
    options = HostOptions(bus="axi", window_words=16, generator=False, buffer_words=32)
    host = emit_host(Design.load(build), tmp_path / "host", options)
    latents = np.random.default_rng(1).integers(-128, 128, (40, 64))
    with SimulatedBoard(top_host(host, tmp_path / "chip")) as board:
        accelerator = Accelerator(board, design=host.identity)
        for share in (0, 0.3):
            board.stall(share, seed=5)
            for memory in (True, False):
                found = accelerator.generate(latents, memory=memory)
                assert np.array_equal(found.reshape(40, 64), latents)
        counts = board.counts()
        assert counts.words_read == counts.words_written == 2 * 40 * 64 // 8
        board.fail(0x1000_0000)
        with pytest.raises(AcceleratorError, match="READ_SLVERR"):
            accelerator.generate(latents, memory=True)
