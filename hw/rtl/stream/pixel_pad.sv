// SPDX-License-Identifier: Apache-2.0
// Zero insertion: spreads the pixels of an image SH rows and SW columns apart.
//
//   y[r][c] = x[r/SH][c/SW]  where SH divides r < (H-1)*SH+1 and SW divides c < (W-1)*SW+1, else 0
//
// Raster order in and out, CF words per pixel. II = 1 on the output, latency 0 (combinational from input to
// output; the walk is registered).
module pixel_pad #(
    parameter int unsigned H = 4,      // input rows
    parameter int unsigned W = 4,      // input columns
    parameter int unsigned CF = 1,     // words per pixel
    parameter int unsigned WIDTH = 8,  // bits per word
    parameter int unsigned SH = 2,     // vertical stride
    parameter int unsigned SW = 2,     // horizontal stride
    parameter int unsigned OPH = 0,    // rows of zeros below
    parameter int unsigned OPW = 0,    // columns of zeros to the right
    localparam int unsigned BITS = (WIDTH + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,             // synchronous, active low

    input  logic [BITS-1:0] s_axis_tdata,   // part of an input pixel
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [BITS-1:0] m_axis_tdata,  // part of an output pixel
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (H < 1 || W < 1 || CF < 1 || WIDTH < 1 || SH < 1 || SW < 1) begin : gen_bad_size
    $error("pixel_pad: H=%0d, W=%0d, CF=%0d, WIDTH=%0d, SH=%0d and SW=%0d must be 1 or more",
           H, W, CF, WIDTH, SH, SW);
  end

  localparam int unsigned OH = (H - 1) * SH + 1 + OPH;
  localparam int unsigned OW = (W - 1) * SW + 1 + OPW;

  logic [$clog2(OH+1)-1:0] row_q;
  logic [$clog2(OW+1)-1:0] col_q;
  logic [$clog2(SH+1)-1:0] row_phase_q;  // row_q mod SH
  logic [$clog2(SW+1)-1:0] col_phase_q;  // col_q mod SW
  logic [$clog2(CF+1)-1:0] word_q;
  logic pixel, step, word_end, col_end, row_end;

  assign pixel = row_phase_q == 0 && col_phase_q == 0
      && 32'(row_q) <= (H - 1) * SH && 32'(col_q) <= (W - 1) * SW;
  assign m_axis_tdata = pixel ? s_axis_tdata : '0;
  assign m_axis_tvalid = !pixel || s_axis_tvalid;
  assign s_axis_tready = pixel && m_axis_tready;

  assign step = m_axis_tvalid && m_axis_tready;
  assign word_end = 32'(word_q) == CF - 1;
  assign col_end = 32'(col_q) == OW - 1;
  assign row_end = 32'(row_q) == OH - 1;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      row_q <= '0;
      col_q <= '0;
      row_phase_q <= '0;
      col_phase_q <= '0;
      word_q <= '0;
    end else if (step) begin
      word_q <= word_end ? '0 : word_q + 1'b1;
      if (word_end) begin
        col_q <= col_end ? '0 : col_q + 1'b1;
        col_phase_q <= col_end || 32'(col_phase_q) == SW - 1 ? '0 : col_phase_q + 1'b1;
      end
      if (word_end && col_end) begin
        row_q <= row_end ? '0 : row_q + 1'b1;
        row_phase_q <= row_end || 32'(row_phase_q) == SH - 1 ? '0 : row_phase_q + 1'b1;
      end
    end
  end

endmodule
