# SPDX-License-Identifier: Apache-2.0
"""Every layer's stream beside numpy's: a fault in one layer is found in that layer."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.proof.layer_truth import layer_truth
from fpgan.hw.design import Design
from fpgan.hw.system.reading import DamagedError
from fpgan.sim.layers import LayerStream, LayerTruth, compare_layers
from fpgan.sim.packing import pack
from fpgan.sim.simulate import simulate
from fpgan.sim.vectors import golden_of


@pytest.fixture
def tiny(build_preset, tmp_path):
    return shutil.copytree(build_preset("tiny"), tmp_path / "build")


def swap_lines(path, lines=None):
    """The two halves of so many lines, or of all: a memory whose channels are in another order."""
    text = path.read_text().splitlines()
    lines = lines or len(text)
    path.write_text("\n".join(text[lines // 2 : lines] + text[: lines // 2] + text[lines:]) + "\n")


def flip(path):
    """The lowest bit of the first word."""
    first, _, rest = path.read_text().partition("\n")
    path.write_text(f"{first[:-1]}{int(first[-1], 16) ^ 1:x}\n{rest}")


FAULTS = {
    "threshold_1": lambda rtl: flip(rtl / "threshold_1_threshs_0_3.dat"),
    "deconv_1": lambda rtl: flip(rtl / "deconv_1_weights.dat"),
    "deconv_0": lambda rtl: swap_lines(rtl / "deconv_0_weights.dat", 2),
    "threshold_0": lambda rtl: swap_lines(rtl / "threshold_0_threshs_0_0.dat"),
    "widen_1": lambda rtl: swap_channels(rtl / "widen_1.v"),
}


def swap_channels(wrapper):
    """The first two of a word, 4 bits each."""
    text = wrapper.read_text()
    assert text.count(".m_axis_tdata(out0_V_TDATA)") == 1
    bits = int(text.partition("out0_V_TDATA")[0].rpartition("[")[2].partition(":")[0])
    swapped = f".m_axis_tdata({{out0_V_TDATA[{bits}:8], out0_V_TDATA[3:0], out0_V_TDATA[7:4]}})"
    wrapper.write_text(text.replace(".m_axis_tdata(out0_V_TDATA)", swapped))


@pytest.mark.verilator
@pytest.mark.parametrize("fault", FAULTS)
def test_the_layer_with_the_fault_is_named(tiny, fault):
    """With several images, stalls and a reset; the layers before it are right, it is wrong."""
    assert simulate(tiny, 2, stall=0.2, reset_first=True, layers=layer_truth)["first_layer"] is None
    FAULTS[fault](tiny / "rtl")
    result = simulate(tiny, 2, stall=0.2, reset_first=True, layers=layer_truth)
    assert result["first_layer"] == fault
    names = [layer["name"] for layer in result["layers"]]
    assert names == [layer.name for layer in Design.load(tiny).layers]
    for layer in result["layers"][: names.index(fault)]:
        assert layer["mismatches"] == 0 and layer["first"] is None and layer["words"] > 0
    wrong = result["layers"][names.index(fault)]
    assert wrong["mismatches"] > 0 and wrong["first"]["expected"] != wrong["first"]["got"]


@pytest.mark.verilator
def test_the_command_says_where(tiny):
    FAULTS["threshold_1"](tiny / "rtl")
    outcome = CliRunner().invoke(app, ["sim", str(tiny), "--images", "2", "--layers"])
    assert outcome.exit_code == 1
    assert "pixels differ from PyTorch; the first at image " in outcome.stderr
    assert "; the first layer that differs from numpy is threshold_1, at image " in outcome.stderr
    assert outcome.stderr.strip().count("\n") == 0
    assert "12 layers, " in outcome.stdout


def test_numpy_layer_by_layer_ends_in_pytorchs_images(build_preset):
    for arguments in ({}, {"deconv": "zero_insert"}):
        design = Design.load(build_preset("tiny", **arguments))
        golden, truth = golden_of(design), layer_truth(design)
        for latent, image in zip(golden.latent[:2], golden.image[:2], strict=True):
            assert np.array_equal(truth.values(latent)[-1], image.transpose(1, 2, 0))


def test_a_damaged_graph_is_one_line(tiny):
    graph = tiny / "dataflow.onnx"
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(DamagedError, match=r"dataflow.onnx: .*; run fpgan build again$"):
        layer_truth(Design.load(tiny))


@pytest.mark.parametrize("words, wrong, place", [(11, 2, (1, 1, 2, 0)), (14, 4, (2, 0, 0, 0))])
def test_words_that_are_missing_or_too_many(tmp_path, words, wrong, place):
    """Two images of 2 x 3 pixels, one of 2 elements in a word: 12 words are due."""
    truth = LayerTruth((LayerStream("a", 0, 2, 4, True),), lambda latent: [latent[0]])
    latents = np.arange(24).reshape(2, 1, 2, 3, 2) % 16 - 8
    stream = np.concatenate([latents.reshape(-1), [3, 3, 3, 3]])[: 2 * words]
    padded = np.pad(pack(stream, 2, 4), ((0, 0), (0, 3)))
    (tmp_path / "0.bin").write_bytes(padded.tobytes())
    (layer,) = compare_layers(truth, latents, tmp_path)
    assert (layer["words"], layer["mismatches"]) == (words, wrong)
    first = layer["first"]
    assert (first["image"], first["row"], first["column"], first["channel"]) == place
    assert first["got" if words < 12 else "expected"] is None
