# SPDX-License-Identifier: Apache-2.0
"""A convolution whose channels become pixels is one transposed convolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from fpgan.build.finn.node_writer import NodeWriter
from fpgan.build.frontend.constants import attribute, text


class MergeDepthToSpace(Transformation):
    """On integers, in NCHW, where all pixels of a channel have the same thresholds; r is the blocksize:

        x -> Conv(W, k x k, stride 1) -> MultiThreshold -> DepthToSpace -> y
        x -> ConvTranspose(W apart, r k x r k, stride r) -> MultiThreshold -> y

    with as many products. Another convolution, or thresholds that differ (a bias per pixel), stays.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        writer = NodeWriter(model)
        for node in list(model.get_nodes_by_op_type("DepthToSpace")):
            _merge(writer, node)
        return model, False


def _merge(writer: NodeWriter, node: NodeProto) -> None:
    model, factor = writer.model, int(attribute(node, "blocksize", 0))
    steps = _only_maker(model, node, "MultiThreshold")
    conv = _only_maker(model, steps, "Conv")
    if steps is None or conv is None or not _plain(model, conv):
        return
    thresholds = model.get_initializer(steps.input[1])
    channels = model.get_tensor_shape(node.output[0])[1]
    crd = text(node, "mode", "DCR") == "CRD"
    if len(thresholds) > 1:
        by_pixel = thresholds.reshape((channels, factor**2, -1) if crd else (factor**2, channels, -1))
        by_pixel = by_pixel if crd else by_pixel.transpose(1, 0, 2)
        if (by_pixel != by_pixel[:, :1]).any():
            return
        thresholds = by_pixel[:, 0]
    weights = np.rint(model.get_initializer(conv.input[1])).astype(np.int64)
    apart = writer.constant(_apart(weights, factor, crd), model.get_tensor_datatype(conv.input[1]))
    kernel = weights.shape[2:]
    pads = [int(p) for p in attribute(conv, "pads", (0,) * 4)]
    cropped = [factor * (kernel[d % 2] - 1 - pads[d]) for d in range(4)]
    sums = writer.tensor(model.get_tensor_shape(node.output[0]))
    writer.put(node, helper.make_node(
        "ConvTranspose", [conv.input[0], apart], [sums], name=f"{conv.name}_pixels",
        kernel_shape=[factor * k for k in kernel], strides=[factor, factor], pads=cropped,
    ))  # fmt: skip
    counted = NodeProto()
    counted.CopyFrom(steps)
    counted.input[:] = [sums, writer.constant(thresholds, model.get_tensor_datatype(steps.input[1]))]
    counted.output[:] = node.output
    writer.put(node, counted)
    for old in (node, steps, conv):
        model.graph.node.remove(old)


def _only_maker(model: ModelWrapper, node: NodeProto | None, kind: str) -> NodeProto | None:
    """What makes a node's input, where it is such a node and nothing else reads it."""
    if node is None:
        return None
    maker = model.find_producer(node.input[0])
    alone = maker is not None and maker.op_type == kind and len(model.find_consumers(node.input[0])) == 1
    return maker if alone else None


def _plain(model: ModelWrapper, node: NodeProto) -> bool:
    """A convolution in one group, of stride 1, with integer weights, less padding than kernel, no bias."""
    weights = model.get_initializer(node.input[1])
    if weights is None or weights.ndim != 4 or len(node.input) > 2:
        return False
    plain = all(set(attribute(node, name, (1, 1))) == {1} for name in ("strides", "dilations"))
    plain = plain and attribute(node, "group", 1) == 1 and text(node, "auto_pad", "NOTSET") == "NOTSET"
    pads = attribute(node, "pads", (0,) * 4)
    inside = all(pads[d] < weights.shape[2 + d % 2] for d in range(4))
    return plain and inside and model.get_tensor_datatype(node.input[1]).is_integer()


def _apart(weights: NDArray[np.int64], factor: int, crd: bool) -> NDArray[np.int64]:
    """Weights (C r^2,CI,K,K) of a convolution -> (CI,C,r K,r K) of a transposed one."""
    count, inputs, rows, cols = weights.shape
    channels = count // factor**2
    apart = np.zeros((inputs, channels, factor * rows, factor * cols), np.int64)
    for k in range(count):
        c, phase = divmod(k, factor**2) if crd else (k % channels, k // channels)
        turned = weights[k, :, ::-1, ::-1]
        apart[:, c, phase // factor :: factor, phase % factor :: factor] = turned
    return apart
