# SPDX-License-Identifier: Apache-2.0
"""Functions that rise and fall, and functions of an image: by thresholds, a table, or both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integer_graphs import AMPLE, BOARD
from joined_models import STEP, at, compared, conv, start
from onnx_models import Chain, at_rtl
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.paths import find_path
from fpgan.build.flow import build
from fpgan.build.folding.fold import fold
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.network import FunctionLayer, QuantLayer
from fpgan.build.frontend.read import read_network
from fpgan.build.proof.golden_vectors import run_dataflow, run_network
from fpgan.build.proof.thresholds import prove_thresholds
from fpgan.sim.golden import lookup, threshold
from fpgan.sim.simulate import simulate

BENT = {
    "silu": lambda x: x / (1 + np.exp(-x)), "sine": np.sin, "abs": np.abs, "line": lambda x: x,
    "hill": lambda x: 2 * np.exp(-x * x), "two": lambda x: x * np.exp(-np.abs(x)),
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(BENT)),
    st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-1, 1)), min_size=1, max_size=4),
    st.sampled_from([1 / 4, 1 / 32]),
    st.integers(-700, 0),
    st.integers(1, 700),
)
def test_equal_to_the_function_everywhere(kind, channels, step, low, high):
    gain, offset = (np.array(v)[:, None] for v in zip(*channels, strict=True))

    def function(acc):
        return np.clip(np.rint(BENT[kind](acc * gain + offset) / step), -128, 127).astype(np.int64)

    path = find_path(function, np.full(len(gain), low), np.full(len(gain), high))
    every = np.repeat(np.arange(low, high + 1)[None], len(gain), 0)
    sign = np.where(path.flipped, -1, 1)[:, None]
    assert (np.diff(path.thresholds) >= 0).all()
    places = threshold((every * sign).T, path.thresholds)
    assert np.array_equal(lookup(places, path.table).T, function(every))


def test_channels_of_one_activation_share_a_table():
    gain = np.array([0.01, 0.004, -0.02])[:, None]

    def function(acc):
        return np.clip(np.rint(BENT["silu"](acc * gain) * 32), -128, 127).astype(np.int64)

    path = find_path(function, np.full(3, -900), np.full(3, 900))
    assert path.table.shape == (1, 256) and path.flipped.tolist() == [False, False, True]


def silu(chain):
    x = chain.tensor
    gate = chain.op("Sigmoid").tensor
    return at(chain, x).op("Mul", gate)


def norm(chain, gammas):
    count = len(gammas)
    constants = [chain.const(v) for v in (gammas, np.full(count, 0.25), np.zeros(count), np.ones(count))]
    return chain.op("BatchNormalization", *constants, epsilon=0.0)


def network(gammas=(1, -0.5, 0.25)):
    """A dip behind a layer, a norm between two quantizers, a dip behind a sum, a function of the output."""
    chain = silu(conv(start(), 3, 3)).quant(STEP / 4, 5)
    image = chain.tensor
    falling = norm(chain, gammas).quant(STEP, 4).tensor
    conv(at(chain, image), 3, 3).quant(STEP, 3, False).op("Add", falling).op("Abs").quant(STEP, 4)
    return silu(conv(chain, 3, 2)).quant(STEP, 6).op("Neg").quant(STEP, 5)


def test_functions_of_sums_and_images_equal_the_files():
    read = compared(network())
    kinds = [type(layer).__name__ for layer in read.layers]
    assert kinds.count("FunctionLayer") == 2 and kinds.count("QuantLayer") == 3
    dataflow = lower(integer_graph(read))
    lookups = {n.name: getCustomOp(n) for n in dataflow.graph.node if n.op_type == "Lookup_rtl"}
    rows = {layer.ops[0]: lookups[f"lookup_{i}"].get_nodeattr("rows")
            for i, layer in enumerate(read.layers) if isinstance(layer, FunctionLayer)}  # fmt: skip
    assert rows == {"BatchNormalization": 3, "Neg": 1}


def test_one_wrong_entry_of_a_table_or_a_place():
    read = compared(network())
    dataflow = lower(integer_graph(read))
    for name in ("lookup_0_table", "lookup_2_table", "thresholds_0"):
        values = dataflow.get_initializer(name).copy()
        wrong = values.copy()
        wrong[0, len(values[0]) // 2] += 1
        dataflow.set_initializer(name, wrong)
        assert prove_thresholds(read, dataflow)["mismatches"] > 0
        dataflow.set_initializer(name, values)
    assert prove_thresholds(read, dataflow)["mismatches"] == 0


def test_few_steps_of_a_norm_are_thresholds_with_levels_that_none_reaches():
    """The threshold beyond an unsigned image's range needs a bit more than the image."""
    chain = norm(conv(start(), 3, 3).op("Relu").quant(STEP, 4, False), (1, 0.5, 0.25)).quant(STEP * 4, 2)
    read = compared(chain)
    dataflow = lower(integer_graph(read))
    op = getCustomOp(dataflow.get_node_from_name("threshold_1"))
    assert op.get_input_datatype(0).name == "UINT4" and op.get_input_datatype(1).name == "UINT5"


def test_a_function_of_an_image_costs_no_weights():
    chain = conv(start(), 3, 4).quant(STEP, 4).op("LeakyRelu", alpha=0.25).quant(STEP, 5)
    read = compared(conv(chain, 4, 1).quant(STEP, 4))
    assert isinstance(read.layers[1], FunctionLayer) and isinstance(read.layers[2], QuantLayer)
    model = lower(integer_graph(read))
    fold(model, BOARD.part, AMPLE, 100)
    assert getCustomOp(model.get_node_from_name("lookup_1")).get_nodeattr("PE") == getCustomOp(
        model.get_node_from_name("threshold_0")
    ).get_nodeattr("PE")


def test_too_many_steps_are_refused_with_their_count():
    chain = Chain((1, 3, 4, 4)).quant(4.0, 8)
    chain.op("Conv", chain.weights((2, 3, 3, 3)), pads=[1] * 4).op("Sin").quant(2**-6, 8)
    with pytest.raises(UnsupportedError, match=r"takes \d{4,} steps up and down over the -\d+ to \d+ that"):
        integer_graph(read_network(chain.model()))


def test_places_between_which_a_dip_hides_are_found_by_a_grid():
    """A range of which not every value is looked at."""

    def function(acc):
        return np.clip(np.rint(BENT["silu"](acc * 1e-5) * 32), -128, 127).astype(np.int64)

    path = find_path(function, np.array([-(2**23)]), np.array([2**23]))
    near = np.clip(path.thresholds[0][:, None] + np.arange(-2, 3), -(2**23), 2**23).reshape(1, -1)
    assert np.array_equal(lookup(threshold(near.T, path.thresholds), path.table).T, function(near))
    assert path.table.min() == -9


@pytest.mark.verilator
def test_functions_at_rtl_in_the_predicted_cycles(tmp_path):
    onnx.save(network().model(), tmp_path / "m.onnx")
    report = at_rtl(tmp_path / "m.onnx", tmp_path / "build", stall=0.3)
    result = simulate(tmp_path / "build", images=8)
    assert result["mismatches"] == 0
    assert result["cycles_per_image"] == report["cycles_per_image"]
    assert result["latency_cycles"] == report["latency_cycles"]


@pytest.mark.verilator
def test_functions_in_hls(tmp_path):
    onnx.save(network().model(), tmp_path / "m.onnx")
    build(tmp_path / "m.onnx", tmp_path / "build", target_fps=50_000, backend="hls")
    assert simulate(tmp_path / "build", images=4)["mismatches"] == 0


def test_a_network_of_a_function_alone():
    read = compared(start().op("Tanh").quant(2**-4, 5))
    assert len(read.layers) == 1
    other = replace(read.layers[0], functions=())
    changed = replace(read, layers=(other,))
    q = np.arange(-8, 8).repeat(3).reshape(1, 3, 4, 4)
    dataflow = lower(integer_graph(changed))
    assert np.array_equal(run_dataflow(dataflow, q[0]), run_network(changed, q, exact=True)[0])
    assert prove_thresholds(read, dataflow)["mismatches"] > 0


def quantized_silu(chain, step=STEP):
    """x * Sigmoid(x) as a quantizer behind each node writes it."""
    x = chain.tensor
    gate = chain.op("Sigmoid").quant(2**-5, 5, False).tensor
    return at(chain, x).op("Mul", gate).quant(step, 5)


@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
def test_a_function_of_one_image_with_quantizers_inside(style):
    """Between them a product of two images; it is one layer, a function of what both are made of."""
    chain = quantized_silu(conv(start(style=style), 3, 3).quant(STEP / 4, 5), STEP / 4)
    read = compared(conv(chain, 3, 2).quant(STEP, 6))
    kinds = [(type(layer).__name__, layer.inputs) for layer in read.layers]
    assert kinds == [("QuantLayer", (0,)), ("FunctionLayer", (1,)), ("QuantLayer", (2,))]
    x = read.layers[0].target.scale * np.arange(-16, 16)
    gate = np.clip(np.rint(np.float32(1 / (1 + np.exp(-x))) * 32), 0, 31) / 32
    expected = np.clip(np.rint(x * gate / (STEP / 4)), -16, 15)
    assert np.array_equal(read.layers[1].step_function()(np.arange(-16, 16)[None].repeat(3, 0))[0], expected)


def test_a_sum_of_functions_of_one_image_is_one_too():
    """As x + x^3, each quantized: no adder, no FIFO. Where a layer stands between there is a sum."""
    chain = conv(start(), 3, 3).quant(STEP / 4, 5)
    x = chain.tensor
    square = chain.op("Mul", x).quant(STEP / 4, 5).tensor
    chain.op("Mul", x).quant(STEP / 4, 6).op("Add", square).quant(STEP, 5)
    assert [type(layer).__name__ for layer in compared(chain).layers] == ["QuantLayer", "FunctionLayer"]
    y = chain.tensor
    read = compared(conv(chain, 3, 3).quant(STEP, 4).op("Add", y).quant(STEP, 4))
    assert type(read.layers[-1]).__name__ == "SumLayer"


def test_a_function_of_sums_with_a_quantizer_inside():
    """The sums themselves meet what a quantizer left of a function of theirs; then that of an image."""
    chain = conv(start(), 3, 3)
    read = compared(quantized_silu(quantized_silu(chain, STEP / 4)).quant(STEP, 4))
    assert [type(layer).__name__ for layer in read.layers][:2] == ["QuantLayer", "FunctionLayer"]
    summed = start()
    x = summed.tensor
    added = compared(quantized_silu(conv(summed, 3, 3).quant(STEP, 4).op("Add", x)))
    assert [type(layer).__name__ for layer in added.layers] == ["QuantLayer", "SumLayer"]


def test_products_of_two_images_are_refused():
    chain = conv(start(), 3, 3).quant(STEP, 4)
    one = chain.tensor
    other = conv(chain, 3, 3).op("Sigmoid").quant(2**-5, 5, False).tensor
    with pytest.raises(UnsupportedError, match=r"Mul.*between two images"):
        read_network(at(chain, one).op("Mul", other).quant(STEP, 4).model())
