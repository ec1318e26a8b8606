// SPDX-License-Identifier: Apache-2.0
// In the place of weight_reader where a deconv's control is proved: any weights.
module weight_reader #(
    parameter int unsigned WIDTH = 1,
    parameter int unsigned WORDS = 1,
    parameter int unsigned ROW_WORDS = 1,
    parameter int unsigned BLOCK_WORDS = 1,
    parameter int unsigned SF = 1,
    parameter bit LATE = 0,
    parameter int unsigned WYW = 2,
    parameter int unsigned WXW = 2,
    parameter int unsigned NFW = 2,
    parameter int unsigned SFW = 2,
    parameter int unsigned CHAIN = 0,
    parameter int unsigned PE = 1,
    parameter int unsigned BITS = 1,
    parameter FILE = "",
    parameter STYLE = "",
    parameter bit LOADED = 0,
    parameter int unsigned TILES = 0,
    parameter int unsigned TILE_IMAGES = 1,
    parameter int unsigned BEAT = 8
) (
    input logic ap_clk,
    input logic ap_rst_n,
    input logic [BEAT-1:0] s_axis_tdata,
    input logic s_axis_tlast,
    input logic s_axis_tvalid,
    output logic s_axis_tready,
    output logic error,
    output logic full,
    input logic begun,
    input logic image_end,
    input logic [9:0] load_in,
    output logic [9:0] load_out,
    input logic [WYW-1:0] wy,
    input logic [WXW-1:0] wx,
    input logic [NFW-1:0] nf,
    input logic [SFW-1:0] sf,
    output logic [WIDTH-1:0] data  // driven by nothing: anything
);
endmodule
