# SPDX-License-Identifier: Apache-2.0
"""QONNX to HLS C++ to pixels: the whole accelerator in C simulation against PyTorch, and that it can fail."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.flow import build
from fpgan.hw.design import Design
from fpgan.hw.system.children import run
from fpgan.model.checkpoints import shipped
from fpgan.model.export import export
from fpgan.sim.compiled.csim import compile_csim
from fpgan.sim.simulate import simulate

pytestmark = pytest.mark.verilator  # needs g++


def test_mnist32_equals_pytorch_without_a_bubble(tmp_path):
    model = export(shipped("mnist32"), tmp_path / "mnist32.onnx", vectors=16)
    folder = tmp_path / "build"
    report = build(model, folder, target_fps=30_000, backend="hls")
    assert report["backend"] == "hls" and report["dataflow_check"]["mismatches"] == 0
    result = simulate(folder, images=16)
    assert result["golden"] == "pytorch" and result["how"] == "csim"
    assert result["mismatches"] == 0 and result["pixels"] == 16 * 32 * 32
    assert result["cycles_per_image"] is result["latency_cycles"] is None
    assert json.loads((folder / "sim.json").read_text()) == result
    assert (folder / "sim.png").stat().st_size > 1000
    loops = result["iterations"]
    assert len(loops) == 14 and all(loop["counted"] == loop["predicted"] for loop in loops.values())
    assert max(loop["counted"] for loop in loops.values()) <= report["cycles_per_image"]
    assert (
        json.loads(CliRunner().invoke(app, ["sim", str(folder), "--images", "2", "--json"]).stdout)["images"]
        == 2
    )


def test_a_moved_build_and_its_own_test_bench(build_preset, tmp_path):
    moved = shutil.copytree(build_preset("tiny", target_fps=100_000, backend="hls"), tmp_path / "moved")
    log = tmp_path / "log"
    program, _ = compile_csim(Design.load(moved), tmp_path, log)
    text = run(
        [str(program), "latent.bin", "image.bin"], moved / "hls", log, "the test bench"
    )  # as run.tcl does
    assert json.loads(text)["images"] == 8 and json.loads(text)["wrong_bytes"] == 0


def test_zero_insertion(build_preset):
    result = simulate(build_preset("tiny", target_fps=50_000, deconv="zero_insert", backend="hls"), images=4)
    assert result["mismatches"] == 0 and "pixel_pad_1" in result["iterations"]


def test_a_wrong_threshold_is_counted(build_preset, tmp_path):
    broken = shutil.copytree(build_preset("tiny", target_fps=100_000, backend="hls"), tmp_path / "broken")
    header = sorted((broken / "hls").glob("threshold_*.hpp"))[-1]
    text = header.read_text()
    offset = re.search(r"OFFSET = (-?\d+)", text)
    header.write_text(text.replace(offset[0], f"OFFSET = {int(offset[1]) + 1}"))
    outcome = CliRunner().invoke(app, ["sim", str(broken), "--images", "4"])
    assert outcome.exit_code == 1
    assert "pixels differ from PyTorch" in outcome.stderr
    assert json.loads((broken / "sim.json").read_text())["mismatches"] > 0
