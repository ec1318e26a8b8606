# SPDX-License-Identifier: Apache-2.0
"""The proof of thresholds sees every single wrong one, wherever it came from."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from onnx_models import Chain
from qonnx.core.datatype import DataType
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.requantizers import possible, put
from fpgan.build.frontend.read import read_network
from fpgan.build.proof import thresholds as proof
from fpgan.build.proof.thresholds import prove_thresholds


@pytest.fixture
def case():
    """Two layers, one with falling channels, and their dataflow graph."""
    chain = Chain((1, 3, 4, 4)).quant(0.5, 4)
    chain = chain.op("ConvTranspose", chain.weights((3, 4, 4, 4)), strides=[2, 2], pads=[1] * 4)
    chain = chain.op("Mul", chain.const(np.array([1, -1, 0.5, -0.25]).reshape(1, 4, 1, 1))).op("Tanh")
    chain = chain.quant(0.125, 4)
    chain = chain.op("Conv", chain.weights((2, 4, 3, 3)), pads=[1] * 4).quant(0.5, 5)
    network = read_network(chain.model())
    return network, lower(integer_graph(network))


def values(model, name):
    return model.get_initializer(name).copy()


def test_a_right_graph_is_proved_on_every_reachable_accumulator(case):
    network, dataflow = case
    report = prove_thresholds(network, dataflow)
    assert report["mismatches"] == 0
    for row, layer in zip(report["layers"], network.layers, strict=True):
        low, high = layer.acc_range
        assert row["whole_range"] and row["values"] == len(low) * ((high - low).max() + 1)


@pytest.mark.parametrize("delta", [1, -1])
def test_one_threshold_off_by_one(case, delta):
    network, dataflow = case
    steps = values(dataflow, "thresholds_0")
    steps[2, 7] += delta
    dataflow.set_initializer("thresholds_0", steps)
    assert prove_thresholds(network, dataflow)["mismatches"] == 1


def test_requantizers_in_the_place_of_thresholds():
    """All that there could be, on as many sums; then with a wrong multiplier, offset or mark."""
    chain = Chain((1, 3, 4, 4)).quant(0.37, 8)
    name = chain.weights((3, 4, 2, 2), 0.0123, 8)
    network = read_network(chain.op("ConvTranspose", name, strides=[2, 2]).op("Relu").quant(0.91, 8).model())
    plain = lower(integer_graph(network))
    whole, found = prove_thresholds(network, plain), possible(plain, plain.graph.node[-1])
    assert {(one.line.mark_bits > 0, one.shape.core) for one in found} >= {(True, "lut"), (True, "dsp")}
    for one in found:
        dataflow = lower(integer_graph(network))
        put(dataflow, dataflow.graph.node[-1], one)
        report = prove_thresholds(network, dataflow)
        assert (report["values"], report["mismatches"]) == (whole["values"], 0)
        assert report["layers"][0]["name"] == "requantize_0"
    for tensor, place, more in (
        ("line_0", (2, 0), 1),
        ("line_0", (1, 1), 1 << found[-1].line.shift),
        ("marks_0", (3, 60), 2),
    ):
        wrong = values(dataflow, tensor)
        wrong[place] += more
        broken = deepcopy(dataflow)
        broken.set_initializer(tensor, wrong)
        assert prove_thresholds(network, broken)["mismatches"] > 0


def test_one_wrong_weight_or_sign(case):
    network, dataflow = case
    weights = values(dataflow, "weights_0")
    wrong = weights.copy()
    wrong[0, 1, 2, 3] += 1
    dataflow.set_initializer("weights_0", wrong)
    assert prove_thresholds(network, dataflow)["mismatches"] > 0
    weights[:, 1] *= -1  # the channel that falls is not turned round
    dataflow.set_initializer("weights_0", weights)
    assert prove_thresholds(network, dataflow)["mismatches"] > 0


def test_an_offset_and_a_type_too_narrow(case):
    network, dataflow = case
    node = next(n for n in dataflow.graph.node if n.name == "threshold_1")
    op = getCustomOp(node)
    op.set_nodeattr("ActVal", op.get_nodeattr("ActVal") + 1)
    assert prove_thresholds(network, dataflow)["mismatches"] > 0
    op.set_nodeattr("ActVal", op.get_nodeattr("ActVal") - 1)
    kind = dataflow.get_tensor_datatype(node.input[0])
    dataflow.set_tensor_datatype(node.input[0], DataType[f"INT{kind.bitwidth() - 1}"])
    assert prove_thresholds(network, dataflow)["mismatches"] > 0


@pytest.mark.parametrize(("limit", "most"), [("_WHOLE", 64), ("_LAYER", 256)])
def test_large_ranges_are_sampled_and_every_threshold_is_met(case, monkeypatch, limit, most):
    network, dataflow = case
    monkeypatch.setattr(proof, limit, most)
    report = prove_thresholds(network, dataflow)
    assert not report["layers"][0]["whole_range"] and report["mismatches"] == 0
    steps = values(dataflow, "thresholds_0")
    steps[1, 7] += 1
    dataflow.set_initializer("thresholds_0", steps)
    assert prove_thresholds(network, dataflow)["mismatches"] > 0


def test_the_function_is_the_files_not_the_graphs(case):
    """With another quantizer in the file the same graph no longer proves."""
    network, dataflow = case
    layer = network.layers[1]
    other = replace(layer, target=replace(layer.target, scale=layer.target.scale * 1.01))
    changed = replace(network, layers=(network.layers[0], other))
    assert prove_thresholds(changed, dataflow)["mismatches"] > 0
