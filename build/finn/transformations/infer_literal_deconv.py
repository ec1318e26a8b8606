# SPDX-License-Identifier: Apache-2.0
"""ConvTranspose by FINN's own lowering: zeros between pixels, then a convolution."""

from __future__ import annotations

from finn.transformation.fpgadataflow.infer_pixel_padding_deconv import InferPixelPaddingDeconv
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from fpgan.build.finn.transformations.infer_deconv import InferDeconv
from fpgan.build.frontend.constants import attribute, text

_DEFAULTS = {"strides": [1, 1], "pads": [0] * 4, "dilations": [1, 1], "group": 1}


class InferLiteralDeconv(Transformation):
    """On integers, what FINN's InferPixelPaddingDeconv takes by that, all else by InferDeconv:

        x (1,CI,H,W) -> ConvTranspose(weights) -> y
        x -> Transpose to NHWC -> FMPadding_Pixel -> Im2Col -> MatMul(weights, turned) -> Transpose -> y

    FINN's takes one group, one number of pads for all sides, less than the kernel, no output padding, and
    more than one pixel: its window generator cannot begin with an image of a single one.
    """

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        nodes = model.get_nodes_by_op_type("ConvTranspose")
        model = model.transform(InferDeconv(lambda node: not _taken(model, node)))
        for node in model.get_nodes_by_op_type("ConvTranspose"):
            _spell_out(node)
        if nodes:
            for each in (InferPixelPaddingDeconv(), InferShapes(), InferDataTypes()):
                model = model.transform(each)
        return model, False


def _taken(model: ModelWrapper, node: NodeProto) -> bool:
    size, kernel = model.get_tensor_shape(node.input[0])[2:], model.get_initializer(node.input[1]).shape[2:]
    pads = set(attribute(node, "pads", (0,) * 4))
    plain = text(node, "auto_pad", "NOTSET") == "NOTSET" and not attribute(node, "output_shape", ())
    plain = plain and not any(attribute(node, "output_padding", ())) and attribute(node, "group", 1) == 1
    return plain and len(pads) == 1 and max(pads) < min(kernel) and len(set(kernel)) == 1 and min(size) > 1


def _spell_out(node: NodeProto) -> None:
    """Give it the attributes that FINN reads without asking whether they are there."""
    known = {each.name for each in node.attribute}
    for name, value in _DEFAULTS.items():
        if name not in known:
            node.attribute.append(helper.make_attribute(name, value))
