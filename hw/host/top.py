# SPDX-License-Identifier: Apache-2.0
"""Text of the module that holds an accelerator, its registers and its memory master."""

from __future__ import annotations

from collections.abc import Sequence

from fpgan.hw.design import Design
from fpgan.hw.driver.weights import file_size
from fpgan.hw.host.options import TOPS, HostOptions
from fpgan.hw.host.ports import Port, control_ports, memory_ports

TABLE = "latent_table"  # of latent_source


def host_ports(options: HostOptions, pumped: bool) -> list[Port]:
    """Ports of the module that emit_host writes, clocks and reset first."""
    first = [Port("ap_clk", "input"), *([Port("ap_clk2x", "input")] if pumped else [])]
    first += [Port("ap_rst_n", "input"), Port("irq", "output")]
    memory = memory_ports(options.data_bits, options.address_bits) if options.bus == "axi" else []
    return [*first, *control_ports(), *memory]


def _declare(port: Port) -> str:
    vector = f"[{port.bits - 1}:0] " if port.bits else ""
    return f"    {port.way:6} logic {vector}{port.name}"


def top_module(design: Design, options: HostOptions, words: Sequence[int]) -> str:
    """Registers, the accelerator and, with bus `axi`, the memory transfers. words: the map's capabilities."""
    latent, image, dma = design.input.tdata_bits, design.output.tdata_bits, options.bus == "axi"
    ports = ",\n".join(_declare(port) for port in host_ports(options, design.pumped))
    fast = ".ap_clk2x(ap_clk2x), " if design.pumped else ""
    capability = ",\n      ".join(f"32'h{word:08X}" for word in reversed(words))
    return f"""// SPDX-License-Identifier: Apache-2.0
// The accelerator behind its host interface.
module {TOPS[options.bus]} (
{ports}
);
  logic core_rst_n;
  logic [{latent - 1}:0] latent_data, dma_latent_data;
  logic [{image - 1}:0] image_data, dma_image_data;
  logic latent_valid, latent_ready, image_valid, image_ready;
  logic dma_latent_valid, dma_latent_ready, dma_image_last, dma_image_valid, dma_image_ready;
  logic dma_read, dma_write, dma_stop, dma_idle, dma_quiet, dma_weights;
  logic [31:0] dma_images;
  logic [63:0] dma_source, dma_dest;
  logic [3:0] dma_errors;
  logic [7:0] weight_data, dma_weight_data;
  logic weight_last, weight_valid, weight_ready, dma_weight_valid, dma_weight_ready, weights_loaded;
  logic [2:0] weights_errors;

  localparam logic [15:0][31:0] CAPABILITY = {{
      {capability}
  }};

  axil_stream #(.CAPABILITY(CAPABILITY), .TABLE("{TABLE}"){_file(design)}) host (
      .m_axis_tdata(latent_data), .m_axis_tvalid(latent_valid), .m_axis_tready(latent_ready),
      .s_axis_tdata(image_data), .s_axis_tvalid(image_valid), .s_axis_tready(image_ready),
      .m_axis_weights_tdata(weight_data), .m_axis_weights_tlast(weight_last),
      .m_axis_weights_tvalid(weight_valid), .m_axis_weights_tready(weight_ready),
      .s_axis_dma_tdata(dma_latent_data), .s_axis_dma_tvalid(dma_latent_valid),
      .s_axis_dma_tready(dma_latent_ready),
      .s_axis_dma_weights_tdata(dma_weight_data), .s_axis_dma_weights_tvalid(dma_weight_valid),
      .s_axis_dma_weights_tready(dma_weight_ready),
      .m_axis_dma_tdata(dma_image_data), .m_axis_dma_tlast(dma_image_last),
      .m_axis_dma_tvalid(dma_image_valid), .m_axis_dma_tready(dma_image_ready), .*);

  {design.top} accelerator (
      .ap_clk(ap_clk), {fast}.ap_rst_n(core_rst_n),
{_WEIGHTS if design.weights else ""}\
      .s_axis_0_tdata(latent_data), .s_axis_0_tvalid(latent_valid), .s_axis_0_tready(latent_ready),
      .m_axis_0_tdata(image_data), .m_axis_0_tlast(), .m_axis_0_tvalid(image_valid),
      .m_axis_0_tready(image_ready));
{"" if design.weights else _NO_WEIGHTS}
{_memory(design, options) if dma else _NO_MEMORY}endmodule
"""


_WEIGHTS = """      .s_axis_weights_tdata(weight_data), .s_axis_weights_tlast(weight_last),
      .s_axis_weights_tvalid(weight_valid), .s_axis_weights_tready(weight_ready),
      .weights_loaded(weights_loaded), .weights_errors(weights_errors),
"""
_NO_WEIGHTS = "  assign {weight_ready, weights_loaded, weights_errors} = '0;\n"
_NO_MEMORY = """  assign {dma_latent_data, dma_latent_valid, dma_image_ready} = '0;
  assign {dma_weight_data, dma_weight_valid} = '0;
  assign {dma_idle, dma_quiet, dma_errors} = 6'b110000;
"""


def _file(design: Design) -> str:
    """Parameters that say which file of weights is loaded."""
    if not design.weights:
        return ""
    size = file_size(list(design.weights.sizes.values()))
    return f", .FILE_BYTES({size}), .FILE_DESIGN(32'h{design.weights.identity:08X})"


def _memory(design: Design, options: HostOptions) -> str:
    return f"""  axi_dma_stream #(
      .DATA_BITS({options.data_bits}), .ADDRESS_BITS({options.address_bits}), .MAX_BURST({options.max_burst}),
      .DEPTH({options.buffer_words}), .IN_BYTES({design.input.tdata_bits // 8}),
      .IN_BEATS({design.input.beats}), .OUT_BYTES({design.output.tdata_bits // 8}),
      .WEIGHTS({int(bool(design.weights))})) memory (
      .read(dma_read), .write(dma_write), .stop(dma_stop), .weights(dma_weights), .images(dma_images),
      .source(dma_source), .dest(dma_dest), .idle(dma_idle), .quiet(dma_quiet), .errors(dma_errors),
      .m_axis_tdata(dma_latent_data), .m_axis_tvalid(dma_latent_valid), .m_axis_tready(dma_latent_ready),
      .m_axis_weights_tdata(dma_weight_data), .m_axis_weights_tvalid(dma_weight_valid),
      .m_axis_weights_tready(dma_weight_ready),
      .s_axis_tdata(dma_image_data), .s_axis_tlast(dma_image_last), .s_axis_tvalid(dma_image_valid),
      .s_axis_tready(dma_image_ready), .*);
"""
