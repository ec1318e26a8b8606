# SPDX-License-Identifier: Apache-2.0
"""An upsampling of repeated pixels and the convolution behind it become one transposed convolution."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.frontend.constants import attribute, text
from fpgan.build.frontend.linear import Linear, from_conv

_NO_PADS = (0, 0, 0, 0)


class MergeUpsampling(Transformation):
    """On integer weights, in NCHW:

        x -> Resize(nearest, factors f) -> Conv(W, stride 1) -> y
        x -> ConvTranspose(sums of W, stride f) -> y

    exactly, with a quarter of the products for 3x3 behind factors of 2. An upsampling by other factors, with
    several readers, or in front of something else stays.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        merged = False
        for node in [n for n in model.graph.node if n.op_type in ("Resize", "Upsample")]:
            after = model.find_consumers(node.output[0])
            factor = _factor(model, node)
            if factor and len(after) == 1 and _plain(model, after[0]):
                _merge(model, node, after[0], factor)
                merged = True
        return model, merged


def _factor(model: ModelWrapper, node: NodeProto) -> tuple[int, int] | None:
    """Whole factors of rows and columns, each pixel repeated; None where it does something else."""
    before, after = (model.get_tensor_shape(name) for name in (node.input[0], node.output[0]))
    if text(node, "mode", "nearest") != "nearest" or len(before) != 4 or before[:2] != after[:2]:
        return None
    if any(large % small for small, large in zip(before[2:], after[2:], strict=True)):
        return None
    mode = text(node, "coordinate_transformation_mode", "half_pixel")
    rounding = text(node, "nearest_mode", "round_prefer_floor")
    repeats = mode in ("half_pixel", "pytorch_half_pixel") and rounding == "round_prefer_floor"
    repeats = repeats or (mode == "asymmetric" and rounding == "floor")
    old = node.op_type == "Upsample" or len(node.input) == 2  # asymmetric, rounded down
    if not (repeats or old):
        return None
    return int(after[2] // before[2]), int(after[3] // before[3])


def _plain(model: ModelWrapper, node: NodeProto) -> bool:
    """A convolution of stride 1 with integer weights, zeros around its input, and no bias."""
    if node.op_type != "Conv" or len(node.input) > 2 or text(node, "auto_pad", "NOTSET") != "NOTSET":
        return False
    weights = model.get_initializer(node.input[1])
    integers = weights is not None and model.get_tensor_datatype(node.input[1]).is_integer()
    return integers and set(attribute(node, "strides", (1, 1))) == {1} and weights.ndim == 4


def _merge(model: ModelWrapper, resize: NodeProto, conv: NodeProto, factor: tuple[int, int]) -> None:
    weights = np.rint(model.get_initializer(conv.input[1])).astype(np.int64)
    rows, cols = model.get_tensor_shape(resize.output[0])[2:]
    top, left, bottom, right = (int(p) for p in attribute(conv, "pads", _NO_PADS))
    dilation = tuple(int(d) for d in attribute(conv, "dilations", (1, 1)))
    linear: Linear = from_conv(
        weights, (rows, cols), (top, left, bottom, right), groups=int(attribute(conv, "group", 1)),
        dilation=(dilation[0], dilation[1]),
    ).upsampled(factor).settled()  # fmt: skip
    name = model.make_new_valueinfo_name()
    model.set_initializer(name, linear.weights.astype(np.float32))
    kind = smallest_type(int(linear.weights.min()), int(linear.weights.max()), signed=True)
    model.set_tensor_datatype(name, kind)
    merged = helper.make_node(
        "ConvTranspose", [resize.input[0], name], list(conv.output), name=f"{conv.name}_upsampled",
        kernel_shape=linear.kernel, strides=linear.stride, pads=linear.pads,
        output_padding=linear.output_padding, group=linear.groups, dilations=linear.dilation,
    )  # fmt: skip
    model.graph.node.insert(list(model.graph.node).index(conv), merged)
    for old in (conv, resize):
        model.graph.node.remove(old)
