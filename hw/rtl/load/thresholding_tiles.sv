// SPDX-License-Identifier: Apache-2.0
// FINN's thresholding of channels that come tile by tile, each tile of a batch of images.
//
//   y = number of t in 0 .. N-1 with T[tile*C + channel][t] <= x, plus BIAS
//
// Words: of each of TILES tiles BATCH * PIXELS pixels, of each C/PE words of PE channels. FINN's module has a set of
// thresholds for each tile. II = 1; latency and handshake are that module's.
module thresholding_tiles #(
    parameter int unsigned WI = 8,           // bits of what is compared
    parameter int unsigned WT = 8,           // of a threshold, at least as many
    parameter int unsigned N = 3,            // thresholds of a channel
    parameter int unsigned C = 1,            // channels of a tile
    parameter int unsigned PE = 1,           // of them at once
    parameter int unsigned TILES = 2,        // two or more
    parameter int unsigned BATCH = 1,        // images
    parameter int unsigned PIXELS = 1,       // of an image
    parameter bit SIGNED = 1,
    parameter int BIAS = 0,
    parameter PATH = "",                     // begins the names of the files that hold the thresholds
    parameter bit DEEP_PIPELINE = 1,         // see FINN's thresholding
    localparam int unsigned O_BITS = BIAS >= 0 ? $clog2(N + BIAS + 1)
        : 1 + $clog2(-BIAS >= N + BIAS + 1 ? -BIAS : N + BIAS + 1),
    localparam int unsigned IN_BITS  = (PE * WI + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (PE * O_BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                   // synchronous, active low

    input  logic [IN_BITS-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_BITS-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (WT < WI || TILES < 2) begin : gen_bad_size
    $error("thresholding_tiles: WT=%0d must be WI=%0d or more, TILES=%0d 2 or more", WT, WI, TILES);
  end

  localparam int unsigned WORDS = BATCH * PIXELS * (C / PE);  // of a tile
  localparam int unsigned CW = $clog2(WORDS + 1), SW = TILES > 2 ? $clog2(TILES) : 1;

  logic [CW-1:0] word_q;
  logic [SW-1:0] tile_q;
  logic take, tile_end;
  assign take = s_axis_tvalid && s_axis_tready;
  assign tile_end = word_q == CW'(WORDS - 1);
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      word_q <= '0;
      tile_q <= '0;
    end else if (take) begin
      word_q <= tile_end ? '0 : word_q + 1'b1;
      if (tile_end) tile_q <= tile_q == SW'(TILES - 1) ? '0 : tile_q + 1'b1;
    end
  end

  logic [PE-1:0][WT-1:0] x;
  for (genvar i = 0; i < PE; i++) begin : gen_wide
    assign x[i] = SIGNED ? WT'(signed'(s_axis_tdata[i*WI+:WI])) : WT'(s_axis_tdata[i*WI+:WI]);
  end

  logic [PE-1:0][O_BITS-1:0] y;
  /* verilator lint_off PINCONNECTEMPTY */
  thresholding #(.K(WT), .N(N), .C(C), .PE(PE), .SIGNED(SIGNED), .BIAS(BIAS), .SETS(TILES), .USE_CONFIG(0),
                 .THRESHOLDS_PATH(PATH), .DEEP_PIPELINE(DEEP_PIPELINE)) counts (
      .clk(ap_clk), .rst(!ap_rst_n), .cfg_en(1'b0), .cfg_we(1'b0), .cfg_a('0), .cfg_d('0),
      .cfg_rack(), .cfg_q(), .irdy(s_axis_tready), .ivld(s_axis_tvalid), .iset(tile_q), .idat(x),
      .ordy(m_axis_tready), .ovld(m_axis_tvalid), .odat(y));
  /* verilator lint_on PINCONNECTEMPTY */
  assign m_axis_tdata = OUT_BITS'(y);

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
