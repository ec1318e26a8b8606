# SPDX-License-Identifier: Apache-2.0
"""A latent and a condition as two inputs of a file: channels of one input of the hardware."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx_models import QONNX, Chain

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.read import read_network


def conditioned(quantizers, shapes=((1, 5, 1, 1), (1, 3)), axis=1):
    """A latent and a label, joined; a quantizer (scale, bits, signed) of each, or of what they join to."""
    joint = len(quantizers) == 1
    chain = Chain((1, 8, 1, 1))
    if joint:
        chain.quant(*quantizers[0])
    model = chain.op("ConvTranspose", chain.weights((8, 2, 4, 4))).quant(0.5, 6).model()
    nodes = [helper.make_node("Unsqueeze", ["label", "axes"], ["label_1"])]
    parts = ["latent", "label_1"]
    for i, (scale, bits, signed) in enumerate([] if joint else quantizers):
        for name, value in (("scale", scale), ("bits", bits)):
            model.graph.initializer.append(numpy_helper.from_array(np.float32(value), f"{name}_{i}"))
        model.graph.initializer.append(numpy_helper.from_array(np.float32(0), f"zero_{i}"))
        nodes.append(helper.make_node(
            "Quant", [parts[i], f"scale_{i}", f"zero_{i}", f"bits_{i}"], [f"part_{i}"], domain=QONNX,
            signed=int(signed), narrow=0, rounding_mode="ROUND",
        ))  # fmt: skip
        parts[i] = f"part_{i}"
    nodes.append(helper.make_node("Concat", parts, ["x"], axis=axis, name="join"))
    model.graph.initializer.append(numpy_helper.from_array(np.array([2, 3]), "axes"))
    body = list(model.graph.node)
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend([*nodes, *body])
    for name, shape in zip(("latent", "label"), shapes, strict=True):
        model.graph.input.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    return model


def test_a_condition_is_further_channels_of_the_latent():
    one = read_network(conditioned([(0.5, 4, True)]))
    two = read_network(conditioned([(0.5, 4, True), (1.0, 2, False)]))
    for network in (one, two):
        assert network.dims == (8, 1, 1) and network.source.scale == 0.5 and network.source.low == -8
        assert network.notes == ("input channels: latent [0:5], label [5:8]",)
    assert np.array_equal(one.layers[0].linear.weights, two.layers[0].linear.weights)


@pytest.mark.parametrize(("broken", "message"), [
    ({"quantizers": [(0.5, 4, True), (0.3, 2, False)]}, "layer join (Concat): joins inputs quantized to"),
    ({"quantizers": [(0.5, 4, True), (4.0, 2, False)]}, "which has values that the first has not"),
    ({"quantizers": [(0.5, 4, True)], "axis": 2}, "joins [1, 5, 1, 1] and [1, 3, 1, 1] along axis 2"),
])  # fmt: skip
def test_conditions_that_cannot_be_joined(broken, message):
    with pytest.raises(UnsupportedError) as caught:
        read_network(conditioned(**broken))
    assert message in str(caught.value)
