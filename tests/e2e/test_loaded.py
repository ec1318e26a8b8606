# SPDX-License-Identifier: Apache-2.0
"""Loaded weights: another training on the same RTL makes its own images; what does not fit is refused."""

from __future__ import annotations

import json
import re

import onnx
import pytest
from loaded_networks import network

from fpgan.build.flow import build
from fpgan.build.new_weights import weights
from fpgan.hw.design import Design
from fpgan.hw.driver.weights import load_cycles
from fpgan.sim.simulate import simulate
from fpgan.sim.vectors import Vectors


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """networks by name, on disk."""
    folder = tmp_path_factory.mktemp("models")
    made = {
        "one": network(1), "two": network(2), "wide": network(1, hidden=6), "tall": network(1, rows=3),
        "bits": network(2, bits=4), "scale": network(2, last=2.0), "loud": network(2, loud=True),
    }  # fmt: skip
    for name, model in made.items():
        onnx.save(model, str(folder / f"{name}.onnx"))
    return folder


@pytest.fixture(scope="module")
def built(models, tmp_path_factory):
    """The first network, with room for any other, of as many memories as loading has; UltraRAM among them.

    In DSP cascades, whose weights wait for their place in a chain; test_loaded_host.py has the other cores.
    """
    out = tmp_path_factory.mktemp("loaded") / "build"
    build(
        models / "one.onnx", out, board="zcu104", target_fps=5_000_000, weight_storage="loaded",
        any_weights=True, cores=("cascade",),
    )  # fmt: skip
    return out


@pytest.mark.verilator
def test_another_training_on_the_same_rtl(models, built, tmp_path):
    before = {path.name: path.read_bytes() for path in (built / "rtl").iterdir()}
    own = simulate(built, images=16)
    design = Design.load(built)
    assert own["mismatches"] == 0
    # two cycles for the reset to reach the loader
    assert own["load_cycles"] == load_cycles(list(design.weights.sizes.values())) + 2
    second = tmp_path / "second.bin"
    made = weights(models / "two.onnx", built, second)
    assert made["threshold_proof"]["mismatches"] == 0
    images = Vectors.load(tmp_path / "second.golden.npz").image
    assert (images != Vectors.load(built / "golden.npz").image).mean() > 0.1
    again = simulate(built, images=16, stall=0.3, reset_first=True, weights=second)
    assert again["mismatches"] == 0 and again["build_seconds"] == 0.0  # no compilation
    assert before == {path.name: path.read_bytes() for path in (built / "rtl").iterdir()}


def test_nothing_of_the_weights_is_in_the_rtl(models, built, tmp_path):
    """Built of either network, the hardware is the same, its identity too."""
    other = tmp_path / "build"
    build(
        models / "two.onnx", other, board="zcu104", target_fps=5_000_000, weight_storage="loaded",
        any_weights=True, cores=("cascade",),
    )  # fmt: skip
    first, second = ({p.name: p.read_bytes() for p in (b / "rtl").iterdir()} for b in (built, other))
    assert first == second and not list((built / "rtl").glob("*.dat"))
    weights(models / "two.onnx", built, tmp_path / "two.bin")
    assert (tmp_path / "two.bin").read_bytes() == (other / "weights.bin").read_bytes()
    assert (tmp_path / "two.bin").read_bytes() != (built / "weights.bin").read_bytes()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wide", "deconv_0: CO=6, but 4 in"),
        ("tall", "deconv_0: kernel is [3, 2], the hardware has [2, 2] built in"),
        ("bits", "deconv_0: weights reach -7 to 7, the hardware holds -4 to 3"),
        ("scale", "a step of its images is worth 0.125, the build's 0.0625"),
    ],
)
def test_another_network_is_refused_by_name(models, built, tmp_path, name, said):
    with pytest.raises(ValueError, match=re.escape(said)) as refusal:
        weights(models / f"{name}.onnx", built, tmp_path / "x.bin")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "x.bin").exists()


def test_without_room_wider_sums_are_refused(models, tmp_path):
    out = tmp_path / "build"
    build(models / "one.onnx", out, target_fps=5_000_000, weight_storage="loaded")
    with pytest.raises(ValueError, match=r"hardware holds .*; build with any_weights for room") as refusal:
        weights(models / "loud.onnx", out, tmp_path / "x.bin")
    assert "deconv_0: sums reach" in str(refusal.value)


def test_files_that_are_none_are_refused_before_anything_runs(built, tmp_path):
    good = (built / "weights.bin").read_bytes()
    for content, said in (
        (good[:-1], "bytes, the design takes"),
        (b"\0" + good[1:], "is no file of weights"),
        (good[:5] + bytes([good[5] ^ 1]) + good[6:], "has weights of another design"),
        (good[:20] + bytes([good[20] ^ 4]) + good[21:], "is damaged: the CRC of deconv_0 is wrong"),
    ):
        bad = tmp_path / "bad.bin"
        bad.write_bytes(content)
        with pytest.raises(ValueError, match=said):
            simulate(built, images=1, weights=bad)
    with pytest.raises(ValueError, match="no such file"):
        simulate(built, images=1, weights=tmp_path / "none.bin")


def test_weights_in_the_bitstream_stay(models, tmp_path):
    out = tmp_path / "build"
    build(models / "one.onnx", out, target_fps=5_000_000)
    assert "weights" not in json.loads((out / "design.json").read_text())
    assert not (out / "weights.bin").exists()
    with pytest.raises(ValueError, match="has its weights in the bitstream"):
        weights(models / "two.onnx", out, tmp_path / "x.bin")
    for asked, said in (
        ({"budget": {"URAM": 3}}, "holds no constants"),
        ({"any_weights": True}, "ask for weight_storage"),
        ({"weight_storage": "loaded", "backend": "hls"}, "HLS"),
        ({"weight_storage": "flash"}, "choose rom, loaded, streamed, auto"),
        ({"weight_storage": "loaded", "like": out}, "takes it over"),
    ):
        with pytest.raises(ValueError, match=said):
            build(models / "one.onnx", tmp_path / "no", **asked)
