# SPDX-License-Identifier: Apache-2.0
"""Channels that become pixels are a transposed convolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation

from fpgan.build.finn.node_writer import NodeWriter
from fpgan.build.frontend.constants import attribute, text


class LowerDepthToSpace(Transformation):
    """On integers, in NCHW, r being its blocksize:

        x (1,C r^2,H,W) -> DepthToSpace -> y (1,C,H r,W r)
        x -> ConvTranspose(1 for each input's pixel, kernel r, stride r) -> y

    In C groups where mode is CRD, as a PixelShuffle is exported: then each output pixel multiplies r^2
    weights. One whose values are no integers stays.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        writer = NodeWriter(model)
        nodes = [node for node in model.get_nodes_by_op_type("DepthToSpace")
                 if model.get_tensor_datatype(node.input[0]).is_integer()]  # fmt: skip
        for node in nodes:
            _replace(writer, node)
        return model, False


def _replace(writer: NodeWriter, node: NodeProto) -> None:
    factor, crd = int(attribute(node, "blocksize", 0)), text(node, "mode", "DCR") == "CRD"
    channels = writer.model.get_tensor_shape(node.output[0])[1]
    weights = writer.constant(_one_each(channels, factor, crd), DataType["INT2"])
    writer.put(node, helper.make_node(
        "ConvTranspose", [node.input[0], weights], list(node.output), name=f"{node.name}_pixels",
        kernel_shape=[factor, factor], strides=[factor, factor], group=channels if crd else 1,
    ))  # fmt: skip
    writer.model.graph.node.remove(node)


def _one_each(channels: int, factor: int, crd: bool) -> NDArray[np.int64]:
    """Weights (C r^2, outputs of a group, r, r): each input goes to one pixel of one channel."""
    inputs = channels * factor**2
    weights = np.zeros((inputs, 1 if crd else channels, factor, factor), np.int64)
    for k in range(inputs):
        channel, phase = (0, k % factor**2) if crd else (k % channels, k // channels)
        weights[k, channel, phase // factor, phase % factor] = 1
    return weights
