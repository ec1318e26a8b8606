# SPDX-License-Identifier: Apache-2.0
"""The command line: help, exit codes, and bad input in one line with nothing half-written left behind."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.hw.system import tools

COMMANDS = (
    "train", "prune", "export", "build", "sim", "synth", "power", "bitstream", "verify", "report", "demo",
    "bench",
    "doctor", "weights",
)  # fmt: skip


def run(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300", "NO_COLOR": "1"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(*arguments, code=2):
    """The one line that a refusal prints."""
    result = run(*arguments)
    assert result.exit_code == code, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), result.stderr
    assert "Traceback" not in result.output
    return lines[0]


def test_version_and_help():
    assert re.fullmatch(r"fpgan \d+\.\d+\.\d+", run("--version").output.strip())
    for name in COMMANDS:
        result = run(name, "--help")
        assert result.exit_code == 0
        assert "fpgan " in result.output or name == "doctor"


def test_json_is_the_report(export_preset, tmp_path):
    out = tmp_path / "build"
    result = run("build", export_preset("tiny"), "--out", out, "--target-fps", 100_000, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json.loads((out / "report.json").read_text())


def test_a_file_that_is_no_onnx(tmp_path):
    path = tmp_path / "noise.onnx"
    path.write_bytes(b"\x00\x01noise" * 50)
    assert "not a valid ONNX file" in refused("build", path, "--out", tmp_path / "b")
    assert "no such file" in refused("build", tmp_path / "absent.onnx", "--out", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_an_unknown_board_names_the_known_ones(export_preset, tmp_path):
    line = refused("build", export_preset("tiny"), "--board", "basys9", "--out", tmp_path / "b")
    assert "basys9" in line and "ultra96" in line and "pynq-z2" in line


def test_a_target_out_of_reach_says_the_best(export_preset, tmp_path):
    """In images/s, as it was asked for; and what it says can be had."""
    line = refused("build", export_preset("tiny"), "--target-fps", 1e8, "--out", tmp_path / "b")
    assert "target of 100,000,000 images/s (1 cycles per image at 125 MHz): the best within LUT=" in line
    said = re.search(r"is ([\d,]+) images/s \((\d+) cycles\); ", line)
    fps = said[1].replace(",", "")
    done = run("build", export_preset("tiny"), "--target-fps", fps, "--out", tmp_path / "b", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["cycles_per_image"] == int(said[2])


def test_a_budget_that_nothing_fits(export_preset, tmp_path):
    line = refused("build", export_preset("mnist32"), "--max-utilization", 0.01, "--out", tmp_path / "b")
    assert "no folding fits LUT=705" in line


@pytest.mark.parametrize(
    "option, value, says",
    [
        ("--max-utilization", 1.5, "--max-utilization 1.5: must be 0.01 to 1"),
        ("--clock-mhz", 0, "--clock-mhz 0: must be 1 to 1,000"),
        ("--clock-mhz", "nan", "--clock-mhz nan: must be 1 to 1,000"),
        ("--target-fps", "fast", "--target-fps fast: must be a number, 0.001 to 1,000,000,000"),
        ("--deconv", "magic", "--deconv magic: must be one of subpixel, zero_insert"),
        ("--cores", "lut,cpu", "--cores lut,cpu: 'cpu' is not one of lut, dsp, dsp2x, cascade"),
        ("--budget", "LUT=-4", "budget LUT=-4 must be between 0 and 10,000,000"),
        ("--budget", "LUT=many", "--budget LUT=many: KIND=AMOUNT is expected, as LUT=32792"),
        ("--budget", "LUTS=4", "budget LUTS=4: LUTS is not one of LUT, DSP, BRAM18, URAM, BANDWIDTH"),
    ],
)
def test_values_out_of_range(export_preset, tmp_path, option, value, says):
    assert f"error: {says}" == refused("build", export_preset("tiny"), option, value, "--out", tmp_path / "b")


def test_a_folder_that_is_not_ours_is_left_alone(export_preset, tmp_path):
    (tmp_path / "precious.txt").write_text("keep")
    assert "is not empty and has no design.json" in refused("build", export_preset("tiny"), "--out", tmp_path)
    assert (tmp_path / "precious.txt").read_text() == "keep"


def test_an_unwritable_place(export_preset, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    assert str(file) in refused("build", export_preset("tiny"), "--out", file / "below")
    assert "is a file" in refused("build", export_preset("tiny"), "--out", file)


def test_no_build_there(tmp_path):
    for name in ("sim", "synth", "power", "bitstream", "report"):
        assert "no build here" in refused(name, tmp_path)


def test_more_images_than_vectors(build_preset):
    assert "images=99: the build has vectors for 1 to 8" in refused(
        "sim", build_preset("tiny"), "--images", 99
    )
    assert "--stall 1: must be 0 to below 1" in refused("sim", build_preset("tiny"), "--stall", 1)


def test_labels_that_cannot_be_drawn(build_preset):
    assert "label=7: this design takes no labels" in refused("sim", build_preset("tiny"), "--label", 7)
    assert "label=x: give a label, a list" in refused("sim", build_preset("tiny"), "--label", "x")


def test_a_missing_tool(build_preset, tmp_path, monkeypatch):
    build = tmp_path / "build"
    shutil.copytree(build_preset("tiny"), build, ignore=shutil.ignore_patterns(".verilator"))
    monkeypatch.setattr(tools.shutil, "which", lambda name: None)
    assert "make not found; install make" in refused("sim", build, "--images", 4)


def test_training_refusals(tmp_path):
    assert "either --preset or --config" in refused("train", "--out", tmp_path / "r")
    assert "--preset giant: must be one of tiny, mnist32" in refused(
        "train", "--preset", "giant", "--out", tmp_path / "r"
    )
    assert "absent" in refused("export", tmp_path / "absent", "--out", tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_pruning_refusals(export_preset, tmp_path):
    run_folder, out = export_preset("tiny").parent / "run", tmp_path / "r"
    assert "give either --ratio or --channels" in refused("prune", run_folder, "--out", out)
    assert "--channels 8,x: numbers with commas" in refused(
        "prune", run_folder, "--channels", "8,x", "--out", out
    )
    assert "absent" in refused("prune", tmp_path / "absent", "--ratio", 0.5, "--out", out)
    assert not out.exists()


def test_a_truncated_checkpoint(export_preset, tmp_path):
    run_folder = export_preset("tiny").parent / "run"
    broken = tmp_path / "run"
    shutil.copytree(run_folder, broken)
    data = (broken / "checkpoint.safetensors").read_bytes()
    (broken / "checkpoint.safetensors").write_bytes(data[: len(data) // 2])
    assert "checkpoint.safetensors" in refused("export", broken, "--out", tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_a_fold_that_does_not_divide(export_preset, build_preset, tmp_path):
    like = tmp_path / "like"
    shutil.copytree(build_preset("tiny"), like)
    report = json.loads((like / "report.json").read_text())
    next(x for x in report["layers"] if x["name"] == "deconv_1")["pe"] = 3
    (like / "report.json").write_text(json.dumps(report))
    line = refused("build", export_preset("tiny"), "--like", like, "--out", tmp_path / "b")
    assert "deconv_1: PE=3 does not divide CO=8" in line
    assert not (tmp_path / "b").exists()
