# SPDX-License-Identifier: Apache-2.0
"""ConvTranspose becomes the hardware layer Deconv."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from fpgan.build.dataflow.ops import DOMAIN
from fpgan.build.finn.errors import refused
from fpgan.build.frontend.constants import attribute, text
from fpgan.build.frontend.linear import Linear, Pads, Pair

_TO_NHWC, _TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


class InferDeconv(Transformation):
    """On integers, as FINN's streamlining leaves them:

        x (1,CI,H,W) -> ConvTranspose(weights) -> y
        x -> Transpose to NHWC -> Deconv(weights) -> Transpose to NCHW -> y

    Any kernel, stride, pads, output padding, dilation and groups. Raises FINNUserError, in one line, for a
    ConvTranspose that is no such layer: float inputs or weights, a bias, three spatial axes, or one, which
    AddSecondAxis takes. chosen: of which nodes; all where nothing is said.
    """

    def __init__(self, chosen: Callable[[NodeProto], bool] = lambda node: True) -> None:
        super().__init__()
        self.chosen = chosen

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        nodes = [node for node in model.get_nodes_by_op_type("ConvTranspose") if self.chosen(node)]
        for node in nodes:
            _replace(model, node)
        if nodes:
            model = model.transform(InferShapes()).transform(InferDataTypes())
        return model, False


def _replace(model: ModelWrapper, node: NodeProto) -> None:
    x, name, y = node.input[0], node.input[1], node.output[0]
    weights = _weights(model, node)
    linear = _linear(node, weights, model.get_tensor_shape(x))
    geometry = linear.geometry
    kind, weight_kind = model.get_tensor_datatype(x), model.get_tensor_datatype(name)
    rows, cols = geometry.rows, geometry.cols
    taken, made = model.make_new_valueinfo_name(), None
    _tensor(model, taken, [1, *linear.size, len(weights)], kind)
    made = model.make_new_valueinfo_name()
    _tensor(model, made, [1, *linear.out, linear.channels], model.get_tensor_datatype(y))
    deconv = helper.make_node(
        "Deconv", [taken, name], [made], name=f"Deconv_{node.name}", domain=DOMAIN, backend="fpgadataflow",
        size=[rows.size, cols.size], kernel=[rows.kernel, cols.kernel], stride=[rows.stride, cols.stride],
        pad=[rows.pad, cols.pad], out=[rows.out, cols.out], dilation=[rows.dilation, cols.dilation],
        CI=len(weights), CO=linear.channels, groups=linear.groups, useful_macs=linear.useful_macs,
        inputDataType=kind.name, weightDataType=weight_kind.name, outputDataType="INT32",
    )  # fmt: skip
    around = (
        helper.make_node("Transpose", [x], [taken], perm=_TO_NHWC), deconv,
        helper.make_node("Transpose", [made], [y], perm=_TO_NCHW),
    )  # fmt: skip
    place = list(model.graph.node).index(node)
    model.graph.node.remove(node)
    for new in reversed(around):
        model.graph.node.insert(place, new)


def _tensor(model: ModelWrapper, name: str, shape: list[int], kind: Any) -> None:
    model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    model.set_tensor_datatype(name, kind)


def _weights(model: ModelWrapper, node: NodeProto) -> np.ndarray:
    """Of the node, integers (CI,CO/groups,KH,KW)."""
    values, kind = model.get_initializer(node.input[1]), model.get_tensor_datatype(node.input[1])
    if values is None or not kind.is_integer() or not np.array_equal(values, np.rint(values)):
        raise refused(node, "weights that are no constant integers; quantize them")
    if not model.get_tensor_datatype(node.input[0]).is_integer():
        raise refused(
            node, f"input of type {model.get_tensor_datatype(node.input[0]).name}, integers are expected: a "
            "scale in front of it could not be moved, or what makes it has no quantizer"
        )  # fmt: skip
    if len(node.input) > 2 and node.input[2]:
        raise refused(node, "a bias; run qonnx' ExtractBiasFromConv, so that thresholds take it in")
    if values.ndim != 4:
        raise refused(node, f"{values.ndim - 2} spatial axes; 2 are supported, and 1 behind AddSecondAxis")
    return np.rint(values).astype(np.int64)


def _linear(node: NodeProto, weights: np.ndarray, shape: list[int]) -> Linear:
    """The layer's geometry. FINNUserError where the engine takes none such."""
    batch, channels, *size = (int(n) for n in shape)
    kernel = (int(weights.shape[2]), int(weights.shape[3]))
    groups = int(attribute(node, "group", 1))
    stride, dilation, more = (
        (int(pair[0]), int(pair[1]))
        for pair in (
            attribute(node, "strides", (1, 1)), attribute(node, "dilations", (1, 1)),
            attribute(node, "output_padding", (0, 0)),
        )
    )  # fmt: skip
    if batch != 1:
        raise refused(node, f"batch of {batch}; export the network with a batch of 1")
    if channels != len(weights) or channels % groups:
        raise refused(node, f"{channels} channels in {groups} groups, weights for {len(weights)}")
    try:
        pads, more = _pads(node, (size[0], size[1]), kernel, stride, dilation, more)
        linear = Linear(weights, (size[0], size[1]), stride, pads, more, groups=groups, dilation=dilation)
        return linear.checked()
    except ValueError as error:
        raise refused(node, str(error)) from None


def _pads(
    node: NodeProto, size: Pair, kernel: Pair, stride: Pair, dilation: Pair, more: Pair
) -> tuple[Pads, Pair]:
    """Pads and output padding: as they are given, or of auto_pad or an output shape, as ONNX defines them."""
    mode = text(node, "auto_pad", "NOTSET")
    wanted = [int(n) for n in attribute(node, "output_shape", ())][-2:]
    if mode in ("SAME_UPPER", "SAME_LOWER") and not wanted:
        wanted = [n * s for n, s in zip(size, stride, strict=True)]
    if not wanted:
        given = attribute(node, "pads", (0, 0, 0, 0)) if mode == "NOTSET" else (0, 0, 0, 0)
        top, left, bottom, right = (int(p) for p in given)
        if min(given) < 0:
            raise ValueError(f"pads {tuple(given)}; 0 or more are supported")
        return (top, left, bottom, right), more
    begin, end, extra = [], [], []
    for n, k, s, d, m, out in zip(size, kernel, stride, dilation, more, wanted, strict=True):
        total = s * (n - 1) + m + (k - 1) * d + 1 - out
        first = total // 2 if mode == "SAME_UPPER" else total - total // 2
        begin.append(first if total > 0 else 0)
        end.append(total - first if total > 0 else 0)
        extra.append(m - min(total, 0))
    return (begin[0], begin[1], end[0], end[1]), (extra[0], extra[1])
