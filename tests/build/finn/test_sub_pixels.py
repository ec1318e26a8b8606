# SPDX-License-Identifier: Apache-2.0
"""DepthToSpace as a transposed convolution, FINN's lowering of one, sums as adders: ONNX' integers."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.basic import qonnx_make_model

import fpgan.finn  # before FINN's builder, which it makes importable
from fpgan.build.dataflow.ops import DOMAIN

# isort: split
from finn.transformation.fpgadataflow.convert_to_hw import elementwise_binary_operation

GIVEN = (1, 3, 4, 5)


def network(*nodes: onnx.NodeProto, given: tuple[int, ...] = GIVEN, **constants: np.ndarray) -> ModelWrapper:
    """From x, INT4, to y."""
    graph = helper.make_graph(
        list(nodes), "pixels", [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    imports = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    model = ModelWrapper(qonnx_make_model(graph, opset_imports=imports))
    for name, value in constants.items():
        model.set_initializer(name, value.astype(np.float32))
    for name in ("x", "w"):
        if name == "x" or name in constants:
            model.set_tensor_datatype(name, DataType["INT4"])
    return model.transform(InferShapes()).transform(InferDataTypes())


def image(shape: tuple[int, ...] = GIVEN) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(1).integers(-8, 8, shape).astype(np.float32)}


@pytest.mark.parametrize("mode", ["CRD", "DCR"])
def test_channels_that_become_pixels(mode):
    given = (1, 12, 3, 4)
    model = network(helper.make_node("DepthToSpace", ["x"], ["y"], blocksize=2, mode=mode), given=given)
    lowered = model.transform(fpgan.finn.LowerDepthToSpace())
    (node,) = lowered.graph.node
    assert node.op_type == "ConvTranspose"
    assert np.array_equal(execute_onnx(lowered, image(given))["y"], execute_onnx(model, image(given))["y"])


@pytest.mark.parametrize("mode", ["CRD", "DCR"])
@pytest.mark.parametrize("same", [True, False], ids=["same thresholds", "one per pixel"])
def test_a_convolution_whose_channels_become_pixels(mode, same):
    """One layer, if all pixels of a channel have the same thresholds; left alone, if they do not."""
    rng = np.random.default_rng(0)
    steps = np.sort(rng.integers(-40, 40, (2 if same else 8, 7)), 1) - 0.5
    by_channel = np.repeat(steps, 4, 0) if mode == "CRD" else np.tile(steps, (4, 1))
    nodes = (
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 2], pads=[1, 0, 0, 1]),
        helper.make_node("MultiThreshold", ["c", "t"], ["m"], domain="qonnx.custom_op.general",
                         out_dtype="UINT3", data_layout="NCHW"),
        helper.make_node("DepthToSpace", ["m"], ["y"], blocksize=2, mode=mode),
    )  # fmt: skip
    model = network(*nodes, w=rng.integers(-8, 8, (8, 3, 3, 2)), t=by_channel if same else steps)
    merged = model.transform(fpgan.finn.MergeDepthToSpace())
    kinds = [each.op_type for each in merged.graph.node]
    assert kinds == (
        ["ConvTranspose", "MultiThreshold"] if same else ["Conv", "MultiThreshold", "DepthToSpace"]
    )
    wanted = execute_onnx(model, image())["y"]
    assert np.array_equal(execute_onnx(merged, image())["y"], wanted) and len(np.unique(wanted)) > 4


def test_finns_own_lowering_where_it_can():
    """The second layer has output padding, which FINN's does not see."""
    rng = np.random.default_rng(0)
    nodes = (
        helper.make_node("ConvTranspose", ["x", "w"], ["u"], kernel_shape=[4, 4], strides=[2, 2],
                         pads=[1] * 4),
        helper.make_node("ConvTranspose", ["u", "v"], ["y"], kernel_shape=[3, 3], strides=[2, 2],
                         output_padding=[1, 1]),
    )  # fmt: skip
    model = network(*nodes, w=rng.integers(-8, 8, (3, 2, 4, 4)), v=rng.integers(-8, 8, (2, 2, 3, 3)))
    for name, kind in (("v", "INT4"), ("u", "INT16")):
        model.set_tensor_datatype(name, DataType[kind])
    wanted = execute_onnx(model, image())["y"]
    lowered = model.transform(fpgan.finn.InferLiteralDeconv())
    kinds = [each.op_type for each in lowered.graph.node if each.op_type != "Transpose"]
    assert kinds == ["FMPadding_Pixel", "Im2Col", "MatMul", "Deconv"]
    assert np.array_equal(execute_onnx(lowered, image())["y"], wanted)


def test_a_sum_is_one_adder():
    """With the factor of an image in it; FINN's own are HLS."""
    nodes = (
        helper.make_node("Mul", ["x", "three"], ["m"]), helper.make_node("Add", ["m", "x"], ["y"]),
    )  # fmt: skip
    model = network(*nodes, three=np.array(3.0))
    wanted = execute_onnx(model, image())["y"]
    model = model.transform(elementwise_binary_operation.InferElementwiseBinaryOperation())
    assert {each.domain for each in model.graph.node} == {DOMAIN}
    model = model.transform(fpgan.finn.SpecializeAdd())
    (node,) = model.graph.node
    op = getCustomOp(node)
    assert node.op_type == "Add_rtl" and list(op.get_nodeattr("factors")) == [3, 1]
    assert op.get_output_datatype() == DataType["INT6"]
    assert np.array_equal(execute_onnx(model, image())["y"], wanted)
