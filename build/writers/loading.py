# SPDX-License-Identifier: Apache-2.0
"""What the top of an accelerator has besides, whose weights are loaded: the loader, the gate, the chain."""

from __future__ import annotations

import hashlib
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.dataflow.batches import streamed
from fpgan.build.dataflow.loaded import loaded_nodes, sections
from fpgan.hw.driver.weights import settling, weights_file

LOADER = "weight_loader"
PORTS = """    input  logic [7:0] s_axis_weights_tdata,
    input  logic s_axis_weights_tlast,  // with the last byte of a file
    input  logic s_axis_weights_tvalid,
    output logic s_axis_weights_tready,
    output logic weights_loaded,        // images may enter
    output logic [2:0] weights_errors,  // of the last file: foreign, of another length, of a wrong CRC
"""
_PATHS = {"code_gen_dir_ipgen", "code_gen_dir_cppsim", "ipgen_path", "ip_path", "gen_top_module"}


def loading(model: ModelWrapper) -> dict[str, Any] | None:
    """What design.json says of the weights that are loaded; None where there are none."""
    found = sections(model)
    if not found:
        return None
    memories = [{"name": s.name, "words": s.words, "bits": s.bits} for s in found]
    return {"identity": identity(model), "memories": memories}


def weights_content(model: ModelWrapper, identity: int) -> bytes:
    """Of a file with the weights that the graph holds."""
    return weights_file(identity, [section.data for section in sections(model)])


def identity(model: ModelWrapper) -> int:
    """32 bits that tell a graph from others whose loaded and streamed constants alone may differ."""
    loaded = {node.name for node in (*loaded_nodes(model), *filter(streamed, model.graph.node))}
    digest = hashlib.sha256()
    for node in model.graph.node:
        said = sorted(str(a) for a in node.attribute if a.name not in _PATHS)
        digest.update(repr((node.op_type, node.name, list(node.input), list(node.output), said)).encode())
        for name in _constants(model, node):
            value = model.get_initializer(name)
            digest.update(repr(value.shape).encode())
            digest.update(b"" if node.name in loaded else value.tobytes())
    return int.from_bytes(digest.digest()[:4], "big")


def _constants(model: ModelWrapper, node: NodeProto) -> list[str]:
    return [name for name in node.input if model.get_initializer(name) is not None]


def loader_module(weights: dict[str, Any], beats: int) -> str:
    """Text of LOADER_0: weight_loader and load_gate with a design's constants. beats: of a latent."""
    sizes = [memory["words"] * -(-memory["bits"] // 8) for memory in weights["memories"]]
    lengths = ", ".join(f"32'd{size}" for size in reversed(sizes))
    return f"""// SPDX-License-Identifier: Apache-2.0
// Loads weights between images: weight_loader, and the gate that images enter by.
module {LOADER}_0 (
    input  wire ap_clk,
    input  wire ap_rst_n,
    input  wire [7:0] s_axis_weights_tdata,
    input  wire s_axis_weights_tlast,
    input  wire s_axis_weights_tvalid,
    output wire s_axis_weights_tready,
    output wire loaded,
    output wire [2:0] errors,
    output wire [9:0] load_out,
    input  wire s_axis_tvalid,
    output wire s_axis_tready,
    output wire m_axis_tvalid,
    input  wire m_axis_tready,
    input  wire left
);
  wire wanted, granted;
  {LOADER} #(
      .IDENTITY(32'h{weights["identity"]:08x}), .SECTIONS({len(sizes)}), .LENGTHS({{{lengths}}}),
      .SETTLE({settling(len(sizes))})
  ) loader (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(s_axis_weights_tdata),
      .s_axis_tlast(s_axis_weights_tlast), .s_axis_tvalid(s_axis_weights_tvalid),
      .s_axis_tready(s_axis_weights_tready), .wanted(wanted), .granted(granted), .loaded(loaded),
      .errors(errors), .load_out(load_out)
  );
  load_gate #(.BEATS({beats})) gate (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .loaded(loaded), .wanted(wanted), .granted(granted),
      .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready), .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready), .left(left)
  );
endmodule
"""


def instances(stages: int, reset: str) -> str:
    """Its instance in front of the layers, and the chain of so many stages."""
    return f"""  logic [9:0] {", ".join(f"load_{k}" for k in range(stages + 1))};
  logic entering, entering_ready;
  {LOADER}_0 {LOADER}_0_i (
      .ap_clk(ap_clk), .ap_rst_n({reset}), .s_axis_weights_tdata(s_axis_weights_tdata),
      .s_axis_weights_tlast(s_axis_weights_tlast), .s_axis_weights_tvalid(s_axis_weights_tvalid && {reset}),
      .s_axis_weights_tready(s_axis_weights_tready), .loaded(weights_loaded), .errors(weights_errors),
      .load_out(load_0), .s_axis_tvalid(s_axis_0_tvalid), .s_axis_tready(entering_ready),
      .m_axis_tvalid(entering), .m_axis_tready(ready_0),
      .left(m_axis_0_tvalid && m_axis_0_tready && m_axis_0_tlast));
  logic load_unused;  // the chain's end
  assign load_unused = &{{1'b0, load_{stages}}};
"""
