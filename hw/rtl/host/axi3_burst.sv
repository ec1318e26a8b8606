// SPDX-License-Identifier: Apache-2.0
// Addresses of an AXI burst, beat by beat, with S bytes a beat:
//
//   FIXED: a, a, ...    INCR: a, a + S, a + 2 S, ...
//   WRAP:  as INCR within the (length + 1) S bytes around a
//
// AXI rounds all but the first down to multiples of S; that leaves each in its word, which is what counts here.
module axi3_burst #(
    parameter int unsigned ADDRESS_BITS = 14
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                    // synchronous, active low

    input  logic start,                       // pulse, with what follows; begins a burst
    input  logic [ADDRESS_BITS-1:0] first,
    input  logic [3:0] length,                // beats - 1
    input  logic [1:0] size,                  // log2 of S
    input  logic [1:0] kind,                  // 0 FIXED, 1 INCR, 2 WRAP

    output logic active,                      // `address` is a beat's
    output logic [ADDRESS_BITS-1:0] address,
    input  logic next                         // the beat has been taken
);

  // Bits of the address that move: all, those within the wrapped stretch, none.
  logic [ADDRESS_BITS-1:0] moving, moving_q, stepped;
  logic [3:0] left_q;
  logic [1:0] size_q;

  always_comb begin
    case (kind)
      2'b00: moving = '0;
      2'b10: moving = ((ADDRESS_BITS'(length) + 1'b1) << size) - 1'b1;
      default: moving = '1;
    endcase
  end
  assign stepped = address + (ADDRESS_BITS'(1) << size_q);

  always_ff @(posedge ap_clk) begin
    if (start) {address, moving_q, left_q, size_q} <= {first, moving, length, size};
    else if (next) begin
      address <= (address & ~moving_q) | (stepped & moving_q);
      left_q <= left_q - 1'b1;
    end
    active <= ap_rst_n && (start || (active && !(next && left_q == 0)));
  end

endmodule
