# SPDX-License-Identifier: Apache-2.0
"""What is around an accelerator on a Zynq-7000: the bridge from its port, on bus models, and the top."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpgan.hw.host.emit import HostOptions, host_ports
from fpgan.hw.sources import cells, sources
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, verilator_env
from fpgan.sim.benches.axi3_bench import run_axi3_bench

pytestmark = pytest.mark.verilator


def test_bridge(tmp_path):
    assert run_axi3_bench(tmp_path) == 5


def test_top_is_free_of_lint(tmp_path):
    """With the ports of the host interface as it is written, and the primitives' models."""
    ports = host_ports(HostOptions(), pumped=False)
    declared = ", ".join(f"{p.way} logic {f'[{p.bits - 1}:0] ' if p.bits else ''}{p.name}" for p in ports)
    (tmp_path / "stub.sv").write_text(f"module fpgan_axil ({declared});\nendmodule\n")
    (tmp_path / "waive.vlt").write_text(
        '`verilator_config\nlint_off -file "*stub.sv"\nlint_off -file "*cells/zynq7.sv"\n'
    )
    models = [path for path in cells() if path.name == "zynq7.sv"]
    files = ["waive.vlt", *models, "stub.sv", *sources("zynq7_top", Path())]
    command = [str(find_tool("verilator")), "--lint-only", "-Wall", "--top-module", "zynq7_top"]
    run([*command, *map(str, files)], tmp_path, tmp_path / "lint.log", "lint", env=verilator_env())
