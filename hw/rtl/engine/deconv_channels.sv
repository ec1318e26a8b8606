// SPDX-License-Identifier: Apache-2.0
// Some output channels of a deconv: the weights of each step, what multiplies and adds them, a queue of results.
//
//   acc[co] = sum over the steps of an output, over taps and channels of co's group:  weight[step][co][..] * x[..]
//
// A deconv is made of one or two of these, which share its steps and pixels: so that some channels are computed
// in LUTs and some in DSP slices, their weights here in block RAM and there in LUTs.
// In: steps as weight_reader takes them; x, first and last 6 cycles later, 7 unless ONE_TAP. II = 1, no stalls:
// results not taken wait in the queue, whose places are counted outside.
// Latency: from x to the first accumulator the core's and 1 of the queue.
module deconv_channels #(
    parameter int unsigned GROUPS = 1,       // of channels, at once
    parameter int unsigned PE = 2,           // output channels, of all of them
    parameter int unsigned TAPS = 1,         // of the input image, those that these channels have
    parameter bit ONE_TAP = 1,               // the deconv reads no more at a time
    parameter int unsigned SIMD = 2,         // channels of a tap, of all groups
    parameter int unsigned ACT_WIDTH = 4,    // bits per input element
    parameter int unsigned WEIGHT_WIDTH = 4, // bits per weight (signed)
    parameter int unsigned ACC_WIDTH = 16,   // bits per accumulator (signed)
    parameter bit SIGNED_ACT = 0,            // input elements are signed
    parameter bit NARROW_WEIGHTS = 0,        // no weight is -2^(WEIGHT_WIDTH-1)
    parameter bit DSP_CORE = 0,              // these: see mac_cores
    parameter bit PUMPED = 0,
    parameter int unsigned DSP_VERSION = 2,
    parameter int unsigned CHAIN = 0,
    parameter int unsigned LANES = 1,
    parameter int unsigned PITCH = 0,
    parameter int unsigned WORDS = 16,       // these: see weight_reader
    parameter int unsigned ROW_WORDS = 8,
    parameter int unsigned BLOCK_WORDS = 4,
    parameter int unsigned SF = 2,
    parameter int unsigned WYW = 2,
    parameter int unsigned WXW = 2,
    parameter int unsigned NFW = 2,
    parameter int unsigned SFW = 2,
    parameter WEIGHTS = "",                  // hex file; files, see cascade_rom
    parameter STYLE = "distributed",
    parameter bit LOADED = 0,
    parameter int unsigned TILES = 0,
    parameter int unsigned TILE_IMAGES = 1,
    parameter int unsigned BEAT = 8,
    parameter int unsigned QUEUE = 32,       // places for results
    localparam int unsigned XW = SIMD * ACT_WIDTH
) (
    input  logic ap_clk,
    input  logic ap_clk2x,                   // twice ap_clk, for PUMPED only
    input  logic ap_rst_n,                   // synchronous, active low
    input  logic [9:0] load_in,              // the chain, for LOADED only
    output logic [9:0] load_out,
    input  logic [BEAT-1:0] s_axis_weights_tdata,  // for TILES only, see weight_reader
    input  logic s_axis_weights_tlast,
    input  logic s_axis_weights_tvalid,
    output logic s_axis_weights_tready,
    output logic weights_error,
    output logic full,
    input  logic begun,
    input  logic image_end,
    input  logic [WYW-1:0] wy,               // of a step, see weight_reader
    input  logic [WXW-1:0] wx,
    input  logic [NFW-1:0] nf,
    input  logic [SFW-1:0] sf,
    input  logic first,                      // x begins an output
    input  logic last,                       // x ends it
    input  logic [TAPS-1:0][XW-1:0] x,
    output logic [PE*ACC_WIDTH-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned WW = PE * TAPS * SIMD / GROUPS * WEIGHT_WIDTH;
  localparam bit IN_LUTS = !DSP_CORE && CHAIN == 0;  // mvu_lut takes weights a cycle after the step
  logic [WW-1:0] weights;
  weight_reader #(.WIDTH(WW), .WORDS(WORDS), .ROW_WORDS(ROW_WORDS), .BLOCK_WORDS(BLOCK_WORDS), .SF(SF),
                  .LATE((ONE_TAP ? 0 : 1) + (IN_LUTS ? 1 : 0)),
                  .WYW(WYW), .WXW(WXW), .NFW(NFW), .SFW(SFW), .CHAIN(CHAIN), .PE(PE),
                  .BITS(WEIGHT_WIDTH), .FILE(WEIGHTS), .STYLE(STYLE), .LOADED(LOADED), .TILES(TILES),
                  .TILE_IMAGES(TILE_IMAGES), .BEAT(BEAT)) reader (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(s_axis_weights_tdata),
      .s_axis_tlast(s_axis_weights_tlast), .s_axis_tvalid(s_axis_weights_tvalid),
      .s_axis_tready(s_axis_weights_tready), .error(weights_error), .full(full), .begun(begun),
      .image_end(image_end), .load_in(load_in), .load_out(load_out), .wy(wy), .wx(wx), .nf(nf), .sf(sf),
      .data(weights));

  logic vld;
  logic signed [PE-1:0][ACC_WIDTH-1:0] p;
  mac_cores #(.GROUPS(GROUPS), .PE(PE), .TAPS(TAPS), .SIMD(SIMD), .ACT_WIDTH(ACT_WIDTH), .WEIGHT_WIDTH(WEIGHT_WIDTH),
              .ACC_WIDTH(ACC_WIDTH), .SIGNED_ACT(SIGNED_ACT), .NARROW_WEIGHTS(NARROW_WEIGHTS),
              .STATIC_WEIGHTS(STYLE == "constant"), .DSP_CORE(DSP_CORE), .PUMPED(PUMPED),
              .DSP_VERSION(DSP_VERSION), .CHAIN(CHAIN), .LANES(LANES), .PITCH(PITCH)) cores (
      .ap_clk(ap_clk), .ap_clk2x(ap_clk2x), .ap_rst_n(ap_rst_n), .first(first), .last(last), .weights(weights),
      .x(x), .vld(vld), .p(p));

  logic queue_ready;
  fifo #(.WIDTH(PE * ACC_WIDTH), .DEPTH(QUEUE)) queue (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(p), .s_axis_tvalid(vld), .s_axis_tready(queue_ready),
      .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready));

`ifdef VERILATOR
  always_ff @(posedge ap_clk)
    if (ap_rst_n) assert (!vld || queue_ready) else $error("deconv: a result found no place in the queue");
`else
  logic unused;
  assign unused = &{1'b0, queue_ready};
`endif

endmodule
