# SPDX-License-Identifier: Apache-2.0
"""RTL of FINN's own layers: the modules of ours that other tests simulate, with the same parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from finn_builder import own_folder
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

import fpgan.finn
from fpgan.build.dataflow.ops import DOMAIN, RTL_DOMAIN

PART = "xczu3eg-sbva484-1-e"
# FINN's layer and ours on (1,2,3,C) images: op, attributes, channels of inputs, shape of what leaves, outputs
CASES: dict[str, tuple[dict[str, Any], tuple[str, dict[str, Any]], list[int], list[int], int]] = {
    "FMPadding_Pixel": (
        {"ImgDim": [2, 3], "Stride": [2, 3], "NumChannels": 4, "SIMD": 2, "inputDataType": "INT4"},
        ("PixelPad_rtl", {"size": [2, 3], "stride": [2, 3], "out": [3, 7], "NumChannels": 4, "SIMD": 2,
                          "inputDataType": "INT4", "outputDataType": "INT4"}),
        [4], [1, 3, 7, 4], 1,
    ),
    "DuplicateStreams": (
        {"NumChannels": 4, "PE": 2, "NumOutputStreams": 3, "inputDataType": "INT4",
         "numInputVectors": [1, 2, 3]},
        ("Fork_rtl", {"size": [2, 3], "NumChannels": 4, "PE": 2, "inputDataType": "INT4",
                      "outputDataType": "INT4"}),
        [4], [1, 2, 3, 4], 3,
    ),
    "StreamingConcat": (
        {"ChannelsPerStream": [2, 4], "SIMD": 2, "inputDataTypes": ["INT4", "INT4"],
         "numInputVectors": [1, 2, 3]},
        ("Concat_rtl", {"size": [2, 3], "NumChannels": 6, "channels": [2, 4], "PE": 2,
                        "inputDataTypes": ["INT4", "INT4"], "outputDataType": "INT4"}),
        [2, 4], [1, 2, 3, 6], 1,
    ),
}  # fmt: skip


def graph(node: NodeProto, channels: list[int], shape: list[int]) -> ModelWrapper:
    ins = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2, 3, c])
           for name, c in zip(node.input, channels, strict=True)]  # fmt: skip
    outs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in node.output]
    model = ModelWrapper(qonnx_make_model(helper.make_graph([node], "one", ins, outs)))
    for name in (*node.input, *node.output):
        model.set_tensor_datatype(name, DataType["INT4"])
    return model


def wrapper(model: ModelWrapper, folder: Path) -> str:
    folder.mkdir()
    (node,) = model.graph.node
    op = getCustomOp(node)
    op.set_nodeattr("code_gen_dir_ipgen", str(folder))
    op.code_generation_ipgen(model, PART, 5.0)
    return (folder / f"{node.name}.v").read_text()


@pytest.mark.parametrize("name", CASES)
def test_finns_layer_gets_our_module(name, tmp_path):
    """SpecializeLayers chooses it, it executes as FINN's, and its Verilog is that of our own layer."""
    from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers

    attributes, (own, own_attributes), channels, shape, outputs = CASES[name]
    ends = [f"x{i}" for i in range(len(channels))], [f"y{i}" for i in range(outputs)]
    common = {"backend": "fpgadataflow", "name": "one"}
    abstract = graph(helper.make_node(name, *ends, domain=DOMAIN, **common, **attributes), channels, shape)
    rng = np.random.default_rng(0)
    x = {f"x{i}": rng.integers(-8, 8, (1, 2, 3, c)).astype(np.float32) for i, c in enumerate(channels)}
    wanted = execute_onnx(abstract, x)
    model = abstract.transform(SpecializeLayers(PART))
    assert [node.op_type for node in model.graph.node] == [f"{name}_rtl"]
    model.graph.node[0].name = "one"
    ours = graph(helper.make_node(own, *ends, domain=RTL_DOMAIN, **common, **own_attributes), channels, shape)
    for made in (execute_onnx(model, x), execute_onnx(ours, x)):
        assert all(np.array_equal(made[end], wanted[end]) for end in ends[1])
    assert wrapper(model, tmp_path / "finns") == wrapper(ours, tmp_path / "ours")
    finns, own_op = getCustomOp(model.graph.node[0]), getCustomOp(ours.graph.node[0])
    assert finns.get_exp_cycles() == own_op.get_exp_cycles()
    assert fpgan.finn  # imported for what it registers


@pytest.mark.verilator
def test_finns_rtlsim_of_a_layer_is_verilator(tmp_path):
    """By FINN's own way from a node to its simulator; a wrong stride shows."""
    attributes, _, channels, shape, _ = CASES["FMPadding_Pixel"]
    common = {"domain": RTL_DOMAIN, "backend": "fpgadataflow", "name": "one"}
    node = helper.make_node("FMPadding_Pixel_rtl", ["x0"], ["y0"], **common, **attributes)
    model = graph(node, channels, shape)
    x = {"x0": np.random.default_rng(0).integers(-8, 8, (1, 2, 3, 4)).astype(np.float32)}
    wanted = execute_onnx(model, x)["y0"]
    assert "pixel_pad" in wrapper(model, tmp_path / "code")
    op = getCustomOp(model.graph.node[0])
    with own_folder(tmp_path):
        op.prepare_rtlsim(False)
    op.set_nodeattr("exec_mode", "rtlsim")
    assert np.array_equal(execute_onnx(model, x)["y0"], wanted)
    assert op.get_exp_cycles() <= op.get_nodeattr("cycles_rtlsim") <= op.get_exp_cycles() + 4
