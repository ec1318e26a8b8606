# SPDX-License-Identifier: Apache-2.0
"""QONNX to integers and on to hardware ops: the same integers at every stage."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.ops import register
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.linear import Linear
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import run_dataflow

CASES = {
    "tiny": ("tiny", {}),
    "k5": ("k5", {}),
    "nearest": ("tiny", {"upsample": "nearest"}),
    "bias": ("tiny", {"bias": True}),
    "mixed_bits": ("tiny", {"weight_bits": (2, 3, 8), "act_bits": (3, 2)}),
}


def vectors(path):
    with np.load(path.with_suffix(".golden.npz")) as data:
        return data["latent"].astype(np.int64), data["image"].astype(np.int64)


@pytest.mark.parametrize("case", CASES)
def test_every_stage_equals_pytorch(export_preset, case):
    preset, fields = CASES[case]
    path = export_preset(preset, **fields)
    latent, image = vectors(path)
    integers = integer_graph(load_model(path))
    stages = [lower(integers, style) for style in ("subpixel", "zero_insert")]
    for z, y in zip(latent[:4], image[:4], strict=True):
        feed = {integers.graph.input[0].name: z[None].astype(np.float32)}
        assert np.array_equal(execute_onnx(integers, feed)[integers.graph.output[0].name][0], y)
        for dataflow in stages:
            assert np.array_equal(run_dataflow(dataflow, z), y)


def test_a_strided_convolution_keeps_some_outputs():
    """ConvTranspose, then a Slice, as ONNX defines both; one node in hardware."""
    down = helper.make_node("Conv", ["xq", "wq"], ["c"], name="down", strides=[2, 1], pads=[1, 0, 1, 1])
    integers = integer_graph(chain(QX, QW, down, QC, initializers=CONSTANTS))
    assert [n.op_type for n in integers.graph.node] == ["ConvTranspose", "Slice", "MultiThreshold"]
    x = np.random.default_rng(0).integers(-8, 8, (2, 3, 3))
    weights = integers.get_initializer("weights_0")[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).copy()
    padded = np.pad(x, ((0, 0), (1, 1), (0, 1)))[None].astype(np.float32)
    acc = F.conv2d(torch.from_numpy(padded), torch.from_numpy(weights), stride=(2, 1)).numpy()
    found = execute_onnx(integers, {"image_0": x[None].astype(np.float32)}, return_full_exec_context=True)
    assert np.array_equal(found["acc_0"], acc)
    assert np.array_equal(run_dataflow(lower(integers), x), found["image_1"][0])


def test_graph_holds_integers_only(export_preset):
    model = integer_graph(load_model(export_preset("tiny")))
    assert [n.op_type for n in model.graph.node] == ["ConvTranspose", "MultiThreshold"] * 3
    for init in model.graph.initializer:
        datatype = model.get_tensor_datatype(init.name)
        values = model.get_initializer(init.name)
        assert datatype.is_integer()
        assert datatype.min() <= values.min() and values.max() <= datatype.max()


def test_accumulators_are_as_narrow_as_the_weights_allow():
    """The bound is reached by an input, and never passed."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-7, 8, (3, 2, 4, 4))
    linear = Linear(weights, (4, 4), (2, 2), (1, 1, 1, 1), (0, 0))
    low, high = linear.accumulator_range(0, 15)
    assert np.array_equal(linear.accumulator_range(3, 15), (low, high))  # outside of the image lie zeros
    worst = np.zeros(2)
    for channel in range(2):
        for ky in range(2):
            for kx in range(2):
                taps = weights[:, channel, ky::2, kx::2]
                worst[channel] = max(worst[channel], 15 * taps[taps > 0].sum())
    assert np.array_equal(high, worst)
    for _ in range(50):
        x = torch.from_numpy(rng.choice([0, 15], (1, 3, 4, 4)))
        acc = F.conv_transpose2d(x.double(), torch.from_numpy(weights).double(), stride=2, padding=1).numpy()
        assert (acc.min((0, 2, 3)) >= low).all() and (acc.max((0, 2, 3)) <= high).all()


def test_nearest_upsampling_is_a_transposed_convolution(export_preset):
    model = integer_graph(load_model(export_preset("tiny", upsample="nearest")))
    kernels = [
        model.get_initializer(n.input[1]).shape[2:] for n in model.graph.node if n.op_type == "ConvTranspose"
    ]
    assert kernels == [(4, 4)] * 3


def chain(*nodes, initializers=(), shape=(1, 2, 3, 3)):
    """A QONNX graph x -> nodes -> y."""
    register()
    graph = helper.make_graph(
        list(nodes), "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
    model = ModelWrapper(helper.make_model(graph, opset_imports=opsets))
    for name, value in initializers:
        model.set_initializer(name, np.array(value, np.float32))
    return model


def quant(x, y, zero="zero", **attributes):
    values = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND", **attributes}
    return helper.make_node(
        "Quant",
        [x, "scale", zero, "bits"],
        [y],
        name=f"quant_{y}",
        domain="qonnx.custom_op.general",
        **values,
    )


CONSTANTS = [
    ("scale", 0.5),
    ("zero", 0),
    ("one", 1),
    ("half", 0.5),
    ("bits", 4),
    ("w", np.ones((2, 2, 3, 3))),
]
QX, QW, QC = quant("x", "xq"), quant("w", "wq"), quant("c", "y")


def deconv_node(weights="wq", out="c", **attributes):
    return helper.make_node("ConvTranspose", ["xq", weights], [out], name="up", **attributes)


BROKEN = {
    "no input quantizer": (
        [helper.make_node("ConvTranspose", ["x", "w"], ["y"])],
        "layer y (ConvTranspose): its input is not quantized; put a Quant",
    ),
    "float weights": (
        [QX, deconv_node("w"), QC],
        "layer up (ConvTranspose): float weights with no quantizer",
    ),
    "unknown op": (
        [QX, helper.make_node("Softmax", ["xq"], ["c"], name="soft"), QC],
        "layer soft (Softmax): op is not supported",
    ),
    "groups": (
        [QX, QW, deconv_node(group=3), QC],
        "layer up (ConvTranspose): weights of shape [2, 2, 3, 3], group=3, on 2 channels",
    ),
    "stride of a Conv": (
        [QX, QW, helper.make_node("Conv", ["xq", "wq"], ["c"], name="down", strides=[2, 0]), QC],
        "layer down (Conv): strides=[2, 0]; 2 of at least 1 are expected",
    ),
    "zero point": ([quant("x", "xq", zero="half"), QW, deconv_node(), QC], "zero point 0.5"),
    "no output quantizer": ([QX, QW, deconv_node(out="y")], "no quantizer after it; put one at the output"),
    "of all channels": (
        [QX, QW, deconv_node(), helper.make_node("Hardmax", ["c"], ["d"], name="max"), quant("d", "y")],
        "layer max (Hardmax): op is not supported",
    ),
    "rounding": ([quant("x", "xq", rounding_mode="DICE"), QW, deconv_node(), QC], "rounding mode DICE"),
    "instance norm": (
        [
            QX,
            QW,
            deconv_node(),
            helper.make_node("InstanceNormalization", ["c", "one", "zero"], ["d"], name="n"),
        ],
        "layer n (InstanceNormalization): op is not supported; its statistics depend on the image",
    ),
    "residual of another size": (
        [QX, QW, deconv_node(), helper.make_node("Add", ["c", "xq"], ["d"], name="skip"), quant("d", "y")],
        "layer skip (Add): takes images of [1, 2, 5, 5] and [1, 2, 3, 3]; two of the same shape",
    ),
    "no way": ([QX, quant("xq", "z")], "output y is not made of the input"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_built_is_one_clear_line(case):
    nodes, message = BROKEN[case]
    with pytest.raises(UnsupportedError) as caught:
        integer_graph(chain(*nodes, initializers=CONSTANTS))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_omitted_attributes_mean_what_the_standard_says():
    """A ConvTranspose with no attribute at all has stride 1 and no padding."""
    model = integer_graph(chain(QX, QW, deconv_node(), QC, initializers=CONSTANTS))
    assert model.get_tensor_shape(model.graph.output[0].name) == [1, 2, 5, 5]
