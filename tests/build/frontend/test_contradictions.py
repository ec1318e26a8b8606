# SPDX-License-Identifier: Apache-2.0
"""Attributes and constants that contradict each other or the standard: refused in one line, by name."""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx_models import Chain

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model

SHAPE, WEIGHTS = (1, 3, 4, 4), {"Conv": (2, 3, 3, 3), "ConvTranspose": (3, 2, 4, 4)}
ASYMMETRIC = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
ONE, ZERO = np.ones(3), np.zeros(3)


def start(shape=SHAPE, opset=13):
    return Chain(shape, "qcdq", opset).quant(0.5, 4)


def linear(kind="ConvTranspose", bias=None, **attributes):
    chain = start()
    inputs = [chain.weights(WEIGHTS[kind])] + ([] if bias is None else [chain.const(bias)])
    return chain.op(kind, *inputs, **attributes)


def gemm(bias):
    chain = start((1, 5))
    return chain.op("Gemm", chain.weights((2, 5)), chain.const(bias), transB=1)


def node(kind, *constants, opset=13, dtype=np.float32, **attributes):
    """One node on the quantized input; None: an input that is left out."""
    chain = start(opset=opset)
    inputs = ["" if c is None else chain.const(c, dtype) for c in constants]
    return chain.op(kind, *inputs, **attributes)


def norm(variance=ONE, scale=ONE, **attributes):
    return node("BatchNormalization", scale, ZERO, ZERO, variance, **attributes)


def resize(scales=None, sizes=None, opset=18, **attributes):
    chain = start(opset=opset)
    given = ["" if scales is None else chain.const(scales), "" if sizes is None else chain.const(sizes, int)]
    return chain.op("Resize", "", *given, **{**ASYMMETRIC, **attributes})


def weights(scale, zero, kind=np.int8):
    chain = start()
    image, chain.tensor = chain.tensor, chain.const(np.ones((2, 3, 3, 3)), np.int8)
    chain.op("DequantizeLinear", chain.const(scale), chain.const(zero, kind), axis=0)
    made, chain.tensor = chain.tensor, image
    return chain.op("Conv", made)


def blocks():
    chain = Chain(SHAPE, "qcdq", 21)
    scale, zero = chain.const(0.5), chain.const(0, np.int8)
    return chain.op("QuantizeLinear", scale, zero, block_size=2).op("DequantizeLinear", scale, zero)


# name -> chain up to the quantizer, the line; those that ONNX Runtime refuses as well
REFUSED = {
    "kernel_shape": (lambda: linear(kernel_shape=[2, 2]), r"kernel_shape=\[2, 2\] on weights of shape"),
    "kernel_shape of a conv": (lambda: linear("Conv", kernel_shape=[3]), r"kernel_shape=\[3\] on weights"),
    "output_shape of one": (lambda: linear(output_shape=[8]), r"output_shape=\[8\]; 2 sizes"),
    "pads beside SAME": (lambda: linear(auto_pad="SAME_UPPER", pads=[0] * 4), "pads beside auto_pad=SAME_U"),
    "pads beside VALID": (lambda: linear("Conv", auto_pad="VALID", pads=[0] * 4), "pads beside auto_pad"),
    "bias of one": (lambda: linear(bias=[1.0]), r"bias of shape \(1,\) for 2 channels"),
    "bias of a Gemm": (lambda: gemm([[1.0], [2.0]]), r"bias of shape \(2, 1\) for 2 channels"),
    "table of scales": (lambda: norm(scale=[ONE]), r"a parameter of shape \(1, 3\) on 3 channels"),
    "integer bound": (lambda: node("Clip", 0, 1, dtype=int), "a bound of type int64; float32"),
    "double": (lambda: node("Add", 1.0, dtype=float), "other input of type float64; float32"),
    "scales and sizes": (lambda: resize([1, 1, 2, 2], [1, 3, 8, 8]), "scales and sizes; one of them"),
    "resize by borders": (lambda: resize([1, 1, 2, 2], exclude_outside=1), "exclude_outside=1; nearest"),
    "size of 0": (lambda: node("Reshape", [0, 3, 4, 4], dtype=int, opset=14, allowzero=1), "with allowzero"),
    "axes twice": (lambda: node("Unsqueeze", [2, -4], dtype=int), r"axes=\[2, 2\] of 6; each once"),
    "pads in a table": (lambda: node("Pad", [[0] * 8], dtype=int), "2 axes; a list of integers"),
    "slice steps": (lambda: node("Slice", [0], [3], [2], [1, 1], dtype=int), "1 axes, 2 steps; as many"),
    "activation blocks": (blocks, "scales per block; one per tensor"),
    "one zero point": (lambda: weights([0.5, 0.5], 0), r"zero points of shape \(\), scales of \(2,\)"),
    "zero point's type": (lambda: weights(0.5, 0, np.uint8), "of type uint8, integers of int8"),
    "table of weight scales": (lambda: weights([[0.5]], [[0]]), r"scale of shape \(1, 1\) along axis"),
}  # fmt: skip
# what ONNX Runtime takes, and makes something else of than PyTorch, or nothing that is defined
REFUSED_BY_US = {
    "output_shape of three": (lambda: linear(output_shape=[2, 8, 8]), r"output_shape=\[2, 8, 8\]; 2 sizes"),
    "other channels": (lambda: linear(output_shape=[1, 7, 8, 8]), "2 sizes, or batch and 2 channels"),
    "output_padding": (
        lambda: linear(strides=[2, 2], output_padding=[0, 2]), r"output_padding=\(0, 2\) with strides",
    ),
    "bias of a conv": (lambda: linear("Conv", bias=[1.0]), r"bias of shape \(1,\) for 2 channels"),
    "negative epsilon": (lambda: norm(2 * ONE, epsilon=-1.0), "epsilon=-1; 0 or more"),
    "epsilon": (lambda: norm(epsilon=float("nan")), "epsilon=nan; a finite number"),
    "variance": (lambda: norm(-ONE), "a variance that is not positive"),
    "slope": (lambda: node("LeakyRelu", alpha=float("nan")), "alpha=nan; a finite number"),
    "three images": (lambda: node("Max", 1.0, 2.0), "3 inputs; 2 are supported"),
    "division": (lambda: node("Div", 0.0), "divides by 0"),
    "a root": (lambda: node("Pow", 0.5), "channel 0 is no number at accumulator -8"),
    "aspect ratio": (lambda: resize(sizes=[1, 3, 8, 12], keep_aspect_ratio_policy="not_larger"), "policy"),
}  # fmt: skip


def saved(chain, path):
    model = chain.quant(0.5, 6).model()
    onnx.save(model, path)
    return path


def runs(path):
    """Whether ONNX Runtime computes the file."""
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        info = session.get_inputs()[0]
        session.run(None, {info.name: np.ones(info.shape, np.float32)})
    except Exception:
        return False
    return True


@pytest.mark.parametrize("name", REFUSED | REFUSED_BY_US)
def test_contradictions_are_refused(name, tmp_path):
    make, line = (REFUSED | REFUSED_BY_US)[name]
    path = saved(make(), tmp_path / "m.onnx")
    with pytest.raises(UnsupportedError, match=line) as error, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        integer_graph(read_network(load_model(path)))
    assert "\n" not in str(error.value)
    onnxruntime.set_default_logger_severity(4)
    assert runs(path) == (name in REFUSED_BY_US)


def test_a_batch_is_not_reshaped_away():
    chain = start((1, 4, 1, 1)).op("Relu").quant(0.5, 4)
    with pytest.raises(UnsupportedError, match=r"reshapes \[1, 4, 1, 1\] to \[4, 1, 1\]"):
        read_network(chain.op("Squeeze", chain.const([0], int)).model())


def test_an_input_of_doubles_is_refused():
    model = start().op("Relu").quant(0.5, 4).model()
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    with pytest.raises(UnsupportedError, match="input x: of type double; float is supported"):
        read_network(model)


@pytest.mark.parametrize("shape", [[8, 8], [1, 2, 8, 8], []])
def test_output_shapes_that_are_right(shape):
    attributes = {"output_shape": shape} if shape else {"pads": [1, 1, 1, 1]}
    network = read_network(linear(strides=[2, 2], **attributes).quant(0.5, 6).model())
    assert network.layers[0].dims == (2, 8, 8)


LONG = "x" * 5000 + "\n\x1b[31m"
NAMED = {
    "node": lambda m: setattr(m.graph.node[-1], "name", LONG),
    "op": lambda m: setattr(m.graph.node[2], "op_type", LONG),
    "domain": lambda m: setattr(m.graph.node[2], "domain", LONG),
    "mode": lambda m: m.graph.node[2].attribute.append(onnx.helper.make_attribute("mode", LONG)),
    "axis": lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[2], "dim_param", LONG),
    "input": lambda m: setattr(m.graph.input[0], "name", LONG),
    "output": lambda m: setattr(m.graph.output[0], "name", LONG),
    "shape": lambda m: m.graph.initializer.append(
        onnx.numpy_helper.from_array(np.arange(1, 5000), m.graph.node[2].input[1])
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_a_file_says_is_shortened(name):
    """Names, words and lists of 5,000: the line stays one line, and cannot write to the terminal."""
    chain = start().op("Reshape", "c") if name == "shape" else start().op("Resize", "")
    if name == "node":
        chain = start().op("Relu")
    model = chain.model()
    NAMED[name](model)
    with pytest.raises(UnsupportedError) as error:
        read_network(model)
    assert len(str(error.value)) < 600 and str(error.value).isprintable()


def test_external_data_of_a_long_name_is_missing(tmp_path):
    model = linear().quant(0.5, 6).model()
    tensor = next(t for t in model.graph.initializer if len(t.dims) == 4)
    onnx.external_data_helper.set_external_data(tensor, "w" * 5000)
    tensor.ClearField("raw_data")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"its external data 'w{38}\.\.\.w{38}' is missing"):
        load_model(tmp_path / "m.onnx")
