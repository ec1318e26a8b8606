// SPDX-License-Identifier: Apache-2.0
// The weights of each step of a deconv, from where the step is to the words of weight_rom or cascade_rom.
//
//   data = ROM[wy * ROW_WORDS + wx * BLOCK_WORDS + nf * SF + sf]
//
// II = 1, latency 6 cycles, 7 where LATE; for cascades so many for the first place. No stalls and no reset: it
// reads in every cycle.
module weight_reader #(
    parameter int unsigned WIDTH = 8,        // bits of a word
    parameter int unsigned WORDS = 16,       // of the memory
    parameter int unsigned ROW_WORDS = 8,    // of a row of blocks of taps
    parameter int unsigned BLOCK_WORDS = 4,  // of a block of taps
    parameter int unsigned SF = 2,           // of an output channel in a block
    parameter bit LATE = 0,                  // operands come a cycle later
    parameter int unsigned WYW = 2,          // widths of the ports
    parameter int unsigned WXW = 2,
    parameter int unsigned NFW = 2,
    parameter int unsigned SFW = 2,
    parameter int unsigned CHAIN = 0,        // slices of a cascade, 0 where there is none
    /* verilator lint_off UNUSEDPARAM */     // without a cascade
    parameter int unsigned PE = 1,           // output channels in a word, of which each has as many weights
    parameter int unsigned BITS = 1,         // of a weight
    /* verilator lint_on UNUSEDPARAM */
    parameter FILE = "",                     // see weight_rom, cascade_rom
    parameter STYLE = "distributed"
) (
    input logic ap_clk,
    input logic [WYW-1:0] wy,   // block of taps, row and column
    input logic [WXW-1:0] wx,
    input logic [NFW-1:0] nf,   // neuron fold
    input logic [SFW-1:0] sf,   // synapse fold
    output logic [WIDTH-1:0] data
);

  localparam int unsigned AW = $clog2(WORDS) + 1;  // one bit more keeps every constant representable
  logic [AW-1:0] row1_q, column1_q, fold1_q, block2_q, fold2_q, address3_q, address;
  always_ff @(posedge ap_clk) begin
    row1_q     <= AW'(32'(wy) * ROW_WORDS);
    column1_q  <= AW'(32'(wx) * BLOCK_WORDS);
    fold1_q    <= AW'(32'(nf) * SF) + AW'(sf);
    block2_q   <= row1_q + column1_q;
    fold2_q    <= fold1_q;
    address3_q <= block2_q + fold2_q;
  end
  if (LATE) begin : gen_later
    logic [AW-1:0] address_q;
    always_ff @(posedge ap_clk) address_q <= address3_q;
    assign address = address_q;
  end else begin : gen_now
    assign address = address3_q;
  end

  localparam int unsigned USED = WORDS > 1 ? $clog2(WORDS) : 1;
  if (CHAIN > 0) begin : gen_cascade
    cascade_rom #(.PE(PE), .SIMD(WIDTH / PE / BITS), .CHAIN(CHAIN), .BITS(BITS), .DEPTH(WORDS), .FILE(FILE),
                  .STYLE(STYLE)) rom (
        .clk(ap_clk), .address(address[USED-1:0]), .data(data));
  end else begin : gen_rom
    weight_rom #(.WIDTH(WIDTH), .DEPTH(WORDS), .FILE(FILE), .STYLE(STYLE)) rom (
        .clk(ap_clk), .address(address[USED-1:0]), .data(data));
  end

  logic unused;  // the bits that keep constants representable
  assign unused = &{1'b0, address};

endmodule
