# SPDX-License-Identifier: Apache-2.0
"""Two columns of the last image in a word: the same integers, in half the cycles of its layer."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from onnx_models import Chain
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.side_by_side import side_by_side
from fpgan.build.flow import build
from fpgan.build.folding.fold import fold
from fpgan.build.folding.limits import Budget
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import run_dataflow
from fpgan.build.proof.thresholds import prove_thresholds
from fpgan.hw.boards import get_board
from fpgan.hw.geometry import Axis
from fpgan.sim.simulate import simulate

PART = get_board("zcu104").part
AMPLE = Budget(200_000, 1000, 500)


def test_every_output_has_its_own_taps():
    """An axis with outputs side by side meets the pairs of kernel index and input that the outputs met."""
    seen = 0
    for size, kernel, stride, pad, step in itertools.product(
        (1, 2, 5), (1, 3, 4, 5), (1, 2, 3, 4), (0, 1, 2), (1, 2)
    ):
        outputs = ((size - 1) * stride + kernel - 2 * pad - 1) // step + 1
        for count in (2, 3, 4):
            if outputs < 1 or outputs % count:
                continue
            axis = Axis(size, kernel, stride, pad, outputs, step)
            wide, taps = axis.side_by_side(count)
            for o, e in itertools.product(range(wide.out), range(count)):
                met = [(taps[e][m], i) for m, i in wide.taps[o] if taps[e][m] is not None]
                assert sorted(met) == sorted(axis.taps[o * count + e])
            seen += 1
    assert seen > 100


def test_what_cannot_lie_side_by_side():
    with pytest.raises(ValueError, match="2 side by side of out=5 outputs, dilation=1"):
        Axis(5, 3, 1, 1, 5).side_by_side(2)
    with pytest.raises(ValueError, match="dilation=2"):
        Axis(6, 3, 1, 1, 4, dilation=2).side_by_side(2)


@pytest.fixture(scope="module")
def path(export_preset):
    return export_preset("tiny")


def test_pairs_make_the_same_image(path):
    plain = lower(integer_graph(load_model(path)))
    pairs = side_by_side(plain, 2)
    rng = np.random.default_rng(0)
    z = rng.integers(-127, 128, (3, *plain.get_tensor_shape(plain.graph.input[0].name)[3:], 1, 1))
    for latent in z:
        assert np.array_equal(run_dataflow(plain, latent), run_dataflow(pairs, latent))
    assert prove_thresholds(read_network(load_model(path)), pairs)["mismatches"] == 0


def test_the_proof_sees_what_one_column_has_wrong(path):
    """A weight or a threshold of the second column alone."""
    network = read_network(load_model(path))
    for kind, place in (("Deconv_rtl", (0, -1, 1, 0)), ("Thresholding_rtl", (-1, 3))):
        pairs = side_by_side(lower(integer_graph(load_model(path))), 2)
        node = pairs.get_nodes_by_op_type(kind)[-1]
        values = pairs.get_initializer(node.input[1]).copy()
        values[place] += 1 if values[place] <= 0 else -1
        pairs.set_initializer(node.input[1], values)
        assert prove_thresholds(network, pairs)["mismatches"] > 0


def ending(shape, kind, weights, **attributes):
    """A network of one layer."""
    chain = Chain((1, *shape)).quant(0.5)
    chain.op(kind, chain.weights(weights), **attributes).op("Relu").quant(1.0, signed=False)
    return lower(integer_graph(chain.model()))


def test_layers_that_have_no_pairs():
    """An odd width, channels in groups, an input with as many pixels, a dilated kernel."""
    stride = {"strides": [2, 2], "pads": [1] * 4}
    assert side_by_side(ending((4, 4, 4), "ConvTranspose", (4, 4, 4, 4), **stride), 2)
    assert side_by_side(ending((4, 4, 4), "Conv", (2, 4, 1, 1), pads=[2] * 4), 2)
    for other in (
        ending((4, 3, 3), "ConvTranspose", (4, 2, 3, 3), strides=[2, 2], pads=[1] * 4),
        ending((4, 4, 4), "ConvTranspose", (4, 2, 4, 4), group=2, **stride),
        ending((4, 4, 4), "Conv", (2, 4, 3, 3), pads=[1] * 4),
        ending((4, 4, 4), "ConvTranspose", (4, 2, 2, 2), dilations=[1, 3], strides=[2, 2], pads=[0] * 4),
    ):
        assert side_by_side(other, 2) is None


def test_each_column_has_cores_of_its_own_taps(path):
    """Two thirds of the lanes of a core that had all taps of both."""
    pairs = side_by_side(lower(integer_graph(load_model(path))), 2)
    fold(pairs, PART, AMPLE, 128, ("lut", "cascade"))
    op = getCustomOp(pairs.get_nodes_by_op_type("Deconv_rtl")[-1])
    rows, cols = op.taps
    assert op.get_nodeattr("own_taps") and cols == 3
    assert op.lanes * 3 == 2 * rows * cols * op.get_nodeattr("SIMD") * op.get_nodeattr("PE")


@pytest.mark.verilator
def test_twice_the_rate_of_a_pixel_per_cycle(path, tmp_path):
    """The whole way: built, proved, simulated with stalls, and taken over by another build."""
    out = tmp_path / "pairs"
    report = build(
        path, out, board="zcu104", clock_mhz=300, target_fps=300e6 / 128.1, cores=("lut", "cascade")
    )
    assert (report["cycles_per_image"], report["output_columns"]) == (128, 2)
    assert report["threshold_proof"]["mismatches"] == 0
    design = json.loads((out / "design.json").read_text())
    assert design["output"]["shape"] == [1, 16, 16, 1] and design["output"]["elements_per_beat"] == 2
    result = simulate(out, images=6)
    assert (result["mismatches"], result["pixels"]) == (0, 6 * 256)
    assert (result["cycles_per_image"], result["latency_cycles"]) == (128, report["latency_cycles"])
    assert simulate(out, images=4, seed=2, stall=0.5, reset_first=True)["mismatches"] == 0
    again = build(path, tmp_path / "again", board="zcu104", like=out)
    assert [layer for layer in again["layers"] if layer["lanes"]] == [
        layer for layer in report["layers"] if layer["lanes"]
    ]


@pytest.mark.parametrize(
    "top, layer", [({"output_columns": 1}, {}), ({}, {"side": None}), ({}, {"taps": [2, 2]})]
)
def test_a_report_whose_columns_do_not_fit_together(path, tmp_path, top, layer):
    """Taps of columns that are not there would be another design's weights."""
    build(path, tmp_path / "pairs", board="zcu104", clock_mhz=300, target_fps=300e6 / 128.1)
    report = json.loads((tmp_path / "pairs" / "report.json").read_text()) | top
    last = [found for found in report["layers"] if found["lanes"]][-1]
    assert last["own_taps"]
    last |= layer
    last = {key: value for key, value in last.items() if value is not None}
    report["layers"] = [last if found["name"] == last["name"] else found for found in report["layers"]]
    (tmp_path / "pairs" / "report.json").write_text(json.dumps(report))
    with pytest.raises(ValueError, match=r"report.json has no folding of deconv_\d; run fpgan build again"):
        build(path, tmp_path / "again", board="zcu104", like=tmp_path / "pairs")


def test_one_column_where_nothing_else_binds(path, tmp_path):
    report = build(path, tmp_path / "one", board="zcu104", clock_mhz=300, target_fps=300e6 / 256.1)
    assert (report["cycles_per_image"] <= 256, report["output_columns"]) == (True, 1)
