# SPDX-License-Identifier: Apache-2.0
"""Every geometry and every kind of layer that a foreign file may hold, at RTL.

Each network is a chain of many: what goes wrong in one layer shows at the end.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx_models import Chain, at_rtl


def conv(chain, shape, op="ConvTranspose", axis=None, target=(), **attributes):
    chain.op(op, chain.weights(shape, axis=axis), **attributes)
    return chain.quant(**{"scale": 1.0, "bits": 3, **dict(target)})


def many_geometries():
    """Dilation, groups, depthwise, asymmetric pads, a crop, zero points, FLOOR, one bit."""
    zero = {"zero": 1, "signed": False}
    chain = Chain((1, 4, 2, 2)).quant(0.5, 4)
    chain = conv(chain, (4, 4, 2, 2), strides=[2, 2])
    chain = conv(chain, (4, 2, 3, 3), target=zero, group=2, dilations=[2, 2], pads=[1] * 4)
    floor = {"rounding": "FLOOR"}
    chain = conv(chain, (4, 1, 4, 4), target=floor, group=4, strides=[2, 2], pads=[1, 1, 2, 2])
    chain = conv(chain, (3, 4, 1, 1), "Conv", 0, target={"bits": 1, "signed": False}, pads=[1] * 4)
    return conv(chain, (3, 3, 3, 3), axis=1, target={"zero": -3, "bits": 4}, pads=[3] * 4)


def many_layers():
    """Dense on features, pixel shuffle, padding, resizing, a shuffle to 3 channels at the end; as QCDQ."""
    chain = Chain((1, 5), "qcdq").quant(0.5, 4)
    chain = chain.op("Gemm", chain.weights((32, 5)), transB=1)
    chain = chain.op("Reshape", chain.const([-1, 8, 2, 2], np.int64)).op("Relu").quant(1.0, 3, False)
    chain = chain.op("DepthToSpace", blocksize=2, mode="CRD")
    chain = conv(chain, (3, 2, 3, 3), "Conv", pads=[1] * 4)
    chain = chain.op("Pad", chain.const([0, 0, 1, 0, 0, 0, 0, 1], np.int64))
    chain = chain.op("Resize", chain.const([]), chain.const([1, 1, 2, 1]), mode="nearest")
    return conv(chain, (12, 3, 3, 3), "Conv").op("DepthToSpace", blocksize=2, mode="DCR")


def begin(shape, scale=0.5, style="qonnx"):
    chain = Chain(shape, style).quant(scale, 4)
    chain.channels = shape[1]
    return chain


def up(chain, kernel, stride=1, pads=0, channels=2, **attributes):
    """A ConvTranspose on however many channels there are, its scales per channel."""
    before = chain.channels
    kernel, stride = np.broadcast_to(kernel, 2), np.broadcast_to(stride, 2)
    if not {"auto_pad", "output_shape"} & set(attributes):
        attributes["pads"] = np.broadcast_to(pads, 4).tolist()
    conv(chain, (before, channels, *kernel), axis=1, strides=stride.tolist(), **attributes)
    chain.channels = channels
    return chain


def down(chain, kernel, stride=1, pads=0, channels=2, **attributes):
    """A Conv, strided or not."""
    shape = (channels, chain.channels, *np.broadcast_to(kernel, 2))
    conv(chain, shape, "Conv", 0, strides=np.broadcast_to(stride, 2).tolist(), pads=[pads] * 4, **attributes)
    chain.channels = channels
    return chain


def squares():
    """A latent with a condition, 138 channels in all; the last layer of kernel 7, with a sigmoid."""
    chain = begin((1, 138, 1, 1))
    up(chain, 4)  # 4x4
    up(chain, 4, 2, 1)  # 8x8
    up(chain, 1, 1, 2)  # a crop to 4x4
    up(chain, 6, 2, 2)  # 8x8
    down(chain, 3, 2, 1)  # 4x4
    up(chain, 8, 4, 2)  # 16x16
    chain.op("Conv", chain.weights((1, 2, 7, 7)), chain.const([0.5]), pads=[3] * 4).op("Sigmoid")
    return chain.quant(2**-4, 4, False)


def odd_sizes():
    """Strides larger than kernels, output padding, pads beyond the kernel; as QCDQ."""
    chain = begin((1, 2, 3, 3), style="qcdq")
    up(chain, 3, 4)  # 11x11
    down(chain, 3, 2)  # 5x5
    up(chain, 1, 2)  # 9x9
    down(chain, 3)  # 7x7
    up(chain, 5, 2, 2, output_padding=[1, 1])  # 14x14
    up(chain, 2, 2, 2)  # 24x24
    down(chain, (4, 3), (3, 2))  # 7x11
    return up(chain, 3, 2, 1, output_padding=[1, 1])  # 14x22


def rectangles():
    """Another size and stride along each axis; pads not given; scales that are no powers of two."""
    chain = begin((1, 2, 4, 6), 0.37)
    up(chain, 4, 2, (1, 1, 2, 2))  # 7x11
    up(chain, 5, (2, 3), (1, 2, 1, 2), target={"scale": 0.91})  # 15x31
    down(chain, 3, (3, 4))  # 5x8
    up(chain, 4, 1, (1, 2, 1, 2))  # 6x7
    up(chain, (4, 2), 2)  # 14x14
    down(chain, 3, 3, dilations=[2, 1])  # 4x4
    up(chain, 3, 2, dilations=[1, 2])  # 9x11
    up(chain, 3, (2, 1), output_shape=[16, 12])
    return up(chain, 4, (1, 3), auto_pad="SAME_UPPER")  # 16x36


def neighbours():
    """A mirrored border, a linear Resize, a dilated layer, every second pixel at the end."""
    chain = begin((1, 2, 4, 5))
    chain.op("Pad", chain.const([0, 0, 1, 2, 0, 0, 1, 2], np.int64), mode="reflect")
    down(chain, 3)  # 4x7
    chain.op("Resize", chain.const([]), chain.const([1, 1, 2, 2]), mode="linear").quant(0.25, 4)
    down(chain, 3, 1, 2, dilations=[2, 2])  # 8x14
    half = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", "mode": "nearest"}
    return chain.op("Resize", chain.const([]), chain.const([1, 1, 0.5, 0.5]), **half)


def audio():
    """A vocoder's upsampling: one dimension, kernel 16, stride 8."""
    chain = Chain((1, 3, 5)).quant(0.5, 4)
    chain.op("ConvTranspose", chain.weights((3, 4, 16), axis=1), strides=[8], pads=[4, 4]).op(
        "LeakyRelu", alpha=0.125
    )
    chain.quant(0.5, 4).op("Conv", chain.weights((4, 4, 3), axis=0), pads=[2, 2], dilations=[2]).quant(1.0, 4)
    return (
        chain.op("ConvTranspose", chain.weights((4, 1, 8)), strides=[4], pads=[2, 2])
        .op("Tanh")
        .quant(2**-3, 4)
    )


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.parametrize(
    "make", [many_geometries, many_layers, squares, odd_sizes, rectangles, neighbours, audio]
)
def test_every_kind_of_layer_at_rtl(make, tmp_path):
    onnx.save(make().model(batch=2), tmp_path / "m.onnx")  # a batch is so many images, one after the other
    report = at_rtl(tmp_path / "m.onnx", tmp_path / "build", stall=0.2)
    assert report["float32"]["values"] > 0 and (make is rectangles or report["float32"]["differ"] == 0)
