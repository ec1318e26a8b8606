# SPDX-License-Identifier: Apache-2.0
"""Write the RTL of a dataflow graph: one module per node, FINN's and ours, and a top that connects them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.graph import Streams
from fpgan.build.dataflow.loaded import loaded_nodes
from fpgan.build.writers import loading, streaming
from fpgan.hw.design import LOADER
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import sources as module_sources

TOP = "fpgan_top"
RESET_CYCLES = 3  # for which a reset must be held: two on its way to the layers


class EmitLayer(Protocol):
    """What puts a node's files into a folder: the module to instantiate, and its files in order."""

    def __call__(
        self, model: ModelWrapper, op: Any, part: str, period_ns: float, rtl: Path
    ) -> tuple[str, list[str]]: ...


def emit_layer(model: ModelWrapper, op: Any, part: str, period_ns: float, rtl: Path) -> tuple[str, list[str]]:
    """A node's module with its name, and what it is made of."""
    op.set_nodeattr("code_gen_dir_ipgen", str(rtl))
    op.code_generation_ipgen(model, part, period_ns)
    names = copy_finn_sources([Path(p) for p in op.get_rtl_file_list(abspath=True)], rtl)
    for name in ("code_gen_dir_ipgen", "ipgen_path", "ip_path"):
        op.set_nodeattr(name, "")  # a BUILD folder can be moved
    return op.onnx_node.name, names


def emit_rtl(
    model: ModelWrapper, part: str, clock_mhz: float, rtl: Path, emit: EmitLayer = emit_layer
) -> dict[str, Any]:
    """Generate every node's module into `rtl`, copy their sources, write the top and top.f.

    Returns what design.json says of it: sources, layers, fifos, input, output.
    """
    rtl.mkdir(parents=True, exist_ok=True)
    sources, layers = list[str](), []
    for node in model.graph.node:
        module, names = emit(model, getCustomOp(node), part, 1000 / clock_mhz, rtl)
        sources += [name for name in names if name not in sources]
        layers.append({"name": node.name, "op": node.op_type, "module": module, "sources": names})
    weights, streams = loading.loading(model), streaming.streams(model)
    if weights:
        layers.append(_emit_loader(weights, describe_streams(model)["input"]["beats"], rtl))
        sources += layers[-1]["sources"]
    names = copy_finn_sources(module_sources("stream_last", Path()), rtl)
    modules = {layer["name"]: layer["module"] for layer in layers}
    (rtl / f"{TOP}.sv").write_text(top_module(model, modules), encoding="utf-8")
    sources += [*names, f"{TOP}.sv"]
    (rtl / "top.f").write_text("".join(f"{name}\n" for name in sources), encoding="utf-8")
    return {
        "top": TOP,
        "pumped": any(_pumped(getCustomOp(node)) for node in model.graph.node),
        "sources": sources,
        "layers": layers,
        **describe_streams(model),
        **({"weights": weights} if weights else {}),
        **({"streams": streams} if streams else {}),
    }


def _emit_loader(weights: dict[str, Any], beats: int, rtl: Path) -> dict[str, Any]:
    """Write what loads weights, and return its entry among the layers."""
    name = f"{loading.LOADER}_0"
    names = [*copy_finn_sources(module_sources(loading.LOADER, Path()), rtl), f"{name}.v"]
    (rtl / names[-1]).write_text(loading.loader_module(weights, beats), encoding="utf-8")
    return {"name": name, "op": LOADER, "module": name, "sources": names}


def describe_streams(model: ModelWrapper) -> dict[str, Any]:
    """What design.json says of a graph's streams, whichever the back end: fifos, input, output."""
    first, last = getCustomOp(model.graph.node[0]), getCustomOp(model.graph.node[-1])
    return {
        "fifos": {
            node.name: getCustomOp(node).get_nodeattr("depth")
            for node in model.graph.node
            if node.op_type == "Fifo_rtl"
        },
        "input": _stream(
            first.get_normal_input_shape(), first.get_folded_input_shape(), first.get_input_datatype()
        ),
        "output": _stream(
            last.get_normal_output_shape(), last.get_folded_output_shape(), last.get_output_datatype()
        ),
    }


def _stream(normal: Any, folded: Any, datatype: Any) -> dict[str, Any]:
    elements = int(folded[-1])
    return {
        "shape": [int(v) for v in normal],
        "datatype": datatype.name,
        "elements_per_beat": elements,
        "tdata_bits": math.ceil(elements * datatype.bitwidth() / 8) * 8,
        "beats": int(math.prod(int(v) for v in folded[:-1])),
    }


def top_module(model: ModelWrapper, modules: Mapping[str, str] | None = None) -> str:
    """Text of TOP: s_axis_0 -> nodes -> m_axis_0; a stream has the number that graph.Streams gives it.

    modules: of nodes, by name, where they have others than their own.
    """
    nodes = list(model.graph.node)
    ops, streams = [getCustomOp(node) for node in nodes], Streams.of(model)
    loaded, given = {node.name for node in loaded_nodes(model)}, describe_streams(model)
    number = {node.name: i for i, node in enumerate(streaming.streamed_nodes(model))}  # of weights
    widths = [ops[0].get_instream_width_padded()]
    widths += [op.get_outstream_width_padded(k) for op in ops for k in range(len(op.onnx_node.output))]
    wires, instances, stages = [], [], 0
    for i, width in enumerate(widths):
        wires.append(f"  logic [{width - 1}:0] data_{i};\n  logic valid_{i}, ready_{i};")
    for i, (node, op, ins, outs) in enumerate(zip(nodes, ops, streams.inputs, streams.outputs, strict=True)):
        module = (modules or {}).get(node.name, node.name)
        stage = stages if node.name in loaded else None
        stages += stage is not None
        weights = ""
        if node.name in number:
            weights = streaming.connections(number[node.name], f"reset_n_{i}")
            wires.append(streaming.readies(number[node.name], f"reset_n_{i}"))
        instances.append(_instance(i, module, node.name, op, ins, outs, stage, weights))
    body = "\n".join(wires) + "\n\n" + "\n".join(instances)
    resets = "\n".join(_reset(place) for place in range(len(nodes)))
    last = len(widths) - 1
    fast = "    input  logic ap_clk2x,  // twice ap_clk, with an edge at each of its edges\n"
    fast = fast if any(_pumped(op) for op in ops) else ""
    bits = [getCustomOp(node).stream_bits for node in nodes if node.name in number]
    streams_ports = "".join(streaming.ports(k, wide) for k, wide in enumerate(bits))
    loader, valid, ready = "", "s_axis_0_tvalid", "ready_0"
    if loaded:
        loader = "\n" + loading.instances(len(loaded), "reset_n_0")
        valid, ready = "entering", "entering_ready"
    return f"""// SPDX-License-Identifier: Apache-2.0
// The accelerator: its layers in a row, connected by AXI4-Stream.
// A reset clears it where it is held for {RESET_CYCLES} cycles or more.
module {TOP} (
    input  logic ap_clk,
{fast}    input  logic ap_rst_n,
{loading.PORTS if loaded else ""}{streams_ports}    input  logic [{widths[0] - 1}:0] s_axis_0_tdata,
    input  logic s_axis_0_tvalid,
    output logic s_axis_0_tready,
    output logic [{widths[-1] - 1}:0] m_axis_0_tdata,
    output logic m_axis_0_tlast,  // with the last beat of an image
    output logic m_axis_0_tvalid,
    input  logic m_axis_0_tready
);
  // The reset reaches each layer through a register of its own, all in one cycle; before it no word goes in.
  // These start in reset, as nothing else does: what the layers hold before is anything.
  logic reset_n_q = 1'b0;
  always_ff @(posedge ap_clk) reset_n_q <= ap_rst_n;
{resets}

{body}
{loader}
  assign data_0 = s_axis_0_tdata;
  assign valid_0 = {valid} && reset_n_0;
  assign s_axis_0_tready = {ready} && reset_n_0;
  stream_last #(.WIDTH({widths[-1]}), .BEATS({given["output"]["beats"]})) stream_last_i (
      .ap_clk(ap_clk), .ap_rst_n(reset_n_{len(nodes) - 1}),
      .s_axis_tdata(data_{last}), .s_axis_tvalid(valid_{last}), .s_axis_tready(ready_{last}),
      .m_axis_tdata(m_axis_0_tdata), .m_axis_tlast(m_axis_0_tlast), .m_axis_tvalid(m_axis_0_tvalid),
      .m_axis_tready(m_axis_0_tready));
endmodule
"""


def _reset(place: int) -> str:
    """A layer's own reset. A register by itself: Yosys would merge equal bits of one that is kept."""
    return f"""  (* keep = "true", dont_touch = "true", shreg_extract = "no" *) logic reset_n_{place} = 1'b0;
  always_ff @(posedge ap_clk) reset_n_{place} <= reset_n_q;"""


def _port_kinds(op: Any) -> set[str]:
    """Interfaces beyond the streams; FINN's thresholding has an AXI-Lite port even where it is unused."""
    plain = type(op).__name__ == "Thresholding_rtl" and not op.loaded and op.tiles == 1
    return {"axilite"} if plain else set()


_UNUSED = """,
      .s_axilite_AWVALID(1'b0), .s_axilite_AWREADY(), .s_axilite_AWADDR('0),
      .s_axilite_WVALID(1'b0), .s_axilite_WREADY(), .s_axilite_WDATA('0), .s_axilite_WSTRB('0),
      .s_axilite_BVALID(), .s_axilite_BREADY(1'b0), .s_axilite_BRESP(),
      .s_axilite_ARVALID(1'b0), .s_axilite_ARREADY(), .s_axilite_ARADDR('0),
      .s_axilite_RVALID(), .s_axilite_RREADY(1'b0), .s_axilite_RDATA(), .s_axilite_RRESP(),
      .in1_V_TREADY(), .in1_V_TVALID(1'b0), .in1_V_TDATA('0)"""


def _chained(stage: int | None) -> str:
    return "" if stage is None else f",\n      .load_in(load_{stage}), .load_out(load_{stage + 1})"


def _pumped(op: Any) -> bool:
    return "clk2x" in op.get_verilog_top_module_intf_names()


def _instance(
    place: int,
    module: str,
    name: str,
    op: Any,
    inputs: Sequence[int],
    outputs: Sequence[int],
    stage: int | None,
    weights: str,
) -> str:
    """stage: of the loading chain; None for a node that has none. weights: connections of their stream."""
    axilite, pumped = "axilite" in _port_kinds(op), _pumped(op)
    ports = [f"in{k}_V" for k in range(len(inputs))] + [f"out{k}_V" for k in range(len(outputs))]
    connections = ",\n      ".join(
        f".{port}_TDATA(data_{i}), .{port}_TVALID(valid_{i}), .{port}_TREADY(ready_{i})"
        for port, i in zip(ports, [*inputs, *outputs], strict=True)
    )
    return f"""  {module} {name}_i (
      .ap_clk(ap_clk), {".ap_clk2x(ap_clk2x), " if pumped else ""}.ap_rst_n(reset_n_{place}),
      {connections}{_UNUSED if axilite else ""}{_chained(stage)}{weights}
  );
"""
