# SPDX-License-Identifier: Apache-2.0
"""Files whose layers branch and join: sums and concatenations."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from joined_models import STEP, at, compared, conv, doubled, start
from onnx import helper
from onnx_models import Chain
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.dataflow.inspect import inspect
from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.network import ConcatLayer, SumLayer
from fpgan.build.frontend.read import read_network


def kinds(network):
    return [(type(layer).__name__, layer.inputs) for layer in network.layers]


@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
def test_an_encoder_with_skips_and_a_decoder(style):
    chain = start(style=style)
    one = conv(chain, 3, 4).op("Relu").quant(STEP, 4, False).tensor
    two = conv(chain, 4, 5, strides=[2, 2]).op("Relu").quant(STEP, 4, False).tensor
    doubled(conv(chain, 5, 5, strides=[2, 2]).op("Relu").quant(STEP, 4, False)).op("Concat", two, axis=1)
    chain.op("ConvTranspose", chain.weights((10, 4, 4, 4)), strides=[2, 2], pads=[1] * 4).op("Relu")
    chain.quant(STEP, 4, False).op("Concat", one, axis=-3)
    network = compared(conv(chain, 8, 2).quant(STEP, 6))
    assert kinds(network) == [
        ("QuantLayer", (0,)), ("QuantLayer", (1,)), ("QuantLayer", (2,)), ("QuantLayer", (3,)),
        ("ConcatLayer", (4, 2)), ("QuantLayer", (5,)), ("ConcatLayer", (6, 1)), ("QuantLayer", (7,)),
    ]  # fmt: skip


def test_a_generator_of_residual_blocks():
    """Upsampling on both ways, the skip with a convolution of its own; scales of 1 to 2."""
    chain = start()
    x = chain.tensor
    conv(doubled(chain), 3, 4).op("Relu").quant(STEP, 4, False)
    main = conv(chain, 4, 4).quant(STEP, 4).tensor
    conv(doubled(at(chain, x)), 3, 4, 1).quant(2 * STEP, 4).op("Add", main)
    slope = chain.const(np.array([0.5, 0, 1, 0.25]).reshape(4, 1, 1))
    block = chain.op("PRelu", slope).quant(STEP, 4).tensor
    conv(chain, 4, 4).op("Relu").quant(2 * STEP, 3, False).op("Add", block).op("Tanh").quant(2**-5, 6)
    network = compared(chain)
    assert [layer.factors for layer in network.layers if isinstance(layer, SumLayer)] == [(2, 1), (2, 1)]
    assert kinds(network)[2:4] == [("QuantLayer", (2,)), ("SumLayer", (1, 3))]


def test_dense_blocks_and_a_concatenation_that_two_layers_read():
    chain = start()
    x = chain.tensor
    first = conv(chain, 3, 2).quant(STEP, 4).tensor
    joined = at(chain, x).op("Concat", first, axis=1).tensor
    second = conv(chain, 5, 2).quant(STEP, 4).tensor
    third = conv(at(chain, joined), 5, 1).quant(STEP, 4).tensor
    at(chain, joined).op("Concat", second, third, axis=1)
    network = compared(conv(chain, 8, 2).quant(STEP, 6))
    assert [layer.inputs for layer in network.layers if isinstance(layer, ConcatLayer)] == [
        (0, 1), (0, 1, 3, 4),
    ]  # fmt: skip


def test_a_quantizer_behind_a_concatenation_moves_into_it():
    """Functions per channel too; what is open is closed by it, what is not gets a layer of its own."""
    chain = start()
    x = chain.tensor
    other = conv(chain, 3, 2).quant(4 * STEP, 3).tensor
    conv(at(chain, x), 3, 2).op("Relu").op("Concat", other, x, axis=1)
    scale = chain.const(np.arange(1, 8).reshape(1, 7, 1, 1) / 8)
    network = compared(doubled(chain.op("Mul", scale)).op("LeakyRelu", alpha=0.25).quant(STEP / 2, 4))
    ops = [layer.ops for layer in network.layers[1:4]]
    assert sorted(map(len, ops)) == [3, 3, 5] and all("LeakyRelu" in one for one in ops)
    assert sum(isinstance(layer, ConcatLayer) for layer in network.layers) == 1


def test_the_same_quantizer_again_costs_no_layer():
    chain = start()
    x = chain.tensor
    conv(chain, 3, 2).quant(STEP, 4).op("Concat", x, axis=1).quant(STEP, 4)
    assert kinds(compared(conv(chain, 5, 2).quant(STEP, 5))) == [
        ("QuantLayer", (0,)), ("ConcatLayer", (1, 0)), ("QuantLayer", (2,)),
    ]  # fmt: skip


@pytest.mark.parametrize("join", ["Add", "Concat"])
def test_what_waits_on_a_branch_is_taken_in_by_a_layer(join):
    """Upsampling, shuffling and padding; zeros around an image of bipolar values are a third value."""
    chain = start(4, 4)
    x = chain.tensor
    chain.op("DepthToSpace", blocksize=2, mode="CRD")
    shuffled = chain.op("Pad", chain.const([0, 0, 1, 0, 0, 0, 0, 1], np.int64)).tensor
    conv(at(chain, x), 4, 1, 1).op("BipolarQuant", chain.const(STEP), domain="qonnx.custom_op.general")
    chain.op("Pad", chain.const([0, 0, 2, 2, 0, 0, 3, 3], np.int64))
    chain.op(join, shuffled, **({"axis": 1} if join == "Concat" else {}))
    if join == "Add":
        chain.quant(STEP, 5)
    compared(chain)


def test_a_crop_leaves_other_readers_their_image():
    chain = start()
    image = conv(chain, 3, 3).quant(STEP, 4).tensor
    cut = chain.op("Slice", *(chain.const(v, np.int64) for v in ([1], [3], [2]))).tensor
    at(chain, image).op("Slice", *(chain.const(v, np.int64) for v in ([2], [4], [2])))
    assert len(compared(chain.op("Add", cut).quant(STEP, 5)).layers) == 4


def test_integers_that_are_dequantized_twice():
    chain = start(style="qcdq")
    x = chain.tensor
    last = chain.nodes[-1]
    chain.nodes.append(helper.make_node("DequantizeLinear", list(last.input), ["twin"], name="twin"))
    at(chain, x)
    conv(chain, 3, 3).quant(STEP, 4).op("Add", "twin").quant(STEP, 4)
    assert kinds(compared(chain)) == [("QuantLayer", (0,)), ("SumLayer", (1, 0))]


def test_an_input_that_two_layers_read_must_be_one_image():
    chain = Chain((1, 16)).quant(STEP, 4)
    flat = chain.tensor
    dense = chain.op("Gemm", chain.weights((16, 16)), transB=1).quant(STEP, 4).tensor
    at(chain, flat).op("Reshape", chain.const([1, 4, 2, 2], np.int64))
    chain.op("Conv", chain.weights((16, 4, 2, 2))).quant(STEP, 4).op("Flatten").op("Add", dense)
    with pytest.raises(UnsupportedError, match="the input is read as 4x2x2 and, otherwise, as 16x1x1"):
        read_network(chain.quant(STEP, 4).model())


# -- what is refused ----------------------------------------------------------------------------------
def no_quantizer(chain, x):
    return conv(chain, 3, 3).op("Add", x)


def scales_for_a_layer(chain, x):
    return conv(conv(chain, 3, 3).quant(0.3, 4).op("Concat", x, axis=1), 6, 2)


def side_by_side(chain, x):
    return conv(chain, 3, 3, 1, strides=[2, 2]).quant(STEP, 4).op("Concat", x, axis=1)


REFUSED = {
    "open branch": (no_quantizer, r"add_\d+ \(Add\): no quantizer between this and conv_\d+ before it"),
    "scales for a layer": (
        scales_for_a_layer, r"concat_\d+ before it joins images of scales 0\.3 and 0\.5; give both one",
    ),
    "sizes": (side_by_side, r"joins \[1, 3, 2, 2\] and \[1, 3, 4, 4\] along axis 1; channels of images"),
    "axis": (
        lambda chain, x: conv(chain, 3, 3).quant(STEP, 4).op("Concat", x, axis=2),
        r"joins \[1, 3, 4, 4\] and \[1, 3, 4, 4\] along axis 2",
    ),
    "constant": (
        lambda chain, x: chain.op("Concat", chain.const(np.ones((1, 1, 4, 4))), axis=1),
        r"joins a constant; several images are supported",
    ),
    "gate": (
        lambda chain, x: conv(chain, 3, 3).op("Sigmoid").quant(0.25, 4).op("Mul", x),
        r"mul_\d+ \(Mul\): between two images; Add is supported, Mul with a constant or functions",
    ),
    "crop": (
        lambda chain, x: conv(chain, 3, 3).quant(STEP, 4).op("Add", x).op(
            "Slice", *(chain.const(v, np.int64) for v in ([1], [3], [2]))),
        r"crops between add_\d+ and its quantizer; do that behind the quantizer",
    ),
    "weights": (lambda chain, x: chain.op("Conv", x), r"takes several images; Add and Concat may"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_one_clear_line(case):
    change, message = REFUSED[case]
    chain = start()
    with pytest.raises(UnsupportedError, match=message) as caught:
        integer_graph(read_network(change(chain, chain.tensor).quant(STEP, 4).model()))
    assert "\n" not in str(caught.value)


def test_an_output_that_is_not_quantized():
    chain = start()
    x = chain.tensor
    with pytest.raises(UnsupportedError, match="no quantizer after it; put one at the output"):
        read_network(conv(chain, 3, 3).quant(0.3, 4).op("Concat", x, axis=1).model())


def test_a_loop():
    model = start().op("Add", "later").op("Relu").quant(STEP, 4).model()
    model.graph.node[-1].output[0] = "later"
    model.graph.output[0].name = "later"
    with pytest.raises(UnsupportedError, match="is part of a loop"):
        read_network(model)


def test_inspect_shows_where_images_come_from(tmp_path):
    chain = start()
    x = chain.tensor
    conv(chain, 3, 3).quant(2 * STEP, 4).op("Add", x).quant(STEP, 4).op("Concat", x, axis=1)
    onnx.save(chain.model(), tmp_path / "m.onnx")
    rows = inspect(tmp_path / "m.onnx")["layers"]
    assert [row["becomes"] for row in rows] == [
        "deconv_0 + threshold_0 (15 steps)", "add_1 + threshold_1 (15 steps)", "concat_2",
    ]  # fmt: skip
    assert [row["inputs"] for row in rows] == [[0], [1, 0], [2, 0]]
    assert rows[1]["factors"] == [2, 1] and rows[1]["in"] == [3, 4, 4] and rows[1]["accumulator_bits"] == 6
    assert rows[2]["in"] == [[3, 4, 4], [3, 4, 4]] and rows[2]["out"] == [6, 4, 4]
    shown = CliRunner().invoke(app, ["inspect", str(tmp_path / "m.onnx")], env={"COLUMNS": "200"}).output
    assert "side by side" in shown and "3x4x4 of the input" in shown and "factors 2, 1" in shown
