# SPDX-License-Identifier: Apache-2.0
"""The folding of an earlier BUILD, taken over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finn.util.basic import get_dsp_block
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.graph import JOINS, STEPS
from fpgan.build.dataflow.joins import divisors, shared_channels
from fpgan.build.dataflow.pad_channels import pad_channels
from fpgan.build.dataflow.requantizers import possible, put
from fpgan.build.dataflow.side_by_side import side_by_side
from fpgan.build.folding.channels import folds
from fpgan.build.folding.fold import follow, packed_for
from fpgan.build.folding.limits import CORES
from fpgan.build.folding.option import MEMORIES, SIDE, SIDE_CORES
from fpgan.hw.design import read_report

_FOLDED = ("Deconv_rtl", *STEPS, "Lookup_rtl", "Fork_rtl", "PixelSelect_rtl", *JOINS)


def columns_like(model: ModelWrapper, build: Path) -> ModelWrapper:
    """A lowered graph with as many output columns in a word as an earlier BUILD has."""
    columns = read_report(build).get("output_columns", 1)
    found = model if columns == 1 else side_by_side(model, columns)
    if found is None:
        raise ValueError(f"{build} has {columns} output columns in a word, this network's last layer has not")
    return found


def fold_like(model: ModelWrapper, build: Path, part: str | None = None) -> None:
    """Take the folding of each deconv and threshold from an earlier BUILD, in place.

    part: what it is for now, where that is another part than the earlier one's.
    """
    report = read_report(build)
    layers = {layer["name"]: layer for layer in report["layers"]}
    channels: dict[str, int] = {}
    _requantized(model, layers)
    for node in model.graph.node:
        if node.name not in layers or node.op_type not in _FOLDED:
            continue
        op, layer = getCustomOp(node), layers[node.name]
        _check_layer(node, layer, build)
        if layer.get("weight_storage") == "streamed":
            raise ValueError(
                f"{node.name}: its weights are streamed in {build}, which is not taken over; build with "
                "weight_storage=streamed again"
            )
        if node.op_type != "Deconv_rtl":
            widened = node.op_type in STEPS
            total = layer["channels"][1] if widened else shared_channels(op)
            _check_divides(node, "PE", layer["pe"], "NumChannels", total)
            op.set_nodeattr("PE", layer["pe"])
            if node.op_type == "Thresholding_rtl":
                op.set_nodeattr("weight_storage", layer.get("weight_storage") or "rom")
            continue
        for i, (mine, fold_name) in enumerate((("CI", "simd"), ("CO", "pe"))):
            if layer["channels"][i] < op.get_nodeattr(mine):
                raise ValueError(
                    f"{node.name}: {mine}={op.get_nodeattr(mine)}, but {layer['channels'][i]} in {build}"
                )
            _check_divides(node, fold_name.upper(), layer[fold_name], mine, layer["channels"][i])
        inputs, outputs = layer["channels"]
        if op.groups > 1 and (layer["pe"], layer["simd"]) not in folds(inputs, outputs, op.groups):
            raise ValueError(
                f"{node.name}: PE={layer['pe']} and SIMD={layer['simd']} fold no {op.groups} groups "
                f"of channels {layer['channels']}"
            )
        op.set_nodeattr("PE", layer["pe"])
        op.set_nodeattr("SIMD", layer["simd"])
        for name in ("taps", "core", "weight_memory"):
            op.set_nodeattr(name, layer[name])
        op.set_nodeattr("weight_storage", layer.get("weight_storage") or "rom")
        for name, value in zip(SIDE, _side(layer), strict=True):
            op.set_nodeattr(name, value)
        op.set_nodeattr("own_taps", int(layer.get("own_taps", False)))
        packed_for(op, get_dsp_block(part or report["part"]))
        follow(model, node, layer["simd"])
        channels |= {node.input[0]: layer["channels"][0], node.output[0]: layer["channels"][1]}
    pad_channels(model, channels)


def _requantized(model: ModelWrapper, layers: Mapping[str, Mapping[str, Any]]) -> None:
    """Requantizers where an earlier BUILD has some."""
    for node in model.get_nodes_by_op_type("Thresholding_rtl"):
        layer = layers.get(node.name.replace("threshold", "requantize"))
        found = [one for one in possible(model, node) if layer and one.shape.core == layer["core"]]
        if found and layer:
            pe = max(1, layer["pe"])
            put(model, node, min(found, key=lambda one: one.cost(pe, layer["channels"][1]).amounts))


def _side(layer: Mapping[str, Any]) -> tuple[int, str, str]:
    """How many channels have another core, which, and where their weights lie."""
    side = layer.get("side") or {"pe": 0, "core": "lut", "weight_memory": MEMORIES[0]}
    return side["pe"], side["core"], side["weight_memory"]


def _check_layer(node: NodeProto, layer: Mapping[str, Any], build: Path) -> None:
    """ValueError for a layer of an earlier BUILD that has no folding of such a node."""
    fits = len(layer["channels"]) == 2 and min(layer["channels"]) > 0
    if node.op_type == "Deconv_rtl":
        fits = fits and len(layer["taps"]) == 2 and min(layer["taps"]) > 0 and layer["core"] in CORES
        fits = fits and layer["weight_memory"] in (*MEMORIES, "constant")
        pe, core, memory = _side(layer)
        fits = fits and 0 <= pe < layer["pe"] and core in SIDE_CORES and memory in (*MEMORIES, "constant")
        if fits and layer.get("own_taps", False):  # two columns side by side, all of both at once
            op = getCustomOp(node)
            whole = layer["taps"][1] == op.geometry.cols.kernel and layer["pe"] == op.get_nodeattr("CO")
            fits = len(op.column_taps) == 4 and whole and 2 * pe == layer["pe"]
    if not fits:
        raise ValueError(f"{build}: report.json has no folding of {node.name}; run fpgan build again")


def _check_divides(node: NodeProto, name: str, value: int, of: str, total: int) -> None:
    if value < 1 or total % value:
        raise ValueError(
            f"{node.name}: {name}={value} does not divide {of}={total}; choose one of {divisors(total)}"
        )
