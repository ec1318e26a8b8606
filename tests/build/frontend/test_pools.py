# SPDX-License-Identifier: Apache-2.0
"""Averages of pixels as convolutions; what compares pixels is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from joined_models import STEP, compared, conv, start
from onnx_models import check

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_network


@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
def test_averages_of_blocks_and_of_an_image(style):
    chain = (
        start(style=style)
        .op("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
        .op("Relu")
        .quant(STEP / 4, 5)
    )
    compared(conv(chain, 3, 2).quant(STEP, 5).op("GlobalAveragePool").quant(STEP / 4, 6))


def test_a_border_of_zeros_counts():
    more = {"pads": [1, 0, 1, 0], "count_include_pad": 1}
    compared(start().op("AveragePool", kernel_shape=[4, 1], **more).quant(STEP / 2, 4))


def test_pixels_that_lie_apart():
    chain = start(opset=19).op("AveragePool", kernel_shape=[2, 2], dilations=[2, 1])
    network = read_network(chain.quant(STEP / 4, 6).model())
    q = np.random.default_rng(0).integers(-8, 8, (4, *network.dims))
    sums = q[:, :, :-2, :-1] + q[:, :, 2:, :-1] + q[:, :, :-2, 1:] + q[:, :, 2:, 1:]
    assert np.array_equal(run_network(network, q, exact=True), np.clip(sums, -32, 31))


def test_nine_pixels_meet_one_scale():
    chain = start().op("AveragePool", kernel_shape=[3, 3], strides=[1, 1]).quant(STEP / 4, 6)
    network = read_network(chain.model())
    q = np.random.default_rng(0).integers(-8, 8, (4, *network.dims))
    sums = np.lib.stride_tricks.sliding_window_view(q, (3, 3), (2, 3)).sum((4, 5))
    expected = np.rint(sums.astype(np.float32) * np.float32(STEP * np.float32(1 / 9)) / np.float32(STEP / 4))
    assert np.array_equal(run_network(network, q, exact=True), np.clip(expected, -32, 31))
    assert len(check(start().op("AveragePool", kernel_shape=[2, 4]).quant(STEP / 4, 6)).layers) == 1


REFUSED = {
    "border": ("AveragePool", {"kernel_shape": [3, 3], "pads": [1] * 4}, "averages fewer pixels at the"),
    "ceil": ("AveragePool", {"kernel_shape": [3, 3], "ceil_mode": 1}, "ceil_mode=1; 0 is supported"),
    "maximum": ("MaxPool", {"kernel_shape": [2, 2]}, "op is not supported; compares pixels; AveragePool"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    kind, attributes, message = REFUSED[case]
    with pytest.raises(UnsupportedError, match=message):
        read_network(start().op(kind, **attributes).quant(STEP, 4).model())
