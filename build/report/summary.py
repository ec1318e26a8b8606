# SPDX-License-Identifier: Apache-2.0
"""report.json: what a folded graph is expected to take and to need, by FINN's own analyses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from finn.analysis.fpgadataflow.exp_cycles_per_layer import exp_cycles_per_layer
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.loaded import loaded_nodes
from fpgan.build.dataflow.loaded_costs import loader_cost
from fpgan.build.dataflow.ops.loaded import LoadedOp
from fpgan.build.dataflow.requantizers import line_size
from fpgan.build.dataflow.resources import resources
from fpgan.build.folding.schedule import timing as schedule
from fpgan.hw.boards import Board
from fpgan.hw.system.fields import plain

_FF_PER_LUT = 1.5  # what Yosys counts on a whole mnist32


def summarize(model: ModelWrapper, board: Board, clock_mhz: float, max_utilization: float) -> dict[str, Any]:
    """Layers with folding, cycles, useful MACs and resource estimates; totals against the board.

    Cycles per image and latency come from the token model of the whole graph. A layer's latency: cycles of
    the first image's words, counted from its first input word; what the layers of a chain add sums to
    the whole latency.
    """
    cycles, estimates = exp_cycles_per_layer(model), resources(model, board.part)
    layers = []
    for node in model.graph.node:
        op, estimate = getCustomOp(node), estimates[node.name]
        attributes = {a.name for a in node.attribute}
        pe = op.get_nodeattr("PE") if "PE" in attributes else 1
        simd = op.get_nodeattr("SIMD") if "SIMD" in attributes else 1
        mac = node.op_type == "Deconv_rtl"
        layers.append(
            {
                "name": node.name, "op": node.op_type, "pe": pe, "simd": simd,
                "cycles": cycles[node.name],
                "useful_macs": op.get_nodeattr("useful_macs") if mac else 0,
                "lanes": op.lanes if mac else 0,
                "taps": list(op.taps) if mac else [],
                "core": op.get_nodeattr("core") if "core" in attributes else "",
                "weight_memory": op.get_nodeattr("weight_memory") if mac else "",
                "channels": [int(op.get_normal_input_shape()[-1]), int(op.get_normal_output_shape()[-1])],
                "estimates": {
                    "LUT": int(estimate["LUT"]), "FF": round(_FF_PER_LUT * estimate["LUT"]),
                    "DSP": int(estimate["DSP"]), "BRAM18": int(estimate["BRAM_18K"]),
                    "URAM": int(estimate["URAM"]),
                },
            }
        )  # fmt: skip
        if mac and op.get_nodeattr("side_pe"):
            layers[-1]["side"] = {"pe": op.get_nodeattr("side_pe"), "core": op.get_nodeattr("side_core"),
                                  "weight_memory": op.get_nodeattr("side_memory")}  # fmt: skip
        if mac and op.get_nodeattr("own_taps"):
            layers[-1]["own_taps"] = True
        if isinstance(op, LoadedOp):
            layers[-1]["weight_storage"] = op.get_nodeattr("weight_storage")
            if op.streamed:
                layers[-1]["stream"] = _stream(op, clock_mhz)
        if node.op_type == "Requantize_rtl":
            layers[-1]["requantizer"] = plain(line_size(op.shape))
    graph = schedule.Timing(model)
    timing, streams = graph.settled(), graph.streams
    for layer, inputs, outputs in zip(layers, streams.inputs, streams.outputs, strict=True):
        layer["latency"] = _latency(timing, inputs, outputs)
    slowest = timing.period
    return {
        "board": board.name, "part": board.part, "clock_mhz": clock_mhz,
        "useful_macs_per_image": sum(layer["useful_macs"] for layer in layers),
        "mac_lanes": sum(layer["lanes"] for layer in layers),
        "layers": layers,
        "cycles_per_image": slowest,
        "output_columns": _columns(model),
        "latency_cycles": timing.latency,
        "fifos": [_fifo(n, estimates[n.name]) for n in model.graph.node if n.op_type == "Fifo_rtl"],
        "frames_per_second": clock_mhz * 1e6 / slowest,
        "totals": _totals(model, layers, board),
        "budget": board.budget,
        "max_utilization": max_utilization,
    }  # fmt: skip


def _columns(model: ModelWrapper) -> int:
    """Of the output, in a word of the last layer's."""
    deconvs = model.get_nodes_by_op_type("Deconv_rtl")
    return max(1, len(getCustomOp(deconvs[-1]).column_taps) // 2) if deconvs else 1


def _totals(model: ModelWrapper, layers: Sequence[dict[str, Any]], board: Board) -> dict[str, int]:
    """Of the layers, and of what loads them."""
    found = {key: sum(layer["estimates"][key] for layer in layers) for key in board.budget}
    found["LUT"] += loader_cost(len(loaded_nodes(model))).lut
    return found


def _latency(timing: schedule.Schedule, inputs: Sequence[int], outputs: Sequence[int]) -> dict[str, int]:
    """Of a layer between its streams."""
    start = timing.first[0]
    came, left = max(timing.last[i] for i in inputs), max(timing.last[i] for i in outputs)
    return {
        "first_in": min(timing.first[i] for i in inputs) - start,
        "first_out": min(timing.first[i] for i in outputs) - start,
        "last_out": left - start,
        "adds": left - (start - 1 if 0 in inputs else came),
    }


def _stream(op: Any, clock_mhz: float) -> dict[str, Any]:
    """Of a layer whose weights are streamed."""
    return {"tiles": op.tiles, "batch": op.batch, "bytes": op.stream_bytes,
            "mb_per_s": round(op.bytes_per_cycle * clock_mhz, 1)}  # fmt: skip


def _fifo(node: NodeProto, estimate: dict[str, Any]) -> dict[str, Any]:
    op = getCustomOp(node)
    return {
        "name": node.name, "words": op.get_nodeattr("depth"), "bits": op.get_instream_width(),
        "LUT": int(estimate["LUT"]), "BRAM18": int(estimate["BRAM_18K"]),
    }  # fmt: skip
