# SPDX-License-Identifier: Apache-2.0
"""Files that quantize only their middle, or whose ends are integers: read to the bit, or refused by name."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx_models import Chain

from fpgan.build.dataflow.inspect import inspect
from fpgan.build.frontend.ends import Ends
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.quantizers import parse_quantizer
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import run_network

INPUT, OUTPUT = "u8:0.00390625", "s8:0.0078125"


def up(chain, channels=2):
    weights = chain.weights((3, channels, 4, 4))
    return chain.op("ConvTranspose", weights, strides=[2, 2], pads=[1] * 4)


def runtime(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {"x": image[None]})[0] for image in x])


def integers(network, count=2):
    return np.random.default_rng(0).choice(network.source.values, (count, *network.dims))


# -- quantizers that are asked for --------------------------------------------------------------------
@pytest.mark.parametrize(
    "text, low, high, scale",
    [("u8:0.00390625", 0, 255, 1 / 256), ("s8:1/128", -128, 127, 1 / 128), ("u1:1", 0, 1, 1.0)],
)
def test_a_quantizer_is_spelled_by_its_bits_and_step(text, low, high, scale):
    found = parse_quantizer(text)
    assert (found.low, found.high, found.scale) == (low, high, scale)


@pytest.mark.parametrize(
    "text", ["", "u8", "8:1", "s1:1", "u9:1", "s8:0", "s8:-1", "u8:x", "u8:1/0", "u8:nan"]
)
def test_what_is_no_quantizer_is_refused(text):
    with pytest.raises(ValueError, match="sign, bits"):
        parse_quantizer(text)


def test_an_input_without_a_quantizer_is_quantized_as_asked(tmp_path):
    """And refused, with the option's name, where nothing was asked for."""
    model = up(Chain((1, 3, 4, 4), "qcdq")).quant(0.25, 8).model()
    with pytest.raises(UnsupportedError, match=r"is not quantized; .* --input u8:0\.00390625"):
        read_network(model)
    network = read_network(model, Ends.parse(INPUT, None))
    q = integers(network)
    expected = runtime(model, (q / 256).astype(np.float32)) / 0.25
    assert np.array_equal(run_network(network, q, exact=True), expected)
    onnx.save(model, tmp_path / "m.onnx")
    assert inspect(tmp_path / "m.onnx")["blocked"] and not inspect(tmp_path / "m.onnx", INPUT)["blocked"]


def test_what_the_file_quantizes_itself_is_not_quantized_otherwise():
    model = up(Chain((1, 3, 4, 4)).quant(0.5, 4)).quant(0.25, 8).model()
    with pytest.raises(UnsupportedError, match=r"the file quantizes its input to s4 .*; leave --input away"):
        read_network(model, Ends.parse(INPUT, None))


def test_an_output_without_a_quantizer():
    """As asked; 8 bits over a Tanh's or a Sigmoid's range, which is said; refused where it has no bounds."""
    chain = up(Chain((1, 3, 4, 4)).quant(0.5, 4))
    with pytest.raises(UnsupportedError, match=r"no quantizer after it; .* --output s8:0\.0078125"):
        read_network(chain.model())
    assert read_network(chain.model(), Ends.parse(None, OUTPUT)).target == parse_quantizer(OUTPUT)
    scale = chain.const(255.0)
    for kind, spelled in (("Tanh", OUTPUT), ("Sigmoid", INPUT), ("Softsign", OUTPUT)):
        network = read_network(chain.op(kind).model())
        assert network.target == parse_quantizer(spelled) and spelled in network.notes[-1]
        chain.nodes.pop()
        chain.tensor = chain.nodes[-1].output[0]
    assert read_network(chain.op("Sigmoid").op("Mul", scale).model()).target == parse_quantizer("u8:1")


# -- what the host computes ---------------------------------------------------------------------------
def test_functions_outside_of_the_quantizers_are_the_hosts():
    """Whatever they are: the accelerator takes and gives what the quantizers make."""
    chain = Chain((1, 3, 4, 4)).op("Div", "c255").op("Exp").op("Relu")
    chain.values.append(("c255", np.float32(255)))
    chain = up(chain.quant(0.25, 4, False)).quant(0.5, 5)
    inner = read_network(chain.model())
    network = read_network(chain.op("Exp").op("Transpose", perm=[0, 2, 3, 1]).model())
    plain = read_network(up(Chain((1, 3, 4, 4)).quant(0.25, 4, False)).quant(0.5, 5).model())
    q = integers(network)
    for other in (inner, plain):
        assert np.array_equal(run_network(network, q, exact=True), run_network(other, q, exact=True))
    said = " ".join(network.notes)
    assert all(word in said for word in ("Div", "Relu", "follows the last quantizer: Exp"))


def test_the_input_reaches_the_layers_in_one_way():
    """Two branches of which one has a function before its quantizer are two inputs for the accelerator."""
    chain = Chain((1, 3, 4, 4))
    one = up(chain.quant(0.5, 4)).quant(0.5, 6).tensor
    chain.tensor = "x"
    up(chain.op("Relu").quant(0.5, 4)).quant(0.5, 6).op("Add", one)
    with pytest.raises(UnsupportedError, match="once, before it branches"):
        read_network(chain.quant(0.5, 6).model())


# -- integers ------------------------------------------------------------------------------------------
def halves(first, last, zero=0, opset=13):
    """A file without its QuantizeLinear, or without its DequantizeLinear."""
    chain = Chain((1, 3, 4, 4), "qcdq", opset)
    step, point = chain.const(0.5), chain.const(zero, np.uint8)
    if first:
        chain.op("QuantizeLinear", step, point)
    up(chain.op("DequantizeLinear", step, point)).op("QuantizeLinear", step, point)
    if last:
        chain.op("DequantizeLinear", step, point)
    model = chain.model()
    for value, whole in ((model.graph.input[0], first), (model.graph.output[0], last)):
        value.type.tensor_type.elem_type = TensorProto.FLOAT if whole else TensorProto.UINT8
    return model


@pytest.mark.parametrize("zero", [0, 128])
@pytest.mark.parametrize("opset", [13, 22])
def test_integers_that_come_in_and_go_out(zero, opset):
    """ONNX Runtime's integers, the zero point taken off, which the notes say."""
    model = halves(False, False, zero, opset)
    network = read_network(model)
    q = integers(network)
    expected = runtime(model, (q + zero).astype(np.uint8)).astype(np.int64) - zero
    assert np.array_equal(run_network(network, q, exact=True), expected)
    assert len(network.notes) == 2 and all((f"zero point {zero}" in n) == bool(zero) for n in network.notes)
    for first, last in ((True, False), (False, True), (True, True)):
        other = read_network(halves(first, last, zero, opset))
        assert np.array_equal(run_network(other, q, exact=True), expected)


def test_integers_are_read_with_one_scale():
    chain = Chain((1, 3, 4, 4), "qcdq").op("QuantizeLinear", "half", "zero")
    chain.values += [("half", np.float32(0.5)), ("one", np.float32(1)), ("zero", np.int8(0))]
    stored = chain.tensor
    branch = up(chain.op("DequantizeLinear", "half", "zero")).quant(0.5, 6).tensor
    chain.tensor = stored
    up(chain.op("DequantizeLinear", "one", "zero")).quant(0.5, 6).op("Add", branch).quant(0.5, 6)
    with pytest.raises(UnsupportedError, match="scale or zero point differs"):
        read_network(chain.model())


def test_casts_between_quantizers_do_nothing_or_are_refused():
    """torch.ao writes such to the integers' own type."""

    def cast(kind):
        chain = Chain((1, 3, 4, 4), "qcdq")
        step, point = chain.const(0.5), chain.const(0, np.uint8)
        chain.op("QuantizeLinear", step, point).op("Cast", to=kind).op("DequantizeLinear", step, point)
        return up(chain).quant(0.5, 6).model()

    assert read_network(cast(TensorProto.UINT8)).source.high == 255
    with pytest.raises(UnsupportedError, match="casts integers to another type"):
        read_network(cast(TensorProto.INT8))


def test_an_image_of_bytes_that_the_host_casts():
    chain = Chain((1, 3, 4, 4)).op("Cast", to=TensorProto.FLOAT).op("Div", "c255")
    chain.values.append(("c255", np.float32(256)))
    model = up(chain).quant(0.5, 6).model()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    assert read_network(model, Ends.parse(INPUT, None)).source == parse_quantizer(INPUT)


# -- constants, versions ------------------------------------------------------------------------------
def test_constants_behind_quantizers_are_constants():
    """Of a BatchNormalization and of an Add, as ONNX Runtime's quantizer leaves them, and as Brevitas may."""
    for style in ("qcdq", "qonnx"):
        chain = up(Chain((1, 3, 4, 4), style).quant(0.5, 4), 3)
        parts = [chain.weights((3,), bits=4) for _ in range(3)]
        variance = chain.const([1.0, 2.0, 0.5])
        chain.op("BatchNormalization", *parts, variance)
        chain.op("Add", chain.weights((1, 3, 1, 1))).quant(0.5, 6)
        folded = read_network(chain.model()).layers[0].functions
        for constant, name in zip(folded[0].constants[:3], parts, strict=True):
            node = next(n for n in chain.nodes if n.output[0] == name)
            stored = dict(chain.values)[node.input[0]]
            assert np.array_equal(constant, stored * (1 if style == "qonnx" else np.float32(0.25)))


@pytest.mark.parametrize("opset", [22, 23, 24, 25])
def test_new_opsets(opset, tmp_path):
    model = up(Chain((1, 3, 4, 4), "qcdq", opset).quant(0.5, 4)).op("Relu").quant(0.5, 6, False).model()
    onnx.save(model, tmp_path / "m.onnx")
    network = read_network(load_model(tmp_path / "m.onnx"))
    q = integers(network)
    expected = runtime(model, (q * 0.5).astype(np.float32)) * 2
    assert np.array_equal(run_network(network, q, exact=True), expected)


def test_a_precision_other_than_float32_is_refused():
    model = up(Chain((1, 3, 4, 4), "qcdq", 23).quant(0.5, 4)).quant(0.5, 6).model()
    first = next(n for n in model.graph.node if n.op_type == "QuantizeLinear")
    first.attribute.append(helper.make_attribute("precision", TensorProto.FLOAT16))
    with pytest.raises(UnsupportedError, match="precision=10; float32 is supported"):
        read_network(model)


def test_an_output_without_a_shape(tmp_path):
    model = up(Chain((1, 3, 4, 4)).quant(0.5, 4)).quant(0.5, 6).model()
    model.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(model, tmp_path / "m.onnx")
    assert read_network(load_model(tmp_path / "m.onnx")).layers[0].dims == (2, 8, 8)
