// SPDX-License-Identifier: Apache-2.0
// Declarations of the Xilinx primitives that the sources instantiate, for the synthesis front end: ports and
// parameters with their widths, no function. Yosys' own cell library takes over when it maps.

(* blackbox *)
module LUT6_2 #(
    parameter [63:0] INIT = 64'h0
) (
    output O6, O5,
    input I0, I1, I2, I3, I4, I5
);
endmodule

(* blackbox *)
module SRL16E #(
    parameter [15:0] INIT = 16'h0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0
) (
    output Q,
    input A0, A1, A2, A3, CE, CLK, D
);
endmodule

(* blackbox *)
module SRLC32E #(
    parameter [31:0] INIT = 32'h0,
    parameter [0:0] IS_CLK_INVERTED = 1'b0
) (
    output Q, Q31,
    input [4:0] A,
    input CE, CLK, D
);
endmodule

(* blackbox *)
module CARRY4 (
    output [3:0] CO, O,
    input CI, CYINIT,
    input [3:0] DI, S
);
endmodule

(* blackbox *)
module CARRY8 #(
    parameter CARRY_TYPE = "SINGLE_CY8"
) (
    output [7:0] CO, O,
    input CI, CI_TOP,
    input [7:0] DI, S
);
endmodule

(* blackbox *)
module DSP48E1 #(
    parameter integer ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1,
    parameter integer CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1,
    parameter integer OPMODEREG = 1, PREG = 1,
    parameter AUTORESET_PATDET = "NO_RESET", A_INPUT = "DIRECT", B_INPUT = "DIRECT",
    parameter SEL_MASK = "MASK", SEL_PATTERN = "PATTERN", USE_DPORT = "FALSE", USE_MULT = "MULTIPLY",
    parameter USE_PATTERN_DETECT = "NO_PATDET", USE_SIMD = "ONE48",
    parameter [47:0] MASK = 48'h3FFFFFFFFFFF, PATTERN = 48'h0,
    parameter [3:0] IS_ALUMODE_INVERTED = 4'h0,
    parameter [0:0] IS_CARRYIN_INVERTED = 1'b0, IS_CLK_INVERTED = 1'b0,
    parameter [4:0] IS_INMODE_INVERTED = 5'h0,
    parameter [6:0] IS_OPMODE_INVERTED = 7'h0
) (
    output [29:0] ACOUT,
    output [17:0] BCOUT,
    output [47:0] P, PCOUT,
    output [3:0] CARRYOUT,
    output CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT, PATTERNDETECT, UNDERFLOW,
    input [29:0] A, ACIN,
    input [17:0] B, BCIN,
    input [47:0] C, PCIN,
    input [24:0] D,
    input [3:0] ALUMODE,
    input [2:0] CARRYINSEL,
    input [4:0] INMODE,
    input [6:0] OPMODE,
    input CARRYCASCIN, CARRYIN, MULTSIGNIN, CLK,
    input CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN, CECTRL, CED, CEINMODE, CEM, CEP,
    input RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP
);
endmodule

(* blackbox *)
module DSP48E2 #(
    parameter integer ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1,
    parameter integer CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1,
    parameter integer OPMODEREG = 1, PREG = 1,
    parameter AMULTSEL = "A", BMULTSEL = "B", PREADDINSEL = "A", A_INPUT = "DIRECT", B_INPUT = "DIRECT",
    parameter AUTORESET_PATDET = "NO_RESET", AUTORESET_PRIORITY = "RESET",
    parameter SEL_MASK = "MASK", SEL_PATTERN = "PATTERN", USE_MULT = "MULTIPLY",
    parameter USE_PATTERN_DETECT = "NO_PATDET", USE_SIMD = "ONE48", USE_WIDEXOR = "FALSE",
    parameter XORSIMD = "XOR24_48_96",
    parameter [47:0] MASK = 48'h3FFFFFFFFFFF, PATTERN = 48'h0, RND = 48'h0,
    parameter [3:0] IS_ALUMODE_INVERTED = 4'h0,
    parameter [4:0] IS_INMODE_INVERTED = 5'h0,
    parameter [8:0] IS_OPMODE_INVERTED = 9'h0,
    parameter [0:0] IS_CARRYIN_INVERTED = 1'b0, IS_CLK_INVERTED = 1'b0,
    parameter [0:0] IS_RSTALLCARRYIN_INVERTED = 1'b0, IS_RSTALUMODE_INVERTED = 1'b0,
    parameter [0:0] IS_RSTA_INVERTED = 1'b0, IS_RSTB_INVERTED = 1'b0, IS_RSTC_INVERTED = 1'b0,
    parameter [0:0] IS_RSTCTRL_INVERTED = 1'b0, IS_RSTD_INVERTED = 1'b0, IS_RSTINMODE_INVERTED = 1'b0,
    parameter [0:0] IS_RSTM_INVERTED = 1'b0, IS_RSTP_INVERTED = 1'b0
) (
    output [29:0] ACOUT,
    output [17:0] BCOUT,
    output [47:0] P, PCOUT,
    output [3:0] CARRYOUT,
    output [7:0] XOROUT,
    output CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, PATTERNBDETECT, PATTERNDETECT, UNDERFLOW,
    input [29:0] A, ACIN,
    input [17:0] B, BCIN,
    input [47:0] C, PCIN,
    input [26:0] D,
    input [3:0] ALUMODE,
    input [2:0] CARRYINSEL,
    input [4:0] INMODE,
    input [8:0] OPMODE,
    input CARRYCASCIN, CARRYIN, MULTSIGNIN, CLK,
    input CEA1, CEA2, CEAD, CEALUMODE, CEB1, CEB2, CEC, CECARRYIN, CECTRL, CED, CEINMODE, CEM, CEP,
    input RSTA, RSTALLCARRYIN, RSTALUMODE, RSTB, RSTC, RSTCTRL, RSTD, RSTINMODE, RSTM, RSTP
);
endmodule
