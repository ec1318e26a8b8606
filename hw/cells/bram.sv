// SPDX-License-Identifier: Apache-2.0
// Block RAM: RAMB18E1 and RAMB36E1 (7-series), RAMB18E2 and RAMB36E2 (UltraScale+).
//
//   On a clock with EN the lanes (8 bits and their parity) with WE are written; the output latch takes SRVAL
//   where RSTRAM is set, else the word as it was (READ_FIRST), as it becomes (WRITE_FIRST), or nothing while
//   any lane is written (NO_CHANGE). With DOx_REG = 1 a register with REGCE and RSTREG follows.
//
// Where one port writes the word that the other reads, READ_FIRST of the writing port gives the old word. Of
// the other modes the data sheet says nothing: the model answers with the old word inverted, so that a design
// that relies on it shows. Both ports must have one clock. What is not modelled stops the simulation: ECC,
// cascades, inverted pins, widths with parity beside widths without.

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

`define FPGAN_ROW(NAME) \
    NAME``0 = 0, NAME``1 = 0, NAME``2 = 0, NAME``3 = 0, NAME``4 = 0, NAME``5 = 0, NAME``6 = 0, NAME``7 = 0
`define FPGAN_ROW16(NAME) `FPGAN_ROW(NAME), \
    NAME``8 = 0, NAME``9 = 0, NAME``A = 0, NAME``B = 0, NAME``C = 0, NAME``D = 0, NAME``E = 0, NAME``F = 0
`define FPGAN_WORD(NAME) \
    NAME``7, NAME``6, NAME``5, NAME``4, NAME``3, NAME``2, NAME``1, NAME``0
`define FPGAN_WORD16(NAME) \
    NAME``F, NAME``E, NAME``D, NAME``C, NAME``B, NAME``A, NAME``9, NAME``8, `FPGAN_WORD(NAME)

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

module RAMB18E1 import fpgan_bram_pkg::*; #(
    parameter [255:0]
        `FPGAN_ROW16(INIT_0),
        `FPGAN_ROW16(INIT_1),
        `FPGAN_ROW16(INIT_2),
        `FPGAN_ROW16(INIT_3),
    parameter [255:0] `FPGAN_ROW(INITP_0),
    parameter integer DOA_REG = 0, DOB_REG = 0,
    parameter integer READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST",
    parameter RSTREG_PRIORITY_A = "RSTREG", RSTREG_PRIORITY_B = "RSTREG",
    parameter [17:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0,
    parameter RAM_MODE = "TDP", RDADDR_COLLISION_HWCONFIG = "DELAYED_WRITE", SIM_DEVICE = "7SERIES",
    parameter SIM_COLLISION_CHECK = "ALL", INIT_FILE = "NONE",
    parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_CLKBWRCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0,
        IS_ENBWREN_INVERTED = 0,
    parameter [0:0] IS_RSTRAMARSTRAM_INVERTED = 0, IS_RSTRAMB_INVERTED = 0, IS_RSTREGARSTREG_INVERTED = 0,
        IS_RSTREGB_INVERTED = 0
) (
    output [15:0] DOADO, DOBDO,
    output [1:0] DOPADOP, DOPBDOP,
    input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB,
        RSTREGARSTREG, RSTREGB,
    input [13:0] ADDRARDADDR, ADDRBWRADDR,
    input [15:0] DIADI, DIBDI,
    input [1:0] DIPADIP, DIPBDIP, WEA,
    input [3:0] WEBWE
);
  // a port of 36 bits takes both halves: port A reads them, port B writes them
  wire wide_write = WRITE_WIDTH_B == 36;
  wire [1:0][63:0] dout;
  wire [1:0][7:0] doutp;
  fpgan_bram #(
      .BITS(16384),
      .DATA({`FPGAN_WORD16(INIT_3), `FPGAN_WORD16(INIT_2), `FPGAN_WORD16(INIT_1), `FPGAN_WORD16(INIT_0)}),
      .PARITY({`FPGAN_WORD(INITP_0)}),
      .READ_A(READ_WIDTH_A), .WRITE_A(WRITE_WIDTH_A), .READ_B(READ_WIDTH_B), .WRITE_B(WRITE_WIDTH_B),
      .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .REG_A(DOA_REG), .REG_B(DOB_REG),
      .PRIORITY_A(RSTREG_PRIORITY_A), .PRIORITY_B(RSTREG_PRIORITY_B),
      .INIT_A(weave(72'(INIT_A), 72'(INIT_B), 16, READ_WIDTH_A)),
      .INIT_B(weave(72'(INIT_B), 72'd0, 16, READ_WIDTH_B)),
      .SRVAL_A(weave(72'(SRVAL_A), 72'(SRVAL_B), 16, READ_WIDTH_A)),
      .SRVAL_B(weave(72'(SRVAL_B), 72'd0, 16, READ_WIDTH_B)),
      .UNMODELLED(INIT_FILE != "NONE" || IS_CLKARDCLK_INVERTED || IS_CLKBWRCLK_INVERTED || IS_ENARDEN_INVERTED
          || IS_ENBWREN_INVERTED || IS_RSTRAMARSTRAM_INVERTED || IS_RSTRAMB_INVERTED
              || IS_RSTREGARSTREG_INVERTED
          || IS_RSTREGB_INVERTED)
  ) ram (
      .clk({CLKBWRCLK, CLKARDCLK}), .en({ENBWREN, ENARDEN}), .rstram({RSTRAMB, RSTRAMARSTRAM}),
      .rstreg({RSTREGB, RSTREGARSTREG}), .regce({REGCEB, REGCEAREGCE}),
      .addr({ADDRBWRADDR, ADDRARDADDR}),
      .di({wide_write ? 64'({DIBDI, DIADI}) : 64'(DIBDI), 64'(DIADI)}),
      .dip({wide_write ? 8'({DIPBDIP, DIPADIP}) : 8'(DIPBDIP), 8'(DIPADIP)}),
      .we({8'(WEBWE), 8'(WEA)}), .dout(dout), .doutp(doutp)
  );
  assign DOADO = dout[0][15:0];
  assign DOPADOP = doutp[0][1:0];
  assign DOBDO = READ_WIDTH_A == 36 ? dout[0][31:16] : dout[1][15:0];
  assign DOPBDOP = READ_WIDTH_A == 36 ? doutp[0][3:2] : doutp[1][1:0];
endmodule

module RAMB36E1 import fpgan_bram_pkg::*; #(
    parameter [255:0]
        `FPGAN_ROW16(INIT_0),
        `FPGAN_ROW16(INIT_1),
        `FPGAN_ROW16(INIT_2),
        `FPGAN_ROW16(INIT_3),
        `FPGAN_ROW16(INIT_4),
        `FPGAN_ROW16(INIT_5),
        `FPGAN_ROW16(INIT_6),
        `FPGAN_ROW16(INIT_7),
    parameter [255:0] `FPGAN_ROW16(INITP_0),
    parameter integer DOA_REG = 0, DOB_REG = 0,
    parameter integer READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "WRITE_FIRST", WRITE_MODE_B = "WRITE_FIRST",
    parameter RSTREG_PRIORITY_A = "RSTREG", RSTREG_PRIORITY_B = "RSTREG",
    parameter [35:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0,
    parameter RAM_MODE = "TDP", RDADDR_COLLISION_HWCONFIG = "DELAYED_WRITE", SIM_DEVICE = "7SERIES",
    parameter RAM_EXTENSION_A = "NONE", RAM_EXTENSION_B = "NONE",
    parameter EN_ECC_READ = "FALSE", EN_ECC_WRITE = "FALSE",
    parameter SIM_COLLISION_CHECK = "ALL", INIT_FILE = "NONE",
    parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_CLKBWRCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0,
        IS_ENBWREN_INVERTED = 0,
    parameter [0:0] IS_RSTRAMARSTRAM_INVERTED = 0, IS_RSTRAMB_INVERTED = 0, IS_RSTREGARSTREG_INVERTED = 0,
        IS_RSTREGB_INVERTED = 0
) (
    output [31:0] DOADO, DOBDO,
    output [3:0] DOPADOP, DOPBDOP,
    input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB,
        RSTREGARSTREG, RSTREGB,
    input [15:0] ADDRARDADDR, ADDRBWRADDR,
    input [31:0] DIADI, DIBDI,
    input [3:0] DIPADIP, DIPBDIP, WEA,
    input [7:0] WEBWE
);
  // a port of 72 bits takes both halves: port A reads them, port B writes them
  wire wide_write = WRITE_WIDTH_B == 72;
  wire [1:0][63:0] dout;
  wire [1:0][7:0] doutp;
  fpgan_bram #(
      .BITS(32768),
      .DATA({`FPGAN_WORD16(INIT_7), `FPGAN_WORD16(INIT_6), `FPGAN_WORD16(INIT_5), `FPGAN_WORD16(INIT_4),
          `FPGAN_WORD16(INIT_3), `FPGAN_WORD16(INIT_2), `FPGAN_WORD16(INIT_1), `FPGAN_WORD16(INIT_0)}),
      .PARITY({`FPGAN_WORD16(INITP_0)}),
      .READ_A(READ_WIDTH_A), .WRITE_A(WRITE_WIDTH_A), .READ_B(READ_WIDTH_B), .WRITE_B(WRITE_WIDTH_B),
      .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .REG_A(DOA_REG), .REG_B(DOB_REG),
      .PRIORITY_A(RSTREG_PRIORITY_A), .PRIORITY_B(RSTREG_PRIORITY_B),
      .INIT_A(weave(72'(INIT_A), 72'(INIT_B), 32, READ_WIDTH_A)),
      .INIT_B(weave(72'(INIT_B), 72'd0, 32, READ_WIDTH_B)),
      .SRVAL_A(weave(72'(SRVAL_A), 72'(SRVAL_B), 32, READ_WIDTH_A)),
      .SRVAL_B(weave(72'(SRVAL_B), 72'd0, 32, READ_WIDTH_B)),
      .UNMODELLED(RAM_EXTENSION_A != "NONE" || RAM_EXTENSION_B != "NONE" || EN_ECC_READ != "FALSE"
          || EN_ECC_WRITE != "FALSE"
          || INIT_FILE != "NONE" || IS_CLKARDCLK_INVERTED || IS_CLKBWRCLK_INVERTED || IS_ENARDEN_INVERTED
          || IS_ENBWREN_INVERTED || IS_RSTRAMARSTRAM_INVERTED || IS_RSTRAMB_INVERTED
              || IS_RSTREGARSTREG_INVERTED
          || IS_RSTREGB_INVERTED)
  ) ram (
      .clk({CLKBWRCLK, CLKARDCLK}), .en({ENBWREN, ENARDEN}), .rstram({RSTRAMB, RSTRAMARSTRAM}),
      .rstreg({RSTREGB, RSTREGARSTREG}), .regce({REGCEB, REGCEAREGCE}),
      .addr({ADDRBWRADDR[14:0], ADDRARDADDR[14:0]}),
      .di({wide_write ? 64'({DIBDI, DIADI}) : 64'(DIBDI), 64'(DIADI)}),
      .dip({wide_write ? 8'({DIPBDIP, DIPADIP}) : 8'(DIPBDIP), 8'(DIPADIP)}),
      .we({8'(WEBWE), 8'(WEA)}), .dout(dout), .doutp(doutp)
  );
  assign DOADO = dout[0][31:0];
  assign DOPADOP = doutp[0][3:0];
  assign DOBDO = READ_WIDTH_A == 72 ? dout[0][63:32] : dout[1][31:0];
  assign DOPBDOP = READ_WIDTH_A == 72 ? doutp[0][7:4] : doutp[1][3:0];
endmodule

module RAMB18E2 import fpgan_bram_pkg::*; #(
    parameter [255:0]
        `FPGAN_ROW16(INIT_0),
        `FPGAN_ROW16(INIT_1),
        `FPGAN_ROW16(INIT_2),
        `FPGAN_ROW16(INIT_3),
    parameter [255:0] `FPGAN_ROW(INITP_0),
    parameter integer DOA_REG = 1, DOB_REG = 1,
    parameter integer READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "NO_CHANGE", WRITE_MODE_B = "NO_CHANGE",
    parameter RSTREG_PRIORITY_A = "RSTREG", RSTREG_PRIORITY_B = "RSTREG",
    parameter [17:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0,
    parameter CASCADE_ORDER_A = "NONE", CASCADE_ORDER_B = "NONE", CLOCK_DOMAINS = "INDEPENDENT",
    parameter ENADDRENA = "FALSE", ENADDRENB = "FALSE", RDADDRCHANGEA = "FALSE", RDADDRCHANGEB = "FALSE",
    parameter SIM_COLLISION_CHECK = "ALL", INIT_FILE = "NONE",
    parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_CLKBWRCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0,
        IS_ENBWREN_INVERTED = 0,
    parameter [0:0] IS_RSTRAMARSTRAM_INVERTED = 0, IS_RSTRAMB_INVERTED = 0, IS_RSTREGARSTREG_INVERTED = 0,
        IS_RSTREGB_INVERTED = 0
) (
    output [15:0] DOUTADOUT, DOUTBDOUT,
    output [1:0] DOUTPADOUTP, DOUTPBDOUTP,
    input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB,
        RSTREGARSTREG, RSTREGB,
    input ADDRENA, ADDRENB, SLEEP,  // without function: address enables are off, sleep is not modelled
    input [13:0] ADDRARDADDR, ADDRBWRADDR,
    input [15:0] DINADIN, DINBDIN,
    input [1:0] DINPADINP, DINPBDINP, WEA,
    input [3:0] WEBWE
);
  // a port of 36 bits takes both halves: port A reads them, port B writes them
  wire wide_write = WRITE_WIDTH_B == 36;
  wire [1:0][63:0] dout;
  wire [1:0][7:0] doutp;
  fpgan_bram #(
      .BITS(16384),
      .DATA({`FPGAN_WORD16(INIT_3), `FPGAN_WORD16(INIT_2), `FPGAN_WORD16(INIT_1), `FPGAN_WORD16(INIT_0)}),
      .PARITY({`FPGAN_WORD(INITP_0)}),
      .READ_A(READ_WIDTH_A), .WRITE_A(WRITE_WIDTH_A), .READ_B(READ_WIDTH_B), .WRITE_B(WRITE_WIDTH_B),
      .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .REG_A(DOA_REG), .REG_B(DOB_REG),
      .PRIORITY_A(RSTREG_PRIORITY_A), .PRIORITY_B(RSTREG_PRIORITY_B),
      .INIT_A(weave(72'(INIT_A), 72'(INIT_B), 16, READ_WIDTH_A)),
      .INIT_B(weave(72'(INIT_B), 72'd0, 16, READ_WIDTH_B)),
      .SRVAL_A(weave(72'(SRVAL_A), 72'(SRVAL_B), 16, READ_WIDTH_A)),
      .SRVAL_B(weave(72'(SRVAL_B), 72'd0, 16, READ_WIDTH_B)),
      .UNMODELLED(CASCADE_ORDER_A != "NONE" || CASCADE_ORDER_B != "NONE" || ENADDRENA != "FALSE"
          || ENADDRENB != "FALSE"
          || INIT_FILE != "NONE" || IS_CLKARDCLK_INVERTED || IS_CLKBWRCLK_INVERTED || IS_ENARDEN_INVERTED
          || IS_ENBWREN_INVERTED || IS_RSTRAMARSTRAM_INVERTED || IS_RSTRAMB_INVERTED
              || IS_RSTREGARSTREG_INVERTED
          || IS_RSTREGB_INVERTED)
  ) ram (
      .clk({CLKBWRCLK, CLKARDCLK}), .en({ENBWREN, ENARDEN}), .rstram({RSTRAMB, RSTRAMARSTRAM}),
      .rstreg({RSTREGB, RSTREGARSTREG}), .regce({REGCEB, REGCEAREGCE}),
      .addr({ADDRBWRADDR, ADDRARDADDR}),
      .di({wide_write ? 64'({DINBDIN, DINADIN}) : 64'(DINBDIN), 64'(DINADIN)}),
      .dip({wide_write ? 8'({DINPBDINP, DINPADINP}) : 8'(DINPBDINP), 8'(DINPADINP)}),
      .we({8'(WEBWE), 8'(WEA)}), .dout(dout), .doutp(doutp)
  );
  assign DOUTADOUT = dout[0][15:0];
  assign DOUTPADOUTP = doutp[0][1:0];
  assign DOUTBDOUT = READ_WIDTH_A == 36 ? dout[0][31:16] : dout[1][15:0];
  assign DOUTPBDOUTP = READ_WIDTH_A == 36 ? doutp[0][3:2] : doutp[1][1:0];
endmodule

module RAMB36E2 import fpgan_bram_pkg::*; #(
    parameter [255:0]
        `FPGAN_ROW16(INIT_0),
        `FPGAN_ROW16(INIT_1),
        `FPGAN_ROW16(INIT_2),
        `FPGAN_ROW16(INIT_3),
        `FPGAN_ROW16(INIT_4),
        `FPGAN_ROW16(INIT_5),
        `FPGAN_ROW16(INIT_6),
        `FPGAN_ROW16(INIT_7),
    parameter [255:0] `FPGAN_ROW16(INITP_0),
    parameter integer DOA_REG = 1, DOB_REG = 1,
    parameter integer READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
    parameter WRITE_MODE_A = "NO_CHANGE", WRITE_MODE_B = "NO_CHANGE",
    parameter RSTREG_PRIORITY_A = "RSTREG", RSTREG_PRIORITY_B = "RSTREG",
    parameter [35:0] INIT_A = 0, INIT_B = 0, SRVAL_A = 0, SRVAL_B = 0,
    parameter CASCADE_ORDER_A = "NONE", CASCADE_ORDER_B = "NONE", CLOCK_DOMAINS = "INDEPENDENT",
    parameter ENADDRENA = "FALSE", ENADDRENB = "FALSE", RDADDRCHANGEA = "FALSE", RDADDRCHANGEB = "FALSE",
    parameter EN_ECC_PIPE = "FALSE", EN_ECC_READ = "FALSE", EN_ECC_WRITE = "FALSE",
    parameter SIM_COLLISION_CHECK = "ALL", INIT_FILE = "NONE",
    parameter [0:0] IS_CLKARDCLK_INVERTED = 0, IS_CLKBWRCLK_INVERTED = 0, IS_ENARDEN_INVERTED = 0,
        IS_ENBWREN_INVERTED = 0,
    parameter [0:0] IS_RSTRAMARSTRAM_INVERTED = 0, IS_RSTRAMB_INVERTED = 0, IS_RSTREGARSTREG_INVERTED = 0,
        IS_RSTREGB_INVERTED = 0
) (
    output [31:0] DOUTADOUT, DOUTBDOUT,
    output [3:0] DOUTPADOUTP, DOUTPBDOUTP,
    input CLKARDCLK, CLKBWRCLK, ENARDEN, ENBWREN, REGCEAREGCE, REGCEB, RSTRAMARSTRAM, RSTRAMB,
        RSTREGARSTREG, RSTREGB,
    input ADDRENA, ADDRENB, SLEEP,  // without function: address enables are off, sleep is not modelled
    input [14:0] ADDRARDADDR, ADDRBWRADDR,
    input [31:0] DINADIN, DINBDIN,
    input [3:0] DINPADINP, DINPBDINP, WEA,
    input [7:0] WEBWE
);
  // a port of 72 bits takes both halves: port A reads them, port B writes them
  wire wide_write = WRITE_WIDTH_B == 72;
  wire [1:0][63:0] dout;
  wire [1:0][7:0] doutp;
  fpgan_bram #(
      .BITS(32768),
      .DATA({`FPGAN_WORD16(INIT_7), `FPGAN_WORD16(INIT_6), `FPGAN_WORD16(INIT_5), `FPGAN_WORD16(INIT_4),
          `FPGAN_WORD16(INIT_3), `FPGAN_WORD16(INIT_2), `FPGAN_WORD16(INIT_1), `FPGAN_WORD16(INIT_0)}),
      .PARITY({`FPGAN_WORD16(INITP_0)}),
      .READ_A(READ_WIDTH_A), .WRITE_A(WRITE_WIDTH_A), .READ_B(READ_WIDTH_B), .WRITE_B(WRITE_WIDTH_B),
      .MODE_A(WRITE_MODE_A), .MODE_B(WRITE_MODE_B), .REG_A(DOA_REG), .REG_B(DOB_REG),
      .PRIORITY_A(RSTREG_PRIORITY_A), .PRIORITY_B(RSTREG_PRIORITY_B),
      .INIT_A(weave(72'(INIT_A), 72'(INIT_B), 32, READ_WIDTH_A)),
      .INIT_B(weave(72'(INIT_B), 72'd0, 32, READ_WIDTH_B)),
      .SRVAL_A(weave(72'(SRVAL_A), 72'(SRVAL_B), 32, READ_WIDTH_A)),
      .SRVAL_B(weave(72'(SRVAL_B), 72'd0, 32, READ_WIDTH_B)),
      .UNMODELLED(CASCADE_ORDER_A != "NONE" || CASCADE_ORDER_B != "NONE" || ENADDRENA != "FALSE"
          || ENADDRENB != "FALSE"
          || EN_ECC_READ != "FALSE" || EN_ECC_WRITE != "FALSE" || INIT_FILE != "NONE" || IS_CLKARDCLK_INVERTED
          || IS_CLKBWRCLK_INVERTED || IS_ENARDEN_INVERTED || IS_ENBWREN_INVERTED || IS_RSTRAMARSTRAM_INVERTED
          || IS_RSTRAMB_INVERTED || IS_RSTREGARSTREG_INVERTED || IS_RSTREGB_INVERTED)
  ) ram (
      .clk({CLKBWRCLK, CLKARDCLK}), .en({ENBWREN, ENARDEN}), .rstram({RSTRAMB, RSTRAMARSTRAM}),
      .rstreg({RSTREGB, RSTREGARSTREG}), .regce({REGCEB, REGCEAREGCE}),
      .addr({ADDRBWRADDR, ADDRARDADDR}),
      .di({wide_write ? 64'({DINBDIN, DINADIN}) : 64'(DINBDIN), 64'(DINADIN)}),
      .dip({wide_write ? 8'({DINPBDINP, DINPADINP}) : 8'(DINPBDINP), 8'(DINPADINP)}),
      .we({8'(WEBWE), 8'(WEA)}), .dout(dout), .doutp(doutp)
  );
  assign DOUTADOUT = dout[0][31:0];
  assign DOUTPADOUTP = doutp[0][3:0];
  assign DOUTBDOUT = READ_WIDTH_A == 72 ? dout[0][63:32] : dout[1][31:0];
  assign DOUTPBDOUTP = READ_WIDTH_A == 72 ? doutp[0][7:4] : doutp[1][3:0];
endmodule

`undef FPGAN_ROW
`undef FPGAN_ROW16
`undef FPGAN_WORD
`undef FPGAN_WORD16
