// SPDX-License-Identifier: Apache-2.0
// Flip-flops: synchronous reset and set (FDRE, FDSE), asynchronous clear and preset (FDCE, FDPE). Reset and set
// come before the clock enable. An INIT of x is a start value that the design shall not depend on.

module FDRE #(
    parameter [0:0] INIT = 1'b0, IS_C_INVERTED = 1'b0, IS_D_INVERTED = 1'b0, IS_R_INVERTED = 1'b0
) (
    output reg Q,
    input C, CE, D, R
);
  initial Q = INIT;
  if (IS_C_INVERTED) begin : gen_falling
    always @(negedge C)
      if (R ^ IS_R_INVERTED) Q <= 1'b0;
      else if (CE) Q <= D ^ IS_D_INVERTED;
  end else begin : gen_rising
    always @(posedge C)
      if (R ^ IS_R_INVERTED) Q <= 1'b0;
      else if (CE) Q <= D ^ IS_D_INVERTED;
  end
endmodule

module FDSE #(
    parameter [0:0] INIT = 1'b1, IS_C_INVERTED = 1'b0, IS_D_INVERTED = 1'b0, IS_S_INVERTED = 1'b0
) (
    output reg Q,
    input C, CE, D, S
);
  initial Q = INIT;
  if (IS_C_INVERTED) begin : gen_falling
    always @(negedge C)
      if (S ^ IS_S_INVERTED) Q <= 1'b1;
      else if (CE) Q <= D ^ IS_D_INVERTED;
  end else begin : gen_rising
    always @(posedge C)
      if (S ^ IS_S_INVERTED) Q <= 1'b1;
      else if (CE) Q <= D ^ IS_D_INVERTED;
  end
endmodule

module FDCE #(
    parameter [0:0] INIT = 1'b0, IS_C_INVERTED = 1'b0, IS_D_INVERTED = 1'b0, IS_CLR_INVERTED = 1'b0
) (
    output reg Q,
    input C, CE, D, CLR
);
  wire clock = C ^ IS_C_INVERTED, clear = CLR ^ IS_CLR_INVERTED;
  initial Q = INIT;
  always @(posedge clock or posedge clear)
    if (clear) Q <= 1'b0;
    else if (CE) Q <= D ^ IS_D_INVERTED;
endmodule

module FDPE #(
    parameter [0:0] INIT = 1'b1, IS_C_INVERTED = 1'b0, IS_D_INVERTED = 1'b0, IS_PRE_INVERTED = 1'b0
) (
    output reg Q,
    input C, CE, D, PRE
);
  wire clock = C ^ IS_C_INVERTED, preset = PRE ^ IS_PRE_INVERTED;
  initial Q = INIT;
  always @(posedge clock or posedge preset)
    if (preset) Q <= 1'b1;
    else if (CE) Q <= D ^ IS_D_INVERTED;
endmodule
