# SPDX-License-Identifier: Apache-2.0
"""Files whose layers branch and join: sums, concatenations, features whose pixels differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper
from onnx_models import Chain
from qonnx.core.onnx_exec import execute_onnx
from typer.testing import CliRunner

from fpgan.build import inspect
from fpgan.build.cli.main import app
from fpgan.build.frontend.network import ConcatLayer, SumLayer
from fpgan.build.frontend.read import read_network
from fpgan.build.golden_vectors import run_network
from fpgan.build.passes.errors import UnsupportedError
from fpgan.build.passes.integer_graph import integer_graph

STEP = 0.5


def compared(chain, q=None):
    """File's runtime = network, exact and in float32 = integer graph, all scales being powers of two."""
    network = read_network(chain.model())
    if q is None:
        q = np.random.default_rng(5).choice(network.source.values, (2, *network.dims))
    x = (q * network.source.scale).astype(np.float32).reshape(len(q), *chain.shape[1:])
    expected = np.rint(chain.run(x) / network.target.scale)
    exact = run_network(network, q, exact=True)
    assert network.power_of_two and np.array_equal(exact.reshape(expected.shape), expected)
    assert np.array_equal(run_network(network, q, exact=False), exact)
    integers = integer_graph(network)
    context = execute_onnx(integers, {"image_0": q[:1].astype(np.float32)}, return_full_exec_context=True)
    for name, value in context.items():
        kind = integers.get_tensor_datatype(name)
        assert not kind.is_integer() or kind.min() <= value.min() <= value.max() <= kind.max()
    assert np.array_equal(context[integers.graph.output[0].name][0], exact[0])
    return network


def kinds(network):
    return [(type(layer).__name__, layer.inputs) for layer in network.layers]


def conv(chain, ci, co, kernel=3, **more):
    return chain.op("Conv", chain.weights((co, ci, kernel, kernel)), pads=[kernel // 2] * 4, **more)


def at(chain, tensor):
    chain.tensor = tensor
    return chain


def doubled(chain):
    return chain.op("Resize", chain.const([]), chain.const([1, 1, 2, 2]), mode="nearest")


def start(channels=3, size=4, **more):
    return Chain((1, channels, size, size), **more).quant(STEP, 4)


# -- networks -----------------------------------------------------------------------------------------
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
    at(chain, joined).op("Concat", second, axis=1)
    network = compared(conv(chain, 7, 2).quant(STEP, 6))
    assert sum(isinstance(layer, ConcatLayer) for layer in network.layers) == 2


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


# -- features -----------------------------------------------------------------------------------------
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


# -- random -------------------------------------------------------------------------------------------
@dataclass
class Image:
    """A tensor of the file, and its integers (N,C,H,W) as plain PyTorch makes them."""

    tensor: str
    scale: float
    integers: torch.Tensor

    @property
    def value(self):
        return self.integers.double() * self.scale


class Grown:
    """A file that grows, together with the integers of each of its images."""

    def __init__(self, draw, style):
        self.draw = draw
        size = draw(st.sampled_from([2, 3, 4]))
        self.chain = start(draw(st.integers(1, 3)), size, style=style, seed=draw(st.integers(0, 99)))
        shape = (2, *self.chain.shape[1:])
        self.q = self.chain.rng.integers(-8, 8, shape)
        self.images = [Image(self.chain.tensor, STEP, torch.from_numpy(self.q))]

    def pick(self, allowed=lambda image: True):
        return self.draw(st.sampled_from([image for image in self.images if allowed(image)]))

    def quantized(self, value):
        """A function, perhaps, and a quantizer."""
        chain, relu = self.chain, self.draw(st.booleans())
        if relu:
            chain.op("Relu")
            value = torch.relu(value)
        scale, bits = STEP * 2.0 ** self.draw(st.integers(-1, 1)), self.draw(st.integers(2, 5))
        chain.quant(scale, bits, not relu)
        low, high = (0, 2**bits - 1) if relu else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        integers = torch.clamp(torch.round(value / scale), low, high).to(torch.int64)
        self.images.append(Image(chain.tensor, scale, integers))

    def linear(self):
        image = self.pick()
        up = self.draw(st.booleans()) and image.integers.shape[2] < 5
        ci, co = image.integers.shape[1], self.draw(st.integers(1, 4))
        chain = at(self.chain, image.tensor)
        name = chain.weights((ci, co, 4, 4) if up else (co, ci, 3, 3))
        quantized, values = chain.nodes[-1], dict(chain.values)
        weights = torch.from_numpy(values[quantized.input[0]]).double() * (
            1 if chain.style == "qonnx" else 0.25
        )
        if up:
            chain.op("ConvTranspose", name, strides=[2, 2], pads=[1] * 4)
            self.quantized(F.conv_transpose2d(image.value, weights, stride=2, padding=1))
        else:
            chain.op("Conv", name, pads=[1] * 4)
            self.quantized(F.conv2d(image.value, weights, padding=1))

    def upsampled(self):
        image = self.pick()
        if image.integers.shape[2] < 5:
            doubled(at(self.chain, image.tensor))
            integers = image.integers.repeat_interleave(2, 2).repeat_interleave(2, 3)
            self.images.append(Image(self.chain.tensor, image.scale, integers))

    def added(self):
        one = self.pick()
        other = self.pick(lambda image: image.integers.shape == one.integers.shape)
        at(self.chain, one.tensor).op("Add", other.tensor)
        self.quantized(one.value + other.value)

    def joined(self):
        one = self.pick()
        others = [self.pick(lambda image: image.integers.shape[2:] == one.integers.shape[2:])]
        parts = [one, *others]
        at(self.chain, one.tensor).op("Concat", *(o.tensor for o in others), axis=1)
        if len({p.scale for p in parts}) == 1 and self.draw(st.booleans()):
            integers = torch.cat([p.integers for p in parts], 1)
            self.images.append(Image(self.chain.tensor, one.scale, integers))
        else:
            self.quantized(torch.cat([p.value for p in parts], 1))


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_graphs(data):
    grown = Grown(data.draw, data.draw(st.sampled_from(["qonnx", "qcdq"])))
    steps = [grown.linear, grown.upsampled, grown.added, grown.joined]
    for step in data.draw(st.lists(st.sampled_from(steps), min_size=2, max_size=7)):
        step()
    at(grown.chain, grown.images[-1].tensor)
    grown.linear()
    network = compared(grown.chain, grown.q)
    assert np.array_equal(run_network(network, grown.q, exact=True), grown.images[-1].integers.numpy())


# -- what is refused ----------------------------------------------------------------------------------
def no_quantizer(chain, x):
    return conv(chain, 3, 3).op("Add", x)


def scales_for_a_layer(chain, x):
    return conv(conv(chain, 3, 3).quant(0.3, 4).op("Concat", x, axis=1), 6, 2)


def side_by_side(chain, x):
    return conv(chain, 3, 3, 1, strides=[2, 2]).quant(STEP, 4).op("Concat", x, axis=1)


REFUSED = {
    "open branch": (no_quantizer, r"add_\d+ \(Add\): no quantizer between this and conv_\d+ before it"),
    "scales of a sum": (
        lambda chain, x: conv(chain, 3, 3).quant(0.3, 4).op("Add", x),
        r"adds images of scales 0\.3 and 0\.5; one must be 1, 2, 3 \.\.\. 256 times the other: give both one",
    ),
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
    "falling": (
        lambda chain, x: conv(chain, 3, 3).quant(STEP, 4).op("Add", x).op("Neg"),
        r"add_\d+ \(Add\): what follows falls where the sum rises, in channel 0; quantize the sum first",
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
