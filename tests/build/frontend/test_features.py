# SPDX-License-Identifier: Apache-2.0
"""Features of a dense layer that become an image, alike at every pixel or not."""

from __future__ import annotations

import numpy as np
import pytest
from joined_models import STEP, at, compared, conv, doubled, start
from onnx_models import Chain

from fpgan.build.dataflow.integer_graph import integer_graph


def dense(chain, features, dims, *between, bias=True):
    values = [chain.const(np.arange(features) / 8 - 1)] if bias else []
    chain.op("Gemm", chain.weights((features, 5)), *values, transB=1)
    for op, value in between:
        chain.op(op, chain.const(value))
    return chain.op("Reshape", chain.const([1, *dims], np.int64))


def norm(chain, channels):
    """By numbers that float32 computes with exactly."""
    gain = (np.arange(channels) - 1) / 4
    values = (gain, np.arange(channels) / 4, np.arange(channels) / 8, np.ones(channels) / 4)
    return chain.op("BatchNormalization", *(chain.const(v) for v in values), epsilon=0.0)


PIXELS = {
    "bias": (),
    "scale": (("Mul", np.arange(24) % 7 - 3.0),),
    "slope": (("PRelu", np.arange(24) % 5 / 4),),
}


@pytest.mark.parametrize("case", PIXELS)
def test_features_whose_pixels_differ_become_an_image(case):
    """Then functions per channel, upsampling and a convolution: a dense layer of pixels, regrouped."""
    chain = dense(Chain((1, 5)).quant(STEP, 4), 24, (6, 2, 2), *PIXELS[case], bias=case == "bias")
    chain = doubled(norm(chain, 6).op("Relu").quant(STEP, 4, False))
    network = compared(conv(chain, 6, 3).quant(STEP, 6))
    first = network.layers[0]
    assert first.regroup == first.dims == (6, 2, 2) and first.linear.out == (1, 1)
    names = [node.name for node in integer_graph(network).graph.node][:4]
    assert names == ["deconv_0", "threshold_0", "regroup_0", "regroup_0_nchw"]


def test_features_whose_pixels_do_not_differ_are_a_kernel():
    chain = dense(Chain((1, 5)).quant(STEP, 4), 24, (6, 2, 2), bias=False)
    layer = compared(norm(chain, 6).quant(STEP, 5)).layers[0]
    assert layer.regroup is None and layer.linear.kernel == (2, 2)


def test_features_of_a_flattened_image_shuffled_or_cropped():
    chain = conv(start(2, 2), 2, 3).quant(STEP, 4).op("Flatten")
    chain.op("Gemm", chain.weights((24, 12)), transB=1)
    chain.op("Reshape", chain.const([1, 4, 3, 2], np.int64)).op("DepthToSpace", blocksize=2, mode="DCR")
    assert compared(chain.op("PRelu", chain.const(np.array([0.5]))).quant(STEP, 5)).layers[1].regroup
    chain = dense(Chain((1, 5)).quant(STEP, 4), 24, (4, 3, 2))
    chain.op("Slice", *(chain.const(v, np.int64) for v in ([1, 0], [3, 1], [2, 3])))
    assert compared(norm(chain, 4).quant(STEP, 5)).layers[0].regroup == (4, 2, 1)


def test_quantized_features_that_become_an_image_once_and_twice():
    """In the layer that made them, or, where others read them too, in one of their own."""
    chain = Chain((1, 5)).quant(STEP, 4)
    features = chain.op("Gemm", chain.weights((24, 5)), chain.const(np.arange(24) / 8), transB=1)
    features = chain.quant(STEP, 4).tensor
    one = chain.op("Reshape", chain.const([1, 6, 2, 2], np.int64)).tensor
    assert compared(conv(chain, 6, 3).quant(STEP, 5)).layers[0].regroup == (6, 2, 2)
    again = at(chain, features).op("Reshape", chain.const([1, 6, 2, 2], np.int64))
    network = compared(conv(again.op("Concat", one, axis=1), 12, 3).quant(STEP, 5))
    assert [layer.dims for layer in network.layers[:3]] == [(24, 1, 1), (6, 2, 2), (6, 2, 2)]
