# SPDX-License-Identifier: Apache-2.0
"""Activations that a file spells with several nodes: read as one function."""

from __future__ import annotations

import pytest
from onnx_models import Chain, check

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.frontend.read import read_network


def layer():
    chain = Chain((1, 3, 4, 4)).quant(0.5, 4)
    return chain.op("ConvTranspose", chain.weights((3, 2, 4, 4), axis=1), strides=[2, 2], pads=[1] * 4)


def silu(chain):
    x = chain.tensor
    gate = chain.op("Sigmoid").tensor
    chain.tensor = x
    return chain.op("Mul", gate)


def gelu(chain):
    x = chain.tensor
    chain.op("Div", chain.const(2**0.5)).op("Erf")
    gate = chain.op("Add", chain.const(1.0)).tensor
    chain.tensor = x
    return chain.op("Mul", gate).op("Mul", chain.const(0.5))


def shrunk(chain):
    """Each side of a difference has its place."""
    x = chain.tensor
    bent = chain.op("Tanh").tensor
    chain.tensor = x
    return chain.op("Sub", bent)


def test_a_difference_of_a_value_and_a_function_of_it():
    assert len(check(shrunk(layer()).quant(0.25, 4)).layers) == 1


@pytest.mark.parametrize("activation", [silu, gelu])
def test_activations_with_a_dip(activation):
    """By thresholds where the quantizer hides it, else by these and a table."""
    for scale, signed in ((0.25, False), (1.0, True)):
        network = check(activation(layer()).quant(scale, 4, signed))
        assert "lookup_0" not in [node.name for node in integer_graph(network).graph.node]
    network = check(activation(layer()).quant(0.125, 4))
    assert len(network.layers) == 1
    assert [node.name for node in integer_graph(network).graph.node][1::3] == ["threshold_0", "lookup_0"]


def test_an_image_that_others_read_too():
    """x * Sigmoid(x), where a convolution also takes x: one function of it, then a sum of two layers."""
    chain = layer().quant(0.5, 4)
    x = chain.tensor
    branch = chain.op("Conv", chain.weights((2, 2, 1, 1))).quant(0.5, 4).tensor
    chain.tensor = x
    gate = chain.op("Sigmoid").tensor
    chain.tensor = x
    chain.op("Mul", gate).quant(0.5, 3, False).op("Add", branch).quant(0.5, 4)
    network = read_network(chain.model())
    assert [(one.ops, one.inputs) for one in network.layers[1:]] == [
        (("Sigmoid+Mul", "Quant"), (1,)), (("Conv", "Quant"), (1,)), (("Add", "Quant"), (2, 3)),
    ]  # fmt: skip
