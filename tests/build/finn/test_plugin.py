# SPDX-License-Identifier: Apache-2.0
"""FPGAN as FINN's plugin: its layer and its transformations, as FINN's own are used."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from finn_deconvs import GEOMETRIES, transposed
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.basic import qonnx_make_model

import fpgan.finn  # before FINN's builder, which it makes importable

# isort: split
from finn.builder import build_dataflow_steps as finn_steps
from finn.builder.build_dataflow import resolve_build_steps
from finn.builder.build_dataflow_config import DataflowBuildConfig, default_build_dataflow_steps
from finn.transformation.fpgadataflow.minimize_accumulator_width import MinimizeAccumulatorWidth
from finn.transformation.fpgadataflow.minimize_weight_bit_width import MinimizeWeightBitWidth
from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers
from finn.transformation.qonnx.convert_qonnx_to_finn import ConvertQONNXtoFINN
from finn.util.exception import FINNUserError

from fpgan.build.finn import hardware_steps

PART = "xczu3eg-sbva484-1-e"


@pytest.mark.parametrize(("rows", "cols", "kernel", "attributes"), GEOMETRIES)
def test_deconv_is_a_layer_of_finns(rows, cols, kernel, attributes):
    """Abstract and specialized, its bits minimized, it makes ONNX Runtime's integers; a wrong pad shows."""
    model = transposed(rows, cols, kernel, **attributes)
    x = {"x": np.random.default_rng(1).integers(0, 16, (1, 4, rows, cols)).astype(np.float32)}
    wanted = execute_onnx(model, x)["y"]
    model = model.transform(fpgan.finn.InferDeconv())
    assert [node.op_type for node in model.graph.node] == ["Transpose", "Deconv", "Transpose"]
    assert np.array_equal(execute_onnx(model, x)["y"], wanted)
    for bits in (MinimizeWeightBitWidth(), MinimizeAccumulatorWidth(), SpecializeLayers(PART)):
        model = model.transform(bits)
    (node,) = model.get_nodes_by_op_type("Deconv_rtl")
    assert model.get_tensor_datatype(node.input[1]) == DataType["INT3"]
    acc = model.get_tensor_datatype(node.output[0])
    assert acc.bitwidth() <= 12 and acc.min() <= wanted.min() and wanted.max() <= acc.max()
    assert np.array_equal(execute_onnx(model, x)["y"], wanted)


def test_what_is_no_deconv_is_refused_by_name():
    model = transposed(3, 3, (3, 3))
    model.set_tensor_datatype("x", DataType["FLOAT32"])
    with pytest.raises(FINNUserError, match=r"^layer up \(ConvTranspose\): input of type FLOAT32"):
        model.transform(fpgan.finn.InferDeconv())


def test_upsampling_is_merged_exactly():
    resize = helper.make_node("Resize", ["x", "", "f"], ["u"], mode="nearest",
                              coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    conv = helper.make_node("Conv", ["u", "w"], ["y"], name="conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in (("x", [1, 2, 3, 4]), ("y", [1, 3, 6, 8]))]  # fmt: skip
    graph = helper.make_graph([resize, conv], "up", infos[:1], infos[1:])
    model = ModelWrapper(qonnx_make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
    rng = np.random.default_rng(0)
    model.set_initializer("f", np.array([1, 1, 2, 2], np.float32))
    model.set_initializer("w", rng.integers(-4, 4, (3, 2, 3, 3)).astype(np.float32))
    for name in "xw":
        model.set_tensor_datatype(name, DataType["INT4"])
    model = model.transform(InferShapes())
    x = {"x": rng.integers(-8, 8, (1, 2, 3, 4)).astype(np.float32)}
    wanted = execute_onnx(model, x)["y"]
    merged = model.transform(fpgan.finn.MergeUpsampling()).transform(InferShapes())
    assert [node.op_type for node in merged.graph.node] == ["ConvTranspose"]
    assert np.array_equal(execute_onnx(merged, x)["y"], wanted)


def test_signs_go_into_weights_that_grow_by_a_bit():
    """Weights of -4 in INT3, whose negation is none; groups have channels of their own."""
    model = transposed(3, 3, (3, 2), group=2)
    (node,) = model.graph.node
    model.set_tensor_datatype("w", DataType["INT3"])
    node.output[0] = "sums"
    model.graph.node.append(helper.make_node("Mul", ["sums", "signs"], ["y"]))
    model.set_initializer("signs", np.array([1, -1, -1, 1, 1, -1], np.float32).reshape(1, 6, 1, 1))
    model = model.transform(InferShapes())
    x = {"x": np.random.default_rng(1).integers(0, 16, (1, 4, 3, 3)).astype(np.float32)}
    wanted = execute_onnx(model, x)["y"]
    absorbed = model.transform(fpgan.finn.AbsorbSignIntoConvTranspose())
    assert [each.op_type for each in absorbed.graph.node] == ["ConvTranspose"]
    assert np.array_equal(execute_onnx(absorbed, x)["y"], wanted)
    assert absorbed.get_tensor_datatype("w") == DataType["INT4"]


def test_a_scale_passes_inserted_zeros():
    pad = helper.make_node(
        "FMPadding_Pixel", ["s"], ["y"], domain="finn.custom_op.fpgadataflow", backend="fpgadataflow",
        ImgDim=[2, 3], Stride=[2, 2], NumChannels=2, inputDataType="INT4", numInputVectors=1, SIMD=1,
    )  # fmt: skip
    nodes = [helper.make_node("Mul", ["x", "scale"], ["s"]), pad]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in (("x", [1, 2, 3, 2]), ("y", [1, 3, 5, 2]), ("s", [1, 2, 3, 2]))]  # fmt: skip
    graph = helper.make_graph(nodes, "pad", infos[:1], infos[1:2], value_info=infos[2:])
    model = ModelWrapper(qonnx_make_model(graph))
    model.set_initializer("scale", np.array(0.25, np.float32))
    model.set_tensor_datatype("x", DataType["INT4"])
    x = {"x": np.arange(-6, 6, dtype=np.float32).reshape(1, 2, 3, 2)}
    wanted = execute_onnx(model, x)["y"]
    moved = model.transform(fpgan.finn.MoveScalarMulPastPixelPadding())
    assert [node.op_type for node in moved.graph.node] == ["FMPadding_Pixel", "Mul"]
    assert moved.get_tensor_datatype(moved.graph.node[0].input[0]) == DataType["INT4"]
    assert np.array_equal(execute_onnx(moved, x)["y"], wanted)


def ties() -> ModelWrapper:
    """Quant -> Conv 1x1 -> BatchNormalization (a channel falls) -> Quant: sums between two levels."""
    nodes = [
        _quant("x", "a", 1.0, 4), _quant("w0", "w", 1.0, 3),
        helper.make_node("Conv", ["a", "w"], ["c"], name="conv", kernel_shape=[1, 1]),
        helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "var"], ["n"], epsilon=0.0),
        _quant("n", "y", 2.0, 4),
    ]  # fmt: skip
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in (("x", [1, 2, 4, 4]), ("y", [1, 2, 4, 4]))]  # fmt: skip
    graph = helper.make_graph(nodes, "ties", infos[:1], infos[1:])
    imports = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    model = ModelWrapper(qonnx_make_model(graph, opset_imports=imports))
    values = {
        "w0": np.array([[1, 2], [3, -1]])[:, :, None, None], "gamma": [1, -1], "beta": [0, 1], "mean": [0, 0],
        "var": [1, 1], "zero": 0, "bits_3": 3, "bits_4": 4, "scale_1": 1, "scale_2": 2,
    }  # fmt: skip
    for name, value in values.items():
        model.set_initializer(name, np.array(value, np.float32))
    return model.transform(InferShapes())


def _quant(source: str, target: str, scale: float, bits: int) -> onnx.NodeProto:
    inputs = [source, f"scale_{scale:g}", "zero", f"bits_{bits}"]
    return helper.make_node("Quant", inputs, [target], domain="qonnx.custom_op.general", signed=1, narrow=0,
                            rounding_mode="ROUND")  # fmt: skip


def test_exact_thresholds_are_right_where_finns_are_not():
    """A sum between two levels is rounded to the even one; FINN's formula rounds it up."""
    model = ties()
    x = {"x": np.random.default_rng(0).integers(-8, 8, (1, 2, 4, 4)).astype(np.float32)}
    wanted = execute_onnx(model, x)["y"]
    exact = model.transform(fpgan.finn.ExactThresholds())
    assert len(exact.get_nodes_by_op_type("Quant")) == 0
    converted = exact.transform(ConvertQONNXtoFINN())
    assert np.array_equal(execute_onnx(converted, x)["y"], wanted)
    finns = execute_onnx(ties().transform(ConvertQONNXtoFINN()), x)["y"]
    assert (finns != wanted).sum() > 3


def test_a_graph_without_transposed_convolutions_is_finns_alone():
    """No threshold of it is another than FINN's own, and no node."""
    cfg, found = DataflowBuildConfig("out", 5.0, None), []
    for step in (fpgan.finn.step_qonnx_to_finn, finn_steps.step_qonnx_to_finn):
        model = step(ties(), cfg)
        constants = [[model.get_initializer(name) for name in node.input] for node in model.graph.node]
        found.append(repr([[node.op_type for node in model.graph.node], constants]))
    assert found[0] == found[1] and "MultiThreshold" in found[0]


@pytest.mark.parametrize(
    "text, said",
    [
        (None, "does not exist; give FINN's final_hw_config"), ("{", "is damaged: no JSON at line 1"),
        ('{"fifo_0": {"depth": 1}}', "fifo_0 has depth 1; give 2 words or more"),
        ('{"fifo_0": {"depth": "4"}}', "fifo_0 has depth '4'; give 2 words or more"),
    ],
)  # fmt: skip
def test_depths_that_are_none(tmp_path, text, said):
    path = tmp_path / "depths.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(FINNUserError, match=said):
        hardware_steps._given_depths(path)
    path.write_text('{"Defaults": {}, "fifo_0": {"depth": 4, "impl_style": "rtl"}, "deconv_0": {"PE": 2}}')
    assert hardware_steps._given_depths(path) == {"fifo_0": 4}


def test_steps_are_finns_with_ours_in_place():
    steps = fpgan.finn.build_steps()
    ours = [name for name in steps if name.startswith("fpgan.finn.")]
    assert [name.rpartition(".")[2] for name in steps] == default_build_dataflow_steps
    assert len(ours) == 9
    found = resolve_build_steps(DataflowBuildConfig("out", 5.0, None, steps=steps))
    assert [step.__name__ for step in found] == default_build_dataflow_steps
