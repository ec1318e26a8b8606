// SPDX-License-Identifier: Apache-2.0
// In the place of the result queue where a deconv's walk is proved: it gives results whenever it likes.
module fifo #(
    parameter int unsigned WIDTH = 8,
    parameter int unsigned DEPTH = 2,
    parameter RAM_STYLE = "auto"
) (
    input  logic ap_clk,
    input  logic ap_rst_n,
    input  logic [WIDTH-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,             // driven by nothing, as all outputs: anything
    output logic [WIDTH-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);
endmodule
