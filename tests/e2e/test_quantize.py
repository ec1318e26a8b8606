# SPDX-License-Identifier: Apache-2.0
"""A float PyTorch module to RTL by `fpgan quantize`, `build`, `sim`, no pixel off; bad input is one line."""

import json

import pytest
import quantize_models as models
import torch
from typer.testing import CliRunner

from fpgan.build.cli.main import app

FILE = """
from quantize_models import Functional

def made(seed):
    import torch
    torch.manual_seed(seed)
    return Functional()
"""


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def file(tmp_path):
    (tmp_path / "gan.py").write_text(FILE)
    torch.save(models.trained(models.Functional()).state_dict(), tmp_path / "w.pth")
    return tmp_path / "gan.py"


@pytest.mark.verilator
def test_quantize_build_sim(file, tmp_path):
    out, build = tmp_path / "out", tmp_path / "build"
    weights = file.with_name("w.pth")
    done = run("quantize", f"{file}:made", "--arg", "seed=3", "--weights", weights, "--layer", "fc=W6A5",
               "--steps", 3, "--vectors", 8, "--out", out)  # fmt: skip
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("fc ") and "W6 (" in lines[0] and " A5u x " in lines[0]
    assert "dB calibrated; after 3 steps" in lines[-2]
    assert lines[-1] == f"{out / 'model.onnx'}: for fpgan build"
    assert run("build", out / "model.onnx", "--target-fps", 50_000, "--out", build).exit_code == 0
    done = run("sim", build, "--images", 4, "--json")
    result = json.loads(done.stdout)
    assert (result["mismatches"], result["pixels"], result["golden"]) == (0, 4 * 256, "pytorch")


def test_bad_input_is_one_line_and_exit_code_2(file, tmp_path):
    for options, expected in (
        ((), "error: " + f"{file}: made(seed): missing a required argument"),
        (("--arg", "seed"), "error: --arg seed: NAME=VALUE is expected"),
        (("--arg", "seed=1", "--input", "8"), "error: input of shape 8: 1,Z or"),
        (("--arg", "seed=1", "--input", "1,x"), "error: --input 1,x: numbers with commas"),
        (("--arg", "seed=1", "--bits", "W4"), "error: bits='W4': must be like W4A4"),
        (("--arg", "seed=1", "--data", tmp_path / "none"), "or a folder of images is expected"),
    ):
        done = run("quantize", f"{file}:made", *options, "--out", tmp_path / "out")
        assert done.exit_code == 2
        assert expected in done.stderr.replace("\n", "")
        assert not (tmp_path / "out").exists()
