# SPDX-License-Identifier: Apache-2.0
"""A graph of hardware with the constants of another network, where every width of it holds them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.loaded import loaded_nodes
from fpgan.build.frontend.linear import IntArray, accumulator_range

_BETWEEN = ("Fifo_rtl", "WidthConvert_rtl", "Channels_rtl")  # what streams need besides layers
# What `_check_sums` and `_check_values` look at, by what the hardware's types hold.
_WIDTHS = ("outputDataType", "inputDataType", "weightDataType", "narrow_weights")
_NO_MATTER = ("exec_mode", "code_gen_dir_ipgen", "ipgen_path", "ip_path", "gen_top_module", "weight_storage")
_WIDER = "; build with any_weights for room"


def reloaded(hardware: ModelWrapper, network: ModelWrapper) -> ModelWrapper:
    """`hardware` with the loaded constants of `network`, which is lowered and folded as it.

    ValueError, by the layer's name, for another network and for what a width does not hold.
    """
    model = copy.deepcopy(hardware)
    loaded = {node.name for node in loaded_nodes(model)}
    mine = {node.name: node for node in model.graph.node}
    theirs = {node.name: node for node in network.graph.node}
    kept = {name for name, node in mine.items() if node.op_type not in _BETWEEN}
    for name in sorted((kept ^ theirs.keys()) - {n for n, x in theirs.items() if x.op_type in _BETWEEN}):
        raise ValueError(f"{name} is {'missing' if name in kept else 'more than the hardware has'}")
    for name, node in theirs.items():
        if name in kept:
            _check_same(mine[name], node)
            _check_constants(model, mine[name], network, node, name in loaded)
    for name in loaded:
        for old, new in zip(_constants(model, mine[name]), _constants(network, theirs[name]), strict=True):
            kind = model.get_tensor_datatype(old)
            model.set_initializer(old, network.get_initializer(new))
            model.set_tensor_datatype(old, kind)
    return model


def _check_same(hardware: NodeProto, node: NodeProto) -> None:
    """ValueError where an attribute differs that is built into the hardware."""
    if hardware.op_type != node.op_type:
        raise ValueError(f"{node.name} is a {node.op_type}, in the hardware a {hardware.op_type}")
    sums = node.op_type == "Deconv_rtl"
    mine, theirs = getCustomOp(hardware), getCustomOp(node)
    for name in sorted(mine.get_nodeattr_types()):
        counts = (name == "outputDataType" and not sums) or (name == "inputDataType" and sums)
        if name in _NO_MATTER or (name in _WIDTHS and not counts):
            continue
        old, new = (_plain(op.get_nodeattr(name)) for op in (mine, theirs))
        if old != new:
            raise ValueError(f"{node.name}: {name} is {_brief(new)}, the hardware has {_brief(old)} built in")


def _check_constants(
    model: ModelWrapper, mine: NodeProto, network: ModelWrapper, node: NodeProto, loaded: bool
) -> None:
    """ValueError for constants that the hardware does not hold, or has others of in the bitstream."""
    for old, new in zip(_constants(model, mine), _constants(network, node), strict=True):
        before, values = _integers(model, old), _integers(network, new)
        if before.shape != values.shape:
            raise ValueError(
                f"{node.name}: constants of shape {values.shape}, the hardware has {before.shape}"
            )
        if not loaded:
            if (before != values).any():
                raise ValueError(
                    f"{node.name}: its constants differ, and the hardware has them in the bitstream"
                )
            continue
        op, what = getCustomOp(mine), "thresholds"
        kind = op.get_input_datatype(1)
        low, high = int(kind.min()), int(kind.max())
        if mine.op_type == "Deconv_rtl":
            what, low = "weights", low + int(op.get_nodeattr("narrow_weights"))
            _check_sums(op, node.name, values)
        _check_within(node.name, what, int(values.min()), int(values.max()), low, high)


def _check_sums(op: Any, name: str, weights: IntArray) -> None:
    taken, sums = op.get_input_datatype(), op.get_output_datatype()
    reach = accumulator_range(weights, op.geometry, op.groups, int(taken.min()), int(taken.max()))
    low, high = int(reach[0].min()), int(reach[1].max())
    _check_within(name, "sums", low, high, int(sums.min()), int(sums.max()))


def _check_within(name: str, what: str, low: int, high: int, least: int, most: int) -> None:
    if low < least or high > most:
        raise ValueError(
            f"{name}: {what} reach {low:,} to {high:,}, the hardware holds {least:,} to {most:,}{_WIDER}"
        )


def _integers(model: ModelWrapper, name: str) -> IntArray:
    values: IntArray = np.rint(model.get_initializer(name)).astype(np.int64)
    return values


def _constants(model: ModelWrapper, node: NodeProto) -> list[str]:
    return [name for name in node.input if model.get_initializer(name) is not None]


def _plain(value: Any) -> Any:
    return [int(v) for v in value] if isinstance(value, list | tuple | np.ndarray) else value


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
