// SPDX-License-Identifier: Apache-2.0
// Block RAM, as the primitives of bram_primitives.sv use it.
//
//   On a clock with EN the lanes (8 bits and their parity) with WE are written; the output latch takes SRVAL
//   where RSTRAM is set, else the word as it was (READ_FIRST), as it becomes (WRITE_FIRST), or nothing while
//   any lane is written (NO_CHANGE). With DOx_REG = 1 a register with REGCE and RSTREG follows.
//
// Where one port writes the word that the other reads, READ_FIRST of the writing port gives the old word. Of
// the other modes the data sheet says nothing: the model answers with the old word inverted, so that a design
// that relies on it shows. Both ports must have one clock. What is not modelled stops the simulation: ECC,
// cascades, inverted pins, widths with parity beside widths without.

// {parity, data} of a latch's start and reset value, HALF data bits in each of two parts -> lanes of 9 bits
package fpgan_bram_pkg;
  function automatic [71:0] weave(input [71:0] low, input [71:0] high, input integer half, input integer width);
    bit [63:0] data;
    bit [7:0] parity;
    integer lanes = width > 8 ? width / 9 : 1;
    if (width <= 8) return low;
    if (lanes * 8 > half) begin  // both parts
      data = (64'(low) & ((64'd1 << half) - 1)) | (64'(high) << half);
      parity = 8'((low >> half) & ((72'd1 << (half / 8)) - 1)) | 8'((high >> half) << (half / 8));
    end else begin
      data = 64'(low);
      parity = 8'(low >> (8 * lanes));
    end
    for (int lane = 0; lane < 8; lane++) weave[9*lane+:9] = {parity[lane], data[8*lane+:8]};
  endfunction
endpackage

// Two ports with a data path of 64 + 8 bits each; [0] is port A, [1] port B. addr counts data bits.
module fpgan_bram #(
    parameter BITS = 16384,  // data bits, without parity
    parameter [BITS-1:0] DATA = 0,
    parameter [BITS/8-1:0] PARITY = 0,
    parameter READ_A = 0, WRITE_A = 0, READ_B = 0, WRITE_B = 0,  // 1, 2, 4, 9, 18, 36, 72; 0: unused
    parameter MODE_A = "READ_FIRST", MODE_B = "READ_FIRST",
    parameter REG_A = 0, REG_B = 0,
    parameter PRIORITY_A = "RSTREG", PRIORITY_B = "RSTREG",
    parameter [71:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0,  // weave(parity, data)
    parameter [0:0] UNMODELLED = 0,  // something else than this is asked for
    localparam AW = $clog2(BITS)
) (
    input [1:0] clk, en, rstram, rstreg, regce,
    input [1:0][AW-1:0] addr,
    input [1:0][63:0] di,
    input [1:0][7:0] dip, we,
    output [1:0][63:0] dout,
    output [1:0][7:0] doutp
);
  function automatic integer largest(integer a, integer b);
    return a > b ? a : b;
  endfunction
  localparam WORD = largest(largest(READ_A, WRITE_A), largest(READ_B, WRITE_B));  // bits of a row
  localparam LANE = WORD > 8 ? 9 : WORD;
  localparam LOW = $clog2(WORD > 8 ? WORD / 9 * 8 : WORD);  // address bits within a row
  localparam ROWS = BITS >> LOW;

  function automatic bit fits(integer width);
    return width == 0 || (width inside {1, 2, 4, 9, 18, 36, 72} && (width > 8) == (WORD > 8));
  endfunction
  if (!fits(READ_A) || !fits(WRITE_A) || !fits(READ_B) || !fits(WRITE_B)) begin : gen_bad_width
    $error("block RAM: widths %0d, %0d, %0d and %0d are not modelled together", READ_A, WRITE_A, READ_B,
        WRITE_B);
  end
  if (UNMODELLED) begin : gen_bad_option
    $error("block RAM: ECC, cascades, address enables and inverted pins are not modelled");
  end

  reg [WORD-1:0] words[ROWS];
  initial
    for (int row = 0; row < ROWS; row++)
      if (WORD > 8)
        for (int lane = 0; lane < WORD / 9; lane++) begin
          words[row][9*lane+:8] = DATA[8*(row*(WORD/9)+lane)+:8];
          words[row][9*lane+8] = PARITY[row*(WORD/9)+lane];
        end
      else words[row] = DATA[row*WORD+:WORD];

  for (genvar p = 0; p < 2; p++) begin : gen_port
    localparam READ = p == 0 ? READ_A : READ_B, WRITE = p == 0 ? WRITE_A : WRITE_B;
    localparam OTHER_WRITE = p == 0 ? WRITE_B : WRITE_A;
    localparam MODE = p == 0 ? MODE_A : MODE_B, OTHER_MODE = p == 0 ? MODE_B : MODE_A;
    localparam LANES = WRITE > 8 ? WRITE / 9 : 1, OTHER_LANES = OTHER_WRITE > 8 ? OTHER_WRITE / 9 : 1;
    localparam [71:0] SRVAL = p == 0 ? SRVAL_A : SRVAL_B;

    if (MODE != "READ_FIRST" && MODE != "WRITE_FIRST" && MODE != "NO_CHANGE") begin : gen_bad_mode
      $error("block RAM: WRITE_MODE %s does not exist", MODE);
    end
    if (MODE == "WRITE_FIRST" && READ != 0 && WRITE != 0 && READ != WRITE) begin : gen_bad_write_first
      $error("block RAM: WRITE_FIRST is not modelled where a port reads %0d bits and writes %0d", READ, WRITE);
    end

    wire [AW-LOW-1:0] row = addr[p][AW-1:LOW];
    wire [71:0] given;  // word to write
    if (WORD > 8) begin : gen_weave
      for (genvar lane = 0; lane < 8; lane++) begin : gen_lane
        assign given[9*lane+:9] = {dip[p][lane], di[p][8*lane+:8]};
      end
    end else begin : gen_plain
      assign given = 72'(di[p]);
    end

    wire [31:0] to;  // bit of the row where the written word starts
    if (WRITE == WORD || WRITE == 0) begin : gen_write_row
      assign to = 0;
    end else begin : gen_write_part
      localparam SMALL = $clog2(WRITE > 8 ? WRITE / 9 * 8 : WRITE);
      assign to = 32'(addr[p][LOW-1:SMALL]) * WRITE;
    end
    if (WRITE != 0) begin : gen_write
      always @(posedge clk[p])
        if (en[p])
          for (int lane = 0; lane < LANES; lane++)
            if (we[p][lane]) words[row][to+32'(lane*LANE)+:LANE] <= given[lane*LANE+:LANE];
    end

    reg [71:0] latch;
    initial latch = p == 0 ? INIT_A : INIT_B;
    if (READ != 0) begin : gen_read
      wire [31:0] from;
      if (READ == WORD) begin : gen_read_row
        assign from = 0;
      end else begin : gen_read_part
        localparam SMALL = $clog2(READ > 8 ? READ / 9 * 8 : READ);
        assign from = 32'(addr[p][LOW-1:SMALL]) * READ;
      end
      wire writes = WRITE != 0 && we[p][LANES-1:0] != 0;
      wire clash;  // the other port writes what this one reads, with undefined result
      if (OTHER_WRITE != 0 && OTHER_MODE != "READ_FIRST") begin : gen_clash
        localparam WIDER = largest(READ, OTHER_WRITE);
        localparam SAME = $clog2(WIDER > 8 ? WIDER / 9 * 8 : WIDER);
        assign clash = en[1-p] && we[1-p][OTHER_LANES-1:0] != 0 && addr[p][AW-1:SAME] == addr[1-p][AW-1:SAME];
      end else begin : gen_no_clash
        assign clash = 0;
      end
      wire [READ-1:0] old = words[row][from+:READ];
      reg [READ-1:0] taken;
      always @* begin
        taken = clash ? ~old : old;
        if (MODE == "WRITE_FIRST" && WRITE != 0)
          for (int lane = 0; lane < LANES; lane++)
            if (we[p][lane]) taken[lane*LANE+:LANE] = given[lane*LANE+:LANE];
      end
      always @(posedge clk[p])
        if (en[p]) begin
          if (rstram[p]) latch <= SRVAL;
          else if (MODE != "NO_CHANGE" || !writes) latch[READ-1:0] <= taken;
        end
    end

    wire [71:0] result;
    if ((p == 0 ? REG_A : REG_B) != 0) begin : gen_register
      localparam PRIORITY = p == 0 ? PRIORITY_A : PRIORITY_B;
      reg [71:0] out;
      initial out = p == 0 ? INIT_A : INIT_B;
      always @(posedge clk[p])
        if (rstreg[p] && (PRIORITY == "RSTREG" || regce[p])) out <= SRVAL;
        else if (regce[p]) out <= latch;
      assign result = out;
    end else begin : gen_latch
      assign result = latch;
    end
    if (WORD > 8) begin : gen_unweave
      for (genvar lane = 0; lane < 8; lane++) begin : gen_lane
        assign {doutp[p][lane], dout[p][8*lane+:8]} = result[9*lane+:9];
      end
    end else begin : gen_unplain
      assign dout[p] = 64'(result);
      assign doutp[p] = '0;
    end
  end

  if ((READ_A != 0 || WRITE_A != 0) && (READ_B != 0 || WRITE_B != 0)) begin : gen_one_clock
    always @(posedge clk[0])
      if (!clk[1]) begin
        $error("block RAM: ports with different clocks are not modelled");
        $finish;
      end
  end
endmodule
