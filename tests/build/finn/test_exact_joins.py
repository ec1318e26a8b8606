# SPDX-License-Identifier: Apache-2.0
"""Exact thresholds behind sums, images side by side, sub-pixels and images: ONNX' own integers."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.basic import qonnx_make_model

import fpgan.finn  # before FINN's builder, which it makes importable

# isort: split
from finn.transformation.qonnx.convert_qonnx_to_finn import ConvertQONNXtoFINN

QONNX = "qonnx.custom_op.general"
SHAPE = (1, 4, 4, 6)


def quant(x: str, y: str, scale: float, bits: int = 4, signed: int = 1, narrow: int = 0) -> onnx.NodeProto:
    return helper.make_node("Quant", [x, f"s{scale:g}", "zero", f"b{bits}"], [y], domain=QONNX,
                            signed=signed, narrow=narrow, rounding_mode="ROUND")  # fmt: skip


def node(op: str, inputs: str, output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], **attributes)


def network(*nodes: onnx.NodeProto, outputs: tuple[int, ...] = SHAPE) -> ModelWrapper:
    """From x to y, with the constants that their names say: s0.5 (a scale), b4 (bits), w, bias."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (("x", SHAPE), ("y", outputs))]  # fmt: skip
    graph = helper.make_graph(list(nodes), "joins", ends[:1], ends[1:])
    imports = [helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)]
    model, rng = ModelWrapper(qonnx_make_model(graph, opset_imports=imports)), np.random.default_rng(0)
    known = {
        "zero": np.zeros(()),
        "w": rng.integers(-3, 4, (4, 4, 1, 1)) * 0.5,
        "bias": rng.normal(size=(1, 4, 1, 1)),
    }
    for name in {name for each in nodes for name in each.input}:
        value = known.get(name)
        if value is None and name[0] in "sb" and name[1:].replace(".", "").isdigit():
            value = np.array(float(name[1:]))
        if value is not None:
            model.set_initializer(name, value.astype(np.float32))
    return model.transform(InferShapes())


CASES = {
    # scales of 1 : 2 and a tie at every second sum
    "a sum of two scales": network(
        quant("x", "a", 0.5), node("Relu", "a", "r"), quant("r", "b", 1.0, 3, signed=0),
        node("Add", "a b", "c"), node("Relu", "c", "d"), quant("d", "y", 1.0, signed=0),
    ),
    "an image side by side with another of its own scale": network(
        quant("x", "a", 0.5), quant("a", "b", 1.5, 3), node("Concat", "a b", "c", axis=1),
        quant("c", "y", 1.0), outputs=(1, 8, 4, 6),
    ),
    "a bias for each pixel of a sub-pixel": network(
        quant("x", "a", 0.5), quant("w", "v", 0.5, 3), node("Conv", "a v", "c", kernel_shape=[1, 1]),
        node("Add", "c bias", "d"), node("DepthToSpace", "d", "e", blocksize=2, mode="CRD"),
        quant("e", "y", 1.0), outputs=(1, 1, 8, 12),
    ),
    "a narrow input, a maximum, the same integers once more": network(
        quant("x", "a", 1.0, narrow=1), node("MaxPool", "a", "b", kernel_shape=[2, 2], strides=[2, 2]),
        quant("b", "c", 1.0, narrow=1), quant("w", "v", 0.5, 3),
        node("Conv", "c v", "d", kernel_shape=[1, 1]), quant("d", "y", 2.0), outputs=(1, 4, 2, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_integers_go_from_layer_to_layer(case):
    """No quantizer is left, and no scale but the last; a threshold off by one shows."""
    model, rng = CASES[case], np.random.default_rng(1)
    x = {"x": rng.choice(np.arange(-9, 10) / 2, SHAPE).astype(np.float32)}
    wanted = execute_onnx(model, x)["y"]
    exact = model.transform(fpgan.finn.ExactThresholds())
    kinds = [each.op_type for each in exact.graph.node]
    assert "Quant" not in kinds and kinds[-1] == "Mul" and "Relu" not in kinds
    factors = [model.get_initializer(each.input[1]) for each in exact.get_nodes_by_op_type("Mul")[:-1]]
    assert all(factor is None or factor == 2 for factor in factors)
    assert np.array_equal(execute_onnx(exact.transform(ConvertQONNXtoFINN()), x)["y"], wanted)
    assert len(np.unique(wanted)) > 4


def test_what_stays_finns_is_divided_by_its_scale():
    """A bipolar quantizer is FINN's; the layer behind it has exact thresholds all the same."""
    model = network(
        helper.make_node("BipolarQuant", ["x", "s0.5"], ["a"], domain=QONNX), quant("w", "v", 0.5, 3),
        node("Conv", "a v", "c", kernel_shape=[1, 1]), quant("c", "y", 0.5),
    )  # fmt: skip
    x = {"x": np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)}
    wanted = execute_onnx(model, x)["y"]
    exact = model.transform(fpgan.finn.ExactThresholds())
    assert [each.op_type for each in exact.graph.node] == [
        "BipolarQuant",
        "Mul",
        "Conv",
        "MultiThreshold",
        "Mul",
    ]
    assert np.array_equal(execute_onnx(exact, x)["y"], wanted)
