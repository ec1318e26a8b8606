# SPDX-License-Identifier: Apache-2.0
"""What the top of an accelerator has besides, whose weights are streamed: a port for each such layer."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.batches import batch_of, streamed
from fpgan.build.writers.loading import identity
from fpgan.hw.driver.weights import weights_file


def streamed_nodes(model: ModelWrapper) -> list[NodeProto]:
    """In the order of the graph, which is that of the streams."""
    return [node for node in model.graph.node if streamed(node)]


def streams(model: ModelWrapper) -> dict[str, Any] | None:
    """What design.json says of the weights that are streamed; None where there are none."""
    ops = [getCustomOp(node) for node in streamed_nodes(model)]
    if not ops:
        return None
    layers = [
        {"name": op.onnx_node.name, "bytes": op.stream_bytes, "tiles": op.tiles,
         "bytes_per_cycle": op.bytes_per_cycle}
        for op in ops
    ]  # fmt: skip
    return {"identity": identity(model), "batch": batch_of(model), "beat_bits": ops[0].stream_bits,
            "latency": ops[0].get_nodeattr("latency"), "layers": layers}  # fmt: skip


def streamed_content(model: ModelWrapper, design: int) -> bytes:
    """Of a file with the weights that the graph holds. design: its identity."""
    return weights_file(design, [getCustomOp(node).weight_stream(model) for node in streamed_nodes(model)])


def ports(number: int, bits: int) -> str:
    """Of a stream, at the top."""
    name = f"s_axis_weights_{number}"
    return f"""    input  logic [{bits - 1}:0] {name}_tdata,
    input  logic {name}_tlast,          // with the last beat of a batch's weights
    input  logic {name}_tvalid,
    output logic {name}_tready,
    output logic weights_{number}_error,         // tlast came elsewhere: no image is begun until a reset
"""


def connections(number: int, reset: str) -> str:
    """Of a stream to its layer. reset: the layer's own, before which no beat goes in."""
    name = f"s_axis_weights_{number}"
    return f""",
      .in1_V_TDATA({name}_tdata), .in1_V_TLAST({name}_tlast), .in1_V_TVALID({name}_tvalid && {reset}),
      .in1_V_TREADY(weights_{number}_ready), .weights_error(weights_{number}_error)"""


def readies(number: int, reset: str) -> str:
    """Ready of a stream."""
    return f"""  logic weights_{number}_ready;
  assign s_axis_weights_{number}_tready = weights_{number}_ready && {reset};"""
