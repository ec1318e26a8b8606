# SPDX-License-Identifier: Apache-2.0
"""PYNQ code against the RTL, with a PYNQ that is not ours: the lines of a board, in cocotbpynq."""

from __future__ import annotations

import shutil

import pytest
from pynq_overlay import TOP, board_hwh, board_rtl

from fpgan.build.implement.bitstream import bitstream, vivado
from fpgan.hw.design import Design
from fpgan.hw.driver.registers import SPAN
from fpgan.hw.host.emit import Host
from fpgan.sim.benches.runner import run_cocotb

pytestmark = pytest.mark.verilator


@pytest.fixture(scope="module")
def deployed(build_preset, tmp_path_factory):
    """A folder with `tiny` in deploy/ as on a board, its host interface, its design."""
    pytest.importorskip("cocotbpynq", reason="cocotbpynq is not installed: pip install cocotbpynq==0.2.0")
    folder = tmp_path_factory.mktemp("pynq")
    build = shutil.copytree(build_preset("tiny", target_fps=150_000, vectors=64), folder / "build")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vivado, "find_tool", lambda name: None)
        facts = bitstream(build, folder / "deploy", bus="axil")
    (folder / "deploy" / facts["bitstream"]).write_bytes(b"bits")
    (folder / "deploy" / "fpgan.hwh").write_text(board_hwh(facts["address"], SPAN))
    return folder, Host.load(folder / "deploy" / "project" / "host"), Design.load(build)


def run_pynq(folder, host, top):
    (host.root / "board.sv").write_text(top)
    files = [host.root / name for name in dict.fromkeys([*host.sources, "width_convert.sv", "board.sv"])]
    plusargs = [f"+deploy={folder / 'deploy'}"]
    return run_cocotb(
        TOP, files, "tb_pynq", folder / "bench", plusargs=plusargs, run_dir=host.root, warnings=False,
        configured=True, optimize=False,
    )  # fmt: skip


def test_the_deployed_folder_and_a_users_script(deployed):
    """selftest.py by Overlay and MMIO; a script whose AXI DMA ends by tlast: PyTorch's pixels."""
    folder, host, design = deployed
    assert run_pynq(folder, host, board_rtl(design, host.top)) == 2
