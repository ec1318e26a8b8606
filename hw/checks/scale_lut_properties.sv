// SPDX-License-Identifier: Apache-2.0
// What a multiplier in LUTs promises for any operands, whatever its registers held at power-up.
module scale_lut_properties #(
    parameter int unsigned A_BITS = 3,
    parameter int unsigned M_BITS = 4,
    parameter int unsigned B_BITS = 5,
    parameter int unsigned T_BITS = 8
) (
    input logic ap_clk,
    input logic signed [A_BITS-1:0] a,  // free, as all inputs
    input logic [M_BITS-1:0] m,
    input logic signed [B_BITS-1:0] b
);

  localparam int unsigned LATENCY = M_BITS / 2 + 2;
  logic ap_rst_n;  // which the module has none of
  any_reset resets (.again(1'b0), .*);
  logic signed [T_BITS-1:0] t;
  scale_lut #(.A_BITS(A_BITS), .M_BITS(M_BITS), .B_BITS(B_BITS), .T_BITS(T_BITS)) dut (.clk(ap_clk), .*);

  // The equation on the operands of each of the last cycles, the oldest at the top.
  logic signed [T_BITS-1:0] now;
  logic [LATENCY-1:0][T_BITS-1:0] due_q;
  logic [LATENCY-1:0] begun_q = '0;  // what was under way at power-up is gone
  assign now = T_BITS'(signed'({1'b0, m}) * T_BITS'(a)) + T_BITS'(b);
  always_ff @(posedge ap_clk) begin
    due_q <= (LATENCY * T_BITS)'({due_q, now});
    begun_q <= LATENCY'({begun_q, ap_rst_n});
    if (begun_q[LATENCY-1]) begin
      equation : assert (t == due_q[LATENCY-1]) else $error("%m: t is not m * a + b");
      negative : cover (t[T_BITS-1] && !t[0]);
    end
  end

endmodule
