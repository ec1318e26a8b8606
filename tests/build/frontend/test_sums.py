# SPDX-License-Identifier: Apache-2.0
"""Sums of images of any scales: whole factors that change no integer; functions that fall."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joined_models import STEP, compared, conv, start
from onnx_models import Chain
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.frontend.network import SumLayer
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.sums import proportion, separating
from fpgan.build.proof.golden_vectors import run_dataflow, run_network
from fpgan.build.proof.thresholds import prove_thresholds

SIGNED, UNSIGNED = (-128, 127), (0, 255)
SCALES = st.floats(2**-7, 2**-3)


@settings(max_examples=20, deadline=None)
@given(
    SCALES, SCALES, st.floats(0.7, 1.5), st.sampled_from([SIGNED, UNSIGNED]), st.sampled_from([-9, 0, 0.1])
)
def test_sums_by_whole_factors_change_no_pair(one, other, share, ends, floor):
    """Over all 65,536 pairs of 8-bit integers, with thresholds as hardware has them."""
    sources = Quantizer(float(np.float32(one)), *SIGNED), Quantizer(float(np.float32(other)), *ends)
    step = np.float32(max(one, other) * share)

    def steps(values):
        return np.clip(np.rint(np.maximum(values, floor) / step), -128, 127).astype(np.int64)[None]

    (p, q), worth = separating(sources, steps)
    a, b = np.meshgrid(sources[0].levels, sources[1].levels)
    real = (a * sources[0].scale + b * sources[1].scale).astype(np.float32)
    assert np.array_equal(steps(worth(p * a + q * b).ravel()), steps(real.ravel()))
    assert max(p, q) < 4096  # where 24 bits are in each scale
    every = steps(worth(np.arange((p * a + q * b).min(), (p * a + q * b).max() + 1)))[0]
    assert (np.diff(every) >= 0).all()


@pytest.mark.parametrize(
    ("scales", "factors"),
    [((0.5, 0.5), (1, 1)), ((0.5, 0.125), (4, 1)), ((0.2, 0.3), (2, 3)), ((0.1, 25.6), (1, 256)),
     ((0.1, 0.10001), None), ((0.0179, 0.0465), None)],
)  # fmt: skip
def test_scales_in_proportion_need_no_search(scales, factors):
    """0.2 and 0.3 are no ratio of 2 to 3 in float32, and are meant to be."""
    assert proportion(tuple(Quantizer(float(np.float32(s)), *SIGNED) for s in scales)) == factors


def residual(style, one=0.0179, other=0.0465):
    chain = Chain((1, 3, 4, 4), style=style).quant(one, 8)
    skip = chain.tensor
    conv(chain, 3, 3).op("Relu").quant(other, 8, False).op("Add", skip)
    return chain


def plain(layer, images):
    """numpy: the exact sum, rounded once to float32, the quantizer."""
    total = sum(x * np.float64(np.float32(q.scale)) for x, q in zip(images, layer.sources, strict=True))
    rounded = np.rint(total.astype(np.float32) / np.float32(layer.target.scale))
    return np.clip(rounded, layer.target.low, layer.target.high)


@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
def test_a_residual_block_as_post_training_quantizers_write_it(style):
    chain = residual(style).quant(0.05, 8)
    network = read_network(chain.model())
    total = network.layers[1]
    q = np.random.default_rng(3).choice(network.source.values, (4, *network.dims))
    images = [run_network(network, q, exact=True) for network in (_only(network, 1), network)]
    assert np.array_equal(images[1], plain(total, [images[0], q]))
    dataflow = lower(integer_graph(network))
    assert np.array_equal(run_dataflow(dataflow, q[0]), images[1][0])
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    theirs = np.rint(chain.run((q * network.source.scale).astype(np.float32)) / network.target.scale)
    assert (theirs != images[1]).mean() < 0.01  # float32 sums may round otherwise
    add = getCustomOp(dataflow.get_node_from_name("add_1"))
    add.set_nodeattr("factors", [total.factors[0] + 1, total.factors[1]])
    assert prove_thresholds(network, dataflow)["mismatches"] > 0


def _only(network, count):
    return type(network)(network.source, network.dims, network.layers[:count])


def test_norms_with_negative_gammas_behind_a_sum():
    chain = start()
    skip = chain.tensor
    conv(chain, 3, 3).op("Relu").quant(2 * STEP, 4, False).op("Add", skip)
    chain.op("BatchNormalization", *(chain.const(v) for v in (
        [0.5, -1, -0.25], [0.5, 0.25, 0.5], [0.5, 1, 0], np.full(3, 1 - 2**-4))), epsilon=2**-4)  # fmt: skip
    network = compared(conv(chain.op("Relu").quant(STEP, 4, False), 3, 2).quant(STEP, 6))
    dataflow = lower(integer_graph(network))
    op = getCustomOp(dataflow.get_node_from_name("add_1"))
    assert op.negated == [0, 1, 1] and isinstance(network.layers[1], SumLayer)
    op.set_nodeattr("negated", [0, 1, 0])
    assert prove_thresholds(network, dataflow)["mismatches"] > 0


def test_free_scales_and_falling_channels_together():
    chain = residual("qonnx")
    chain.op("Mul", chain.const(np.array([1, -0.5, 0.25]).reshape(1, 3, 1, 1)))
    network = read_network(chain.quant(0.05, 5).model())
    dataflow = lower(integer_graph(network))
    assert prove_thresholds(network, dataflow)["mismatches"] == 0
    assert getCustomOp(dataflow.get_node_from_name("add_1")).negated == [0, 1, 0]
