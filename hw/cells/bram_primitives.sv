// SPDX-License-Identifier: Apache-2.0
// Block RAM by the names, pins and parameters of Xilinx: RAMB18E1 and RAMB36E1 (7-series), RAMB18E2 and RAMB36E2
// (UltraScale+). How they behave: bram.sv.

`define FPGAN_ROW(NAME) \
    NAME``0 = 0, NAME``1 = 0, NAME``2 = 0, NAME``3 = 0, NAME``4 = 0, NAME``5 = 0, NAME``6 = 0, NAME``7 = 0
`define FPGAN_ROW16(NAME) `FPGAN_ROW(NAME), \
    NAME``8 = 0, NAME``9 = 0, NAME``A = 0, NAME``B = 0, NAME``C = 0, NAME``D = 0, NAME``E = 0, NAME``F = 0
`define FPGAN_WORD(NAME) \
    NAME``7, NAME``6, NAME``5, NAME``4, NAME``3, NAME``2, NAME``1, NAME``0
`define FPGAN_WORD16(NAME) \
    NAME``F, NAME``E, NAME``D, NAME``C, NAME``B, NAME``A, NAME``9, NAME``8, `FPGAN_WORD(NAME)

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
