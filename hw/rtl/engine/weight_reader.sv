// SPDX-License-Identifier: Apache-2.0
// The weights of each step of a deconv, from where the step is to the words of weight_rom, weight_ram, weight_tiles
// or cascade_rom.
//
//   data = ROM[wy * ROW_WORDS + wx * BLOCK_WORDS + nf * SF + sf]
//
// II = 1, latency 6 + LATE cycles; for cascades so many for the first place. No stalls and no reset: it
// reads in every cycle. LOADED: the words come over the chain of load_words, of which this is a stage. TILES: over
// s_axis, those of so many tiles by turns, each of which is in use for TILE_IMAGES images; see weight_tiles.
module weight_reader #(
    parameter int unsigned WIDTH = 8,        // bits of a word
    parameter int unsigned WORDS = 16,       // of the memory
    parameter int unsigned ROW_WORDS = 8,    // of a row of blocks of taps
    parameter int unsigned BLOCK_WORDS = 4,  // of a block of taps
    parameter int unsigned SF = 2,           // of an output channel in a block
    parameter int unsigned LATE = 0,         // cycles that operands come later
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
    parameter STYLE = "distributed",         // see weight_rom, weight_ram
    parameter bit LOADED = 0,
    parameter int unsigned TILES = 0,        // 0: none, else
    /* verilator lint_off UNUSEDPARAM */
    parameter int unsigned TILE_IMAGES = 1,
    /* verilator lint_on UNUSEDPARAM */
    parameter int unsigned BEAT = 8          // bits of s_axis
) (
    input logic ap_clk,
    input logic ap_rst_n,                    // for TILES only, as what follows
    input logic [BEAT-1:0] s_axis_tdata,
    input logic s_axis_tlast,
    input logic s_axis_tvalid,
    output logic s_axis_tready,
    output logic error,                      // see weight_tiles
    output logic full,
    input logic begun,
    input logic image_end,                   // this step is an image's last
    input logic [9:0] load_in,               // the chain, for LOADED only
    output logic [9:0] load_out,
    input logic [WYW-1:0] wy,   // block of taps, row and column
    input logic [WXW-1:0] wx,
    input logic [NFW-1:0] nf,   // neuron fold
    input logic [SFW-1:0] sf,   // synapse fold
    output logic [WIDTH-1:0] data
);

  // The banks of tiles, which begin in beats of their own.
  localparam int unsigned RATIO = WIDTH > BEAT ? 1 : BEAT >> $clog2(WIDTH);
  localparam int unsigned BANK = (WORDS + RATIO - 1) / RATIO * RATIO;
  localparam int unsigned ALL = TILES > 0 ? 2 * BANK : WORDS;
  localparam int unsigned AW = $clog2(ALL) + 1;  // one bit more keeps every constant representable
  logic [AW-1:0] row1_q, column1_q, fold1_q, bank1, block2_q, fold2_q, address3_q, address;
  always_ff @(posedge ap_clk) begin
    row1_q     <= AW'(32'(wy) * ROW_WORDS);
    column1_q  <= AW'(32'(wx) * BLOCK_WORDS);
    fold1_q    <= AW'(32'(nf) * SF) + AW'(sf);
    block2_q   <= row1_q + column1_q;
    fold2_q    <= fold1_q + bank1;
    address3_q <= block2_q + fold2_q;
  end
  if (LATE > 0) begin : gen_later
    (* shreg_extract = "no" *) logic [LATE-1:0][AW-1:0] address_q;
    always_ff @(posedge ap_clk) address_q <= (LATE * AW)'({address_q, address3_q});
    assign address = address_q[LATE-1];
  end else begin : gen_now
    assign address = address3_q;
  end

  localparam int unsigned USED = ALL > 1 ? $clog2(ALL) : 1;
  if (TILES > 0) begin : gen_tiles
    localparam int unsigned IW = $clog2(TILE_IMAGES + 1);
    logic [IW-1:0] image_q;
    logic bank_q, bank1_q, used;
    assign used = image_end && image_q == IW'(TILE_IMAGES - 1);
    assign bank1 = bank1_q ? AW'(BANK) : '0;
    always_ff @(posedge ap_clk) begin
      bank1_q <= bank_q;
      if (!ap_rst_n) begin
        image_q <= '0;
        bank_q <= 1'b0;
      end else if (image_end) begin
        image_q <= used ? '0 : image_q + 1'b1;
        bank_q <= bank_q ^ used;
      end
    end
    logic [WIDTH-1:0] word;
    weight_tiles #(.WIDTH(WIDTH), .DEPTH(WORDS), .TILES(TILES), .BEAT(BEAT), .STYLE(STYLE),
                   .READ_LAG(6 + LATE)) tiles (
        .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(s_axis_tdata), .s_axis_tlast(s_axis_tlast),
        .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready), .error(error), .full(full), .begun(begun),
        .used(used), .address(address[USED-1:0]), .data(word));
    if (CHAIN > 0) begin : gen_places
      cascade_delay #(.PE(PE), .SIMD(WIDTH / PE / BITS), .CHAIN(CHAIN), .BITS(BITS)) places (
          .clk(ap_clk), .word(word), .data(data));
    end else begin : gen_word
      assign data = word;
    end
  end else if (LOADED) begin : gen_ram
    logic write;
    logic [USED-1:0] write_address;
    logic [WIDTH-1:0] write_data;
    load_words #(.WIDTH(WIDTH), .DEPTH(WORDS)) words (
        .clk(ap_clk), .load_in(load_in), .load_out(load_out), .write(write), .address(write_address),
        .data(write_data));
    logic [WIDTH-1:0] word;
    weight_ram #(.WIDTH(WIDTH), .DEPTH(WORDS), .STYLE(STYLE)) ram (
        .clk(ap_clk), .address(address[USED-1:0]), .data(word), .write(write), .write_address(write_address),
        .write_data(write_data));
    if (CHAIN > 0) begin : gen_places
      cascade_delay #(.PE(PE), .SIMD(WIDTH / PE / BITS), .CHAIN(CHAIN), .BITS(BITS)) places (
          .clk(ap_clk), .word(word), .data(data));
    end else begin : gen_word
      assign data = word;
    end
  end else if (CHAIN > 0) begin : gen_cascade
    cascade_rom #(.PE(PE), .SIMD(WIDTH / PE / BITS), .CHAIN(CHAIN), .BITS(BITS), .DEPTH(WORDS), .FILE(FILE),
                  .STYLE(STYLE)) rom (
        .clk(ap_clk), .address(address[USED-1:0]), .data(data));
  end else begin : gen_rom
    weight_rom #(.WIDTH(WIDTH), .DEPTH(WORDS), .FILE(FILE), .STYLE(STYLE)) rom (
        .clk(ap_clk), .address(address[USED-1:0]), .data(data));
  end

  if (!LOADED) begin : gen_no_chain
    assign load_out = load_in;
  end
  if (TILES == 0) begin : gen_no_tiles
    assign bank1 = '0;
    assign {s_axis_tready, error, full} = '0;
  end
  logic unused;  // the bits that keep constants representable, what only tiles need
  assign unused = &{1'b0, address, ap_rst_n, s_axis_tdata, s_axis_tlast, s_axis_tvalid, begun, image_end};

endmodule
