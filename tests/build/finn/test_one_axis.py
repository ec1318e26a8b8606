# SPDX-License-Identifier: Apache-2.0
"""A network of one spatial axis becomes one of two, value for value, and goes FINN's way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from finn.util.exception import FINNUserError
from finn_folded import folded
from finn_networks import integers, relu, saved, wave_up
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.basic import qonnx_make_model
from torch import nn

import fpgan.finn


def model_of(*nodes: onnx.NodeProto, **constants: np.ndarray) -> ModelWrapper:
    """From x (1,4,5) to y; integer constants."""
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in (("x", [1, 4, 5]), ("y", None))]  # fmt: skip
    model = ModelWrapper(qonnx_make_model(helper.make_graph(list(nodes), "wave", infos[:1], infos[1:])))
    for name, values in constants.items():
        model.set_initializer(name, values)
        if values.dtype == np.float32:
            model.set_tensor_datatype(name, DataType["INT4"])
    model.set_tensor_datatype("x", DataType["UINT4"])
    return model.transform(InferShapes())


def up(x: str, y: str) -> onnx.NodeProto:
    return helper.make_node(
        "ConvTranspose", [x, "w"], [y], name="up", strides=[3], pads=[1, 2], output_padding=[1], group=2
    )


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(-4, 4, shape).astype(np.float32)


def test_every_value_stays(tmp_path: Path) -> None:
    """Of a transposed convolution among constants of each rank, a fork, a concatenation and a reshaping."""
    nodes = (
        up("x", "u"), helper.make_node("Mul", ["u", "scales"], ["m"]),
        helper.make_node("Add", ["m", "offsets"], ["a"]),
        helper.make_node("Concat", ["u", "a"], ["c"], axis=-2),
        helper.make_node("Conv", ["c", "v"], ["d"], name="conv", pads=[1, 1], strides=[2]),
        helper.make_node("Reshape", ["d", "shape"], ["y"]),
    )  # fmt: skip
    model = model_of(
        *nodes, w=weights(4, 3, 4), scales=weights(1, 6, 1), offsets=weights(6, 1), v=weights(2, 12, 3),
        shape=np.array([1, 7, 2]),
    )  # fmt: skip
    x = np.random.default_rng(1).integers(0, 16, (1, 4, 5)).astype(np.float32)
    wanted = execute_onnx(model, {"x": x})["y"]
    wider = model.transform(fpgan.finn.AddSecondAxis()).transform(InferShapes())
    assert np.array_equal(execute_onnx(wider, {"x": x[..., None]})["y"], wanted[..., None])
    assert wider.get_tensor_datatype("w") == DataType["INT4"]
    layers = wider.transform(fpgan.finn.InferDeconv())
    assert np.array_equal(execute_onnx(layers, {"x": x[..., None]})["y"], wanted[..., None])
    assert "Deconv" in [node.op_type for node in layers.graph.node]


def test_what_it_does_not_know_is_named() -> None:
    model = model_of(up("x", "u"), helper.make_node("Softmax", ["u"], ["y"], name="soft"), w=weights(4, 3, 4))
    with pytest.raises(FINNUserError, match=r"^layer soft \(Softmax\): one spatial axis, with which"):
        model.transform(fpgan.finn.AddSecondAxis())
    with pytest.raises(FINNUserError, match=r"^layer up \(ConvTranspose\): 1 spatial axes; .*AddSecondAxis"):
        model.transform(fpgan.finn.InferDeconv())


def test_a_network_of_waves_by_finns_steps(tmp_path: Path) -> None:
    """Brevitas' file of one axis, to folded layers; PyTorch's values, of one axis as it gives them."""
    torch.manual_seed(3)
    net = nn.Sequential(integers(), wave_up(2, 4), relu(), wave_up(4, 1), integers())
    network = saved(net, torch.randn(8, 2, 6), tmp_path / "wave.onnx")
    assert folded(network, tmp_path, fpgan.finn.build_steps()) == ["Deconv_rtl", "Thresholding_rtl"] * 2
