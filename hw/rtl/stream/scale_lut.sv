// SPDX-License-Identifier: Apache-2.0
// Multiplies and adds in LUTs:  t = m * a + b
//
// m is read as base-4 digits d_j in {-2..2} (Booth): a row adds d_j * a to a running sum, a LUT for each bit, and
// ends in a register. II = 1, latency ROWS + 1 cycles; it never stalls. t is right modulo 2^T_BITS.
module scale_lut #(
    parameter int unsigned A_BITS = 8,  // signed
    parameter int unsigned M_BITS = 8,  // unsigned
    parameter int unsigned B_BITS = 8,  // signed
    parameter int unsigned T_BITS = 18, // signed
    localparam int unsigned ROWS = M_BITS / 2 + 1
) (
    input  logic clk,
    input  logic signed [A_BITS-1:0] a,
    input  logic [M_BITS-1:0] m,
    input  logic signed [B_BITS-1:0] b,
    output logic signed [T_BITS-1:0] t  // of ROWS + 1 cycles ago
);

  localparam int unsigned P_BITS = A_BITS + 1;      // of a row's product
  localparam int unsigned M_WIDE = 2 * ROWS;        // with zeros above

  // Row r reads the operands of r cycles ago.
  logic signed [A_BITS-1:0] a_at[ROWS];
  logic [M_WIDE-1:0] m_at[ROWS];
  logic [ROWS-1:0][B_BITS-1:0] b_q;
  assign a_at[0] = a;
  assign m_at[0] = M_WIDE'(m);
  for (genvar r = 1; r < ROWS; r++) begin : gen_operands
    (* shreg_extract = "no" *) logic signed [A_BITS-1:0] a_q;
    (* shreg_extract = "no" *) logic [M_WIDE-1:2*r-1] m_q;  // what is still to be read
    always_ff @(posedge clk) begin
      a_q <= a_at[r-1];
      m_q <= m_at[r-1][M_WIDE-1:2*r-1];
    end
    assign a_at[r] = a_q;
    assign m_at[r] = M_WIDE'(m_q) << (2 * r - 1);
  end
  always_ff @(posedge clk) b_q <= (ROWS * B_BITS)'({b_q, b});

  for (genvar r = 0; r < ROWS; r++) begin : gen_row
    localparam int unsigned SHIFT = 2 * r;
    localparam int unsigned WIDTH = P_BITS + SHIFT + 1;  // of the running sum
    logic [M_WIDE:0] digits;
    logic [2:0] digit;
    logic [WIDTH-SHIFT-1:0] x, once, twice, product;
    assign digits = {m_at[r], 1'b0};
    assign digit = digits[SHIFT+:3];
    assign x = (WIDTH - SHIFT)'(a_at[r]);
    assign once = digit[1] ^ digit[0] ? x : '0;
    assign twice = digit == 3'b100 || digit == 3'b011 ? x << 1 : '0;
    assign product = {(WIDTH - SHIFT) {digit[2]}} ^ (once | twice);

    // A negative digit's product is the complement plus 1; the 1 enters as the carry out of a bit below.
    logic [WIDTH-1:0] base, next, sum_q;
    logic carry;
    assign {next[WIDTH-1:SHIFT], carry} = {base[WIDTH-1:SHIFT], digit[2]} + {product, digit[2]};
    if (r == 0) begin : gen_first
      assign base = '0;
    end else begin : gen_next
      assign base = WIDTH'($signed(gen_row[r-1].sum_q));
      assign next[SHIFT-1:0] = base[SHIFT-1:0];
    end
    always_ff @(posedge clk) sum_q <= next;
    logic unused;
    assign unused = &{1'b0, carry, digits};
  end

  localparam int unsigned S_BITS = P_BITS + 2 * (ROWS - 1) + 1;
  logic signed [S_BITS-1:0] product;
  assign product = $signed(gen_row[ROWS-1].sum_q);
  always_ff @(posedge clk) t <= T_BITS'(product) + T_BITS'($signed(b_q[ROWS-1]));

  logic unused;  // of a product that is wider than t
  assign unused = &{1'b0, product};

endmodule
