# SPDX-License-Identifier: Apache-2.0
"""Foreign files: what is read equals what the file's own runtime computes, or one line says why not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from brevitas.export import export_onnx_qcdq
from onnx import helper
from onnx_models import Chain, check

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import run_network
from fpgan.model.run import load_run

STEP = 0.5  # of input and output


def start(shape=(1, 3, 4, 4), style="qonnx", **more):
    return Chain(shape, style, **more).quant(STEP, 4)


def end(chain, signed=True):
    return chain.quant(STEP, 6, signed)


def conv(chain, shape, op="ConvTranspose", axis=None, **attributes):
    return chain.op(op, chain.weights(shape, axis=axis), **attributes)


UP = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
GEOMETRIES = {
    "k4 s2 p1": ((1, 3, 4, 4), (3, 2, 4, 4), UP),
    "dense": ((1, 3, 1, 1), (3, 4, 4, 4), {}),
    "k2 s2": ((1, 3, 3, 3), (3, 2, 2, 2), {"strides": [2, 2]}),
    "k6 s2 p2": ((1, 3, 4, 4), (3, 2, 6, 6), {"strides": [2, 2], "pads": [2, 2, 2, 2]}),
    "k8 s4 p2": ((1, 2, 3, 3), (2, 2, 8, 8), {"strides": [4, 4], "pads": [2, 2, 2, 2]}),
    "k3 s4": ((1, 3, 3, 3), (3, 2, 3, 3), {"strides": [4, 4]}),
    "k1 s2": ((1, 3, 3, 3), (3, 2, 1, 1), {"strides": [2, 2]}),
    "k5 s2 p2 op1 7x7": (
        (1, 3, 7, 7), (3, 2, 5, 5), {"strides": [2, 2], "pads": [2] * 4, "output_padding": [1, 1]},
    ),
    "pads 1122": ((1, 3, 4, 4), (3, 2, 4, 4), {"strides": [2, 2], "pads": [1, 1, 2, 2]}),
    "k3 s2 p1 op1": (
        (1, 3, 4, 4), (3, 2, 3, 3), {"strides": [2, 2], "pads": [1] * 4, "output_padding": [1, 1]},
    ),
    "k1 s1 p2": ((1, 3, 6, 6), (3, 2, 1, 1), {"pads": [2] * 4}),
    "k5 s23 p12": ((1, 3, 4, 5), (3, 2, 5, 5), {"strides": [2, 3], "pads": [1, 2, 1, 2]}),
    "k4 s1 p12": ((1, 3, 5, 6), (3, 2, 4, 4), {"pads": [1, 2, 1, 2]}),
    "kernel 42": ((1, 3, 4, 3), (3, 2, 4, 2), {"strides": [2, 2]}),
    "dilation 2": ((1, 3, 4, 4), (3, 2, 3, 3), {"dilations": [2, 2]}),
    "dilation 12": ((1, 3, 4, 4), (3, 2, 3, 3), {"strides": [2, 2], "dilations": [1, 2]}),
    "groups 2": ((1, 4, 4, 4), (4, 3, 4, 4), {**UP, "group": 2}),
    "depthwise": ((1, 3, 4, 4), (3, 1, 4, 4), {**UP, "group": 3}),
    "k2 s2 p2": ((1, 3, 5, 5), (3, 2, 2, 2), {"strides": [2, 2], "pads": [2] * 4}),
    "4x6": ((1, 3, 4, 6), (3, 2, 4, 4), UP),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["CRD", "DCR"])
def test_a_pixel_shuffle_before_groups(mode):
    """Where it takes a group's channels apart the layer becomes a dense one."""
    chain = start((1, 16, 3, 2)).op("DepthToSpace", blocksize=2, mode=mode)
    linear = check(end(conv(chain, (4, 1, 3, 3), pads=[1] * 4, group=4))).layers[0].linear
    assert (linear.groups, linear.weights.shape[:2]) == ((4, (16, 1)) if mode == "CRD" else (1, (16, 4)))


@pytest.mark.parametrize("name", GEOMETRIES)
def test_every_geometry(name):
    shape, weights, attributes = GEOMETRIES[name]
    style = "qcdq" if len(name) % 2 else "qonnx"
    axis = 1 if attributes.get("group", 1) == 1 else None
    check(end(conv(start(shape, style), weights, axis=axis, **attributes)))


def expect_sizes(attributes, size, **expected):
    """A geometry that no runtime is trusted with: pads and output size by the standard's formulas."""
    network = read_network(end(conv(start(), (3, 2, 4, 4), **attributes)).model())
    linear = network.layers[0].linear
    assert linear.out == size
    for name, value in expected.items():
        assert getattr(linear, name) == value


def test_auto_pad_and_output_shape_as_the_standard_says():
    expect_sizes({"strides": [2, 2], "auto_pad": "SAME_UPPER"}, (8, 8), pads=(1, 1, 1, 1))
    expect_sizes({"strides": [3, 3], "auto_pad": "SAME_UPPER"}, (12, 12), pads=(0, 0, 1, 1))
    expect_sizes({"strides": [3, 3], "auto_pad": "SAME_LOWER"}, (12, 12), pads=(1, 1, 0, 0))
    expect_sizes({"strides": [2, 2], "auto_pad": "VALID"}, (10, 10), pads=(0, 0, 0, 0))
    expect_sizes({"strides": [2, 2], "output_shape": [9, 8]}, (9, 8), pads=(1, 1, 0, 1))
    with pytest.raises(UnsupportedError, match=r"output of .* pixels where its kernel reaches"):
        expect_sizes({"strides": [2, 2], "output_shape": [11, 8]}, (11, 8))


CONVS = {
    "3x3": ((1, 3, 4, 5), (2, 3, 3, 3), {"pads": [1] * 4}),
    "1x1 p2": ((1, 3, 4, 4), (2, 3, 1, 1), {"pads": [2] * 4}),
    "asymmetric": ((1, 3, 5, 4), (2, 3, 2, 3), {"pads": [0, 2, 1, 3]}),
    "same upper": ((1, 3, 4, 4), (2, 3, 4, 2), {"auto_pad": "SAME_UPPER"}),
    "same lower": ((1, 3, 4, 4), (2, 3, 4, 2), {"auto_pad": "SAME_LOWER"}),
    "dilated": ((1, 3, 5, 5), (2, 3, 2, 2), {"dilations": [2, 3], "pads": [1] * 4}),
    "groups": ((1, 4, 4, 4), (6, 2, 3, 3), {"group": 2, "pads": [1] * 4}),
    "k7": ((1, 2, 6, 6), (1, 2, 7, 7), {"pads": [3] * 4}),
    "s2": ((1, 3, 5, 6), (2, 3, 3, 3), {"strides": [2, 2], "pads": [1] * 4}),
    "s32 same upper": ((1, 3, 7, 8), (2, 3, 4, 3), {"strides": [3, 2], "auto_pad": "SAME_UPPER"}),
    "s23 same lower": ((1, 3, 7, 8), (2, 3, 4, 2), {"strides": [2, 3], "auto_pad": "SAME_LOWER"}),
    "s3 k1": ((1, 3, 7, 8), (2, 3, 1, 1), {"strides": [3, 3]}),
    "s2 dilated": (
        (1, 3, 7, 8),
        (2, 3, 2, 3),
        {"strides": [2, 2], "dilations": [2, 2], "pads": [2, 0, 1, 3]},
    ),
}


@pytest.mark.parametrize("name", CONVS)
@pytest.mark.parametrize("style", ["qonnx", "qcdq"])
def test_convolutions(name, style):
    shape, weights, attributes = CONVS[name]
    check(end(conv(start(shape, style), weights, "Conv", 0, **attributes)))


def test_one_dimension():
    chain = conv(start((1, 2, 5)), (2, 3, 16), strides=[8], pads=[4, 4])
    network = check(end(conv(chain.op("Relu").quant(STEP, 4, False), (2, 3, 3), "Conv", pads=[1, 1])))
    assert network.layers[0].linear.out == (1, 40)


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_pixel_shuffle_before_a_layer_and_at_the_end(mode):
    chain = conv(start(), (12, 3, 3, 3), "Conv", 0, pads=[1] * 4).op("DepthToSpace", blocksize=2, mode=mode)
    slope = chain.const(np.array([0.25, 0.5, 0.125]).reshape(3, 1, 1))
    chain = chain.op("PRelu", slope).quant(STEP, 4)
    chain = conv(chain, (12, 3, 3, 3), "Conv", pads=[1] * 4)
    chain = chain.quant(STEP, 4).op("DepthToSpace", blocksize=2, mode=mode)
    network = check(chain)
    assert [layer.linear.out for layer in network.layers] == [(4, 4), (8, 8), (16, 16)]


def test_resize_convolution_in_any_spelling():
    for attributes, opset, form in (
        ({"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, 13, 3),
        ({"mode": "nearest"}, 11, 3),
        ({"mode": "nearest"}, 10, 2),
        ({"mode": "nearest"}, 9, 1),
    ):
        chain = start(opset=opset)
        scales = chain.const([1, 1, 2, 3])
        inputs = [chain.const([]), scales] if form == 3 else [scales]
        chain = chain.op("Upsample" if form == 1 else "Resize", *inputs, **attributes)
        network = read_network(end(conv(chain, (2, 3, 3, 3), "Conv", pads=[1] * 4)).model())
        assert network.layers[0].linear.out == (8, 12)
        if form == 3:
            check(chain)


def test_padding_and_cropping():
    chain = start()
    chain = chain.op("Pad", chain.const([0, 0, 1, 2, 0, 0, 0, 3], np.int64))
    chain = conv(chain, (3, 4, 4, 4), **UP)
    chain = chain.op("Relu").quant(STEP, 4, False)
    indices = [chain.const(v, np.int64) for v in ([1, 0], [100, -2], [2, 3])]
    chain = conv(chain.op("Slice", *indices), (2, 4, 3, 3), "Conv")
    check(end(chain))


def test_channels_last_with_clutter():
    """Transposes at both ends, Cast, Dropout, Identity, a Reshape to the same shape, Constant nodes."""
    chain = Chain((1, 4, 4, 3), constant_nodes=True).quant(STEP, 4)
    chain = chain.op("Transpose", perm=[0, 3, 1, 2]).op("Identity").op("Cast", to=1)
    chain = conv(chain, (3, 2, 4, 4), **UP).op("Dropout").op("Relu")
    chain = chain.op("Reshape", chain.const([1, -1, 8, 8], np.int64))
    chain = chain.op("Transpose", perm=[0, 2, 3, 1]).op("Add", chain.const([0.5, -1.0]))
    network = check(end(chain), channels_last=True)
    assert "orders" in network.notes[0]


def test_a_dense_generator_on_features():
    """Latents (N,Z), Gemm, a Reshape whose shape the graph computes, then a flattened output."""
    chain = start((1, 5))
    shape = chain.op("Gemm", chain.weights((24, 5)), transB=1)
    before = chain.tensor
    chain.nodes.append(helper.make_node("Shape", [before], ["shape"]))
    chain.nodes.append(helper.make_node("Gather", ["shape", chain.const(0, np.int64)], ["batch"]))
    chain.nodes.append(helper.make_node("Unsqueeze", ["batch", chain.const([0], np.int64)], ["batch1"]))
    rest = chain.const([6, 2, 2], np.int64)
    chain.nodes.append(helper.make_node("Concat", ["batch1", rest], ["target"], axis=0))
    chain = shape.op("Reshape", "target").op("Relu").quant(STEP, 4, False)
    network = check(end(conv(chain, (6, 2, 4, 4), **UP)).op("Flatten"))
    assert network.layers[0].linear.out == (2, 2)


def test_weights_shared_by_two_layers():
    chain = start((1, 3, 4, 4))
    weights = chain.weights((3, 3, 3, 3))
    chain = chain.op("Conv", weights, pads=[1] * 4).quant(STEP, 4)
    network = check(end(chain.op("ConvTranspose", weights, strides=[2, 2])))
    first, second = (layer.linear.weights for layer in network.layers)
    assert np.array_equal(first, second.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])


def test_any_batch():
    for batch in ("N", 8, None):
        model = end(conv(start(), (3, 2, 4, 4), **UP)).model(batch)
        assert read_network(model).dims == (3, 4, 4)
    model = end(conv(start(), (3, 2, 4, 4), **UP)).model()
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "H"
    with pytest.raises(UnsupportedError, match="size H of axis 2 is not fixed"):
        read_network(model)


def test_two_quantizers_with_nothing_between():
    """The second, where it is another, becomes a layer that passes channels on."""
    chain = conv(start(), (3, 2, 4, 4), **UP).quant(STEP, 6).quant(STEP, 6)
    assert len(check(chain).layers) == 1
    assert len(check(chain.op("Relu").quant(2 * STEP, 3, False)).layers) == 2


def test_dense_conv_equals_torch_independently():
    """The reader against PyTorch on the weights as written, not through any ONNX runtime."""
    chain = start((1, 3, 5, 6))
    chain = end(conv(chain, (3, 2, 5, 4), strides=[3, 2], pads=[2, 1, 2, 1], output_padding=[1, 1]))
    weights = next(value for _, value in chain.values if value.ndim == 4)
    q = np.random.default_rng(0).integers(-8, 8, (3, 3, 5, 6))
    y = F.conv_transpose2d(
        torch.from_numpy(q * STEP).double(), torch.from_numpy(weights).double(), stride=(3, 2),
        padding=(2, 1), output_padding=(1, 1),
    )  # fmt: skip
    expected = np.clip(np.rint(y.numpy() / STEP), -32, 31)
    assert np.array_equal(run_network(read_network(chain.model()), q, exact=True), expected)


@pytest.mark.parametrize("opset", [13, 17])
def test_what_brevitas_exports_as_qcdq(export_preset, tmp_path, opset):
    """The same trained generator in the other format, with a free batch: PyTorch's images."""
    path = export_preset("tiny")
    generator, config = load_run(path.parent / "run")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        export_onnx_qcdq(
            generator, args=torch.zeros(1, config.generator.inputs, 1, 1), opset_version=opset,
            export_path=str(tmp_path / "q.onnx"), dynamo=False, input_names=["z"],
            dynamic_axes={"z": {0: "batch"}},
        )  # fmt: skip
    network = read_network(load_model(tmp_path / "q.onnx"))
    with np.load(path.with_suffix(".golden.npz")) as data:
        latent, image = data["latent"].astype(np.int64), data["image"]
    assert network.power_of_two
    assert np.array_equal(run_network(network, latent, exact=True), image)
