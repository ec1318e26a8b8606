# SPDX-License-Identifier: Apache-2.0
"""Give tensors more channels than they need, so that a fold that does not divide them does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.graph import STEPS
from fpgan.build.dataflow.ops import RTL_DOMAIN

_WIDENED = ("Deconv_rtl", *STEPS, "PixelPad_rtl")


def pad_channels(model: ModelWrapper, channels: Mapping[str, int]) -> None:
    """Widen the inputs and outputs of deconvolutions to `channels` (tensor -> count), in place.

    The added channels have weights 0 on both sides, so nothing else changes. The graph's own input and output
    keep their shapes: a Channels_rtl node adds or drops channels there. Images that part or meet keep theirs.
    """
    nodes = list(model.graph.node)
    first, last = model.graph.input[0].name, model.graph.output[0].name
    current = {first: model.get_tensor_shape(first)[3]}
    wanted = channels.get(first, channels.get(nodes[0].output[0], 0))
    if nodes[0].op_type in _WIDENED and wanted > current[first]:
        _insert(model, nodes[0], "channels_in", first, f"{first}_wide", wanted)
        current[nodes[0].input[0]] = wanted
    for node in nodes:
        if node.op_type not in _WIDENED:
            current |= {name: model.get_tensor_shape(name)[3] for name in node.output}
            continue
        count = _widen(model, node, current[node.input[0]], channels)
        shape = [*model.get_tensor_shape(node.output[0])[:3], count]
        if node.output[0] == last and shape != model.get_tensor_shape(last):
            node.output[0] = f"{last}_wide"
            _declare(model, node.output[0], shape, last)
            model.graph.node.append(_channels("channels_out", model, node.output[0], last))
        elif node.output[0] != last:
            model.set_tensor_shape(node.output[0], shape)
        current[node.output[0]] = count


def _widen(model: ModelWrapper, node: NodeProto, count: int, channels: Mapping[str, int]) -> int:
    """Take `count` channels; returns those that leave."""
    op = getCustomOp(node)
    if node.op_type == "Deconv_rtl":
        out = channels[node.output[0]]
        weights = model.get_initializer(node.input[1])
        if op.groups == 1:
            more = (0, count - weights.shape[0]), (0, out - weights.shape[1])
            _pad(model, node.input[1], (*more, (0, 0), (0, 0)))
        op.set_nodeattr("CI", count)
        op.set_nodeattr("CO", out)
        return out
    op.set_nodeattr("NumChannels", count)
    for name in node.input[1:]:
        _pad(model, name, ((0, count - len(model.get_initializer(name))), (0, 0)))
    return count


def _pad(model: ModelWrapper, name: str, widths: tuple[tuple[int, int], ...]) -> None:
    datatype = model.get_tensor_datatype(name)
    model.set_initializer(name, np.pad(model.get_initializer(name), widths))
    model.set_tensor_datatype(name, datatype)


def _insert(model: ModelWrapper, before: NodeProto, name: str, tensor: str, new: str, count: int) -> None:
    _declare(model, new, [*model.get_tensor_shape(tensor)[:3], count], tensor)
    before.input[0] = new
    model.graph.node.insert(0, _channels(name, model, tensor, new))


def _declare(model: ModelWrapper, name: str, shape: list[int], like: str) -> None:
    model.graph.value_info.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    model.set_tensor_datatype(name, model.get_tensor_datatype(like))


def _channels(name: str, model: ModelWrapper, source: str, target: str) -> NodeProto:
    given, taken = model.get_tensor_shape(source), model.get_tensor_shape(target)
    datatype = model.get_tensor_datatype(source).name
    return helper.make_node(
        "Channels_rtl", [source], [target], name=name, domain=RTL_DOMAIN, backend="fpgadataflow",
        size=given[1:3], in_channels=given[3], out_channels=taken[3],
        inputDataType=datatype, outputDataType=datatype,
    )  # fmt: skip
