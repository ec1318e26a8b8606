// SPDX-License-Identifier: Apache-2.0
// A function of each element by a table.
//
//   m_axis[e] = TABLE[row of its channel][s_axis[e]]
//
// Stream order as the input's, PE elements per word, element 0 in the low bits, CHANNELS / PE words per pixel.
// II = 1, latency 1 cycle: the output is a register. Element e reads FILE_e.dat, where the rows of channels e,
// PE + e, 2*PE + e ... follow each other, each with an entry for every pattern of an input's bits; where SHARED,
// all read the one row of FILE_0.dat.
module stream_lookup #(
    parameter int unsigned CHANNELS = 1,   // of a pixel
    parameter int unsigned PE       = 1,   // elements per word
    parameter int unsigned IN_BITS  = 4,   // of an element that comes
    parameter int unsigned OUT_BITS = 4,   // of one that leaves
    parameter bit SHARED = 1,              // one row for all channels
    parameter FILE  = "",                  // without _e.dat
    parameter STYLE = "distributed",       // or block
    localparam int unsigned IN_WIDTH  = (PE * IN_BITS + 7) / 8 * 8,
    localparam int unsigned OUT_WIDTH = (PE * OUT_BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                      // synchronous, active low

    input  logic [IN_WIDTH-1:0] s_axis_tdata,   // PE elements, then padding
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_WIDTH-1:0] m_axis_tdata,  // PE elements, then zeros
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (PE < 1 || IN_BITS < 1 || OUT_BITS < 1 || CHANNELS % PE != 0) begin : gen_bad_size
    $error("stream_lookup: IN_BITS=%0d and OUT_BITS=%0d must be 1 or more, PE=%0d divide CHANNELS=%0d",
           IN_BITS, OUT_BITS, PE, CHANNELS);
  end

  localparam int unsigned ROWS = SHARED ? 1 : CHANNELS / PE;
  localparam int unsigned FW = ROWS > 1 ? $clog2(ROWS) : 1;

  logic [FW-1:0] row;
  logic [PE-1:0][OUT_BITS-1:0] found;  // registers
  logic room, take;

  assign room = !m_axis_tvalid || m_axis_tready;
  assign take = s_axis_tvalid && room;
  assign s_axis_tready = room;
  assign m_axis_tdata = OUT_WIDTH'(found);

  if (ROWS > 1) begin : gen_rows
    always_ff @(posedge ap_clk)
      if (!ap_rst_n) row <= '0;
      else if (take) row <= 32'(row) == ROWS - 1 ? '0 : row + 1'b1;
  end else begin : gen_row
    assign row = '0;
  end

  for (genvar e = 0; e < PE; e++) begin : gen_element
    localparam int unsigned DEPTH = ROWS << IN_BITS;
    logic [$clog2(DEPTH)-1:0] address;
    assign address = ($clog2(DEPTH))'({row, s_axis_tdata[e*IN_BITS+:IN_BITS]});
    /* verilator lint_off WIDTHEXPAND */  // STYLE is compared with a longer string
    if (STYLE == "block") begin : gen_block
      (* ram_style = "block", rom_style = "block" *) logic [OUT_BITS-1:0] words[DEPTH];
      initial $readmemh($sformatf("%s_%0d.dat", FILE, SHARED ? 0 : e), words);
      always_ff @(posedge ap_clk) if (take) found[e] <= words[address];
    end else begin : gen_distributed
      (* ram_style = "distributed", rom_style = "distributed" *) logic [OUT_BITS-1:0] words[DEPTH];
      initial $readmemh($sformatf("%s_%0d.dat", FILE, SHARED ? 0 : e), words);
      always_ff @(posedge ap_clk) if (take) found[e] <= words[address];
    end
    /* verilator lint_on WIDTHEXPAND */
  end

  always_ff @(posedge ap_clk)
    if (!ap_rst_n) m_axis_tvalid <= 1'b0;
    else if (room) m_axis_tvalid <= take;

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
