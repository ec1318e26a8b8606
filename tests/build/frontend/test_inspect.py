# SPDX-License-Identifier: Apache-2.0
"""The layer table: what is read, and everything that blocks a build."""

from __future__ import annotations

import json
import re

import onnx
import pytest
from onnx_models import Chain
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.dataflow.inspect import inspect


def saved(chain, tmp_path):
    onnx.save(chain.model(), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def dense(style="qonnx"):
    chain = Chain((1, 16, 1, 1), style).quant(0.5, 4)
    chain = chain.op("ConvTranspose", chain.weights((16, 12, 4, 4), axis=1))
    return chain.op("Relu").quant(0.5, 4, False)


@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
def test_the_table(style, tmp_path):
    chain = dense(style).op("DepthToSpace", blocksize=2, mode="CRD")
    chain = chain.op("Conv", chain.weights((3, 3, 3, 3), bits=3), pads=[1] * 4).op("Tanh").quant(2**-7, 8)
    result = inspect(saved(chain, tmp_path))
    assert result["blocked"] == [] and result["input"] == {
        "shape": [16, 1, 1],
        "quantizer": "s4 [-8,7] x 0.5",
    }
    first, second = result["layers"]
    assert first["in"] == [16, 1, 1] and first["out"] == [12, 4, 4]
    assert first["becomes"] == "deconv_0 + threshold_0 (15 steps)" and first["output"] == "u4 [0,15] x 0.5"
    assert second["in"] == [12, 4, 4] and second["out"] == [3, 8, 8] and second["stride"] == [2, 2]
    assert second["weight_bits"] == 3 and second["weight_scale"] == "0.25"
    assert second["notes"] == ["pixel shuffle by 2"]
    assert second["useful_macs"] == 64 * 3 * 3 * 9


def test_a_strided_convolution(tmp_path):
    chain = dense()
    chain = chain.op("Conv", chain.weights((3, 12, 3, 3)), strides=[2, 2], pads=[1] * 4).quant(1.0, 4)
    path = saved(chain, tmp_path)
    layer = inspect(path)["layers"][1]
    assert (
        layer["out"] == [3, 2, 2] and layer["step"] == [2, 2] and layer["useful_macs"] == 2 * 2 * 9 * 12 * 3
    )
    assert "1 in 2x2" in CliRunner().invoke(app, ["inspect", str(path)]).output


@pytest.mark.parametrize(("act", "line"), [("Relu", True), ("Tanh", False)])
def test_a_requantizer_is_named_with_its_size(act, line, tmp_path):
    """Where a build may put one in the place of thresholds: not of a Tanh's."""
    chain = Chain((1, 8, 1, 1)).quant(0.37, 8)
    chain.op("ConvTranspose", chain.weights((8, 6, 4, 4), 0.0171, 8)).op(act).quant(0.0081, 8)
    (layer,) = inspect(saved(chain, tmp_path))["layers"]
    plain, _, requantizer = layer["becomes"].partition(" or ")
    assert plain == "deconv_0 + threshold_0 (255 steps)"
    assert bool(requantizer) == line
    if line:  # 6 channels: 127 levels above 0, of sums of 18 bits
        said = re.fullmatch(
            r"requantize_0 \(multipliers of (\d+) bits(?:, marks of \d)?: ([\d,]+) bits where thresholds "
            r"take ([\d,]+)\)", requantizer,
        )  # fmt: skip
        multiplier, memory, thresholds = (int(number.replace(",", "")) for number in said.groups())
        assert 6 * multiplier < memory < thresholds == 6 * 127 * layer["accumulator_bits"]


def test_a_name_cannot_write_to_the_terminal(tmp_path):
    chain = dense()
    chain.nodes[2].name = "\x1b[31m" + "x" * 5000
    path = saved(chain, tmp_path)
    assert inspect(path)["layers"][0]["name"] == chain.nodes[2].name
    shown = CliRunner().invoke(app, ["inspect", str(path)]).output
    assert "\x1b" not in shown and r"\x1b" in shown and shown.count("x") < 200


def test_everything_that_blocks_is_named(tmp_path):
    chain = dense()
    chain = chain.op("Conv", chain.weights((3, 12, 3, 3)))
    chain = chain.op("InstanceNormalization", chain.const([1]), chain.const([1])).op("Softmax")
    path = saved(chain, tmp_path)
    result = inspect(path)
    assert len(result["layers"]) == 1
    assert [line.split(":")[0] for line in result["blocked"]] == [
        "layer instancenormalization_7 (InstanceNormalization)", "layer softmax_8 (Softmax)",
    ]  # fmt: skip
    shown = CliRunner().invoke(app, ["inspect", str(path)])
    assert shown.exit_code == 2 and shown.output.count("blocked: ") == 2
    shown = CliRunner().invoke(app, ["inspect", str(path), "--json"])
    refusal = f"{path}: fpgan build refuses it for what is named as blocked"
    assert json.loads(shown.stdout) == result | {"error": refusal}
    (path.parent / "no.onnx").write_bytes(b"nothing")
    shown = CliRunner().invoke(app, ["inspect", str(path.parent / "no.onnx")])
    assert shown.exit_code == 2 and len(shown.stderr.strip().splitlines()) == 1


def test_what_a_build_refuses_is_blocked(tmp_path):
    """Each layer whose function rises and falls too often, not only what cannot be read."""
    chain = dense()
    for _ in range(3):  # the first one's sums are too coarse for so many steps
        chain.op("ConvTranspose", chain.weights((12, 12, 3, 3)), pads=[1] * 4)
        for fold in (16, 8, 4, 2):  # |x| - fold: a wave of 16 ramps
            ahead = chain.tensor
            chain.op("Neg").op("Max", ahead).op("Sub", chain.const(fold))
        chain.quant(1 / 64, 8)
    blocked = inspect(saved(chain, tmp_path))["blocked"]
    assert len(blocked) == 2 and all("steps up and down" in line for line in blocked)
