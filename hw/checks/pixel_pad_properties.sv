// SPDX-License-Identifier: Apache-2.0
// What pixel_pad promises, after any reset and for any words and stalls.
module pixel_pad_properties #(
    parameter int unsigned H = 2,
    parameter int unsigned W = 2,
    parameter int unsigned CF = 1,
    parameter int unsigned WIDTH = 2,
    parameter int unsigned SH = 2,
    parameter int unsigned SW = 2,
    parameter int unsigned OPH = 0,
    parameter int unsigned OPW = 0,
    localparam int unsigned BITS = (WIDTH + 7) / 8 * 8
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [BITS-1:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready
);

  localparam int unsigned OH = (H - 1) * SH + 1 + OPH, OW = (W - 1) * SW + 1 + OPW;
  logic ap_rst_n, s_axis_tready, m_axis_tvalid, push, pop, pixel;
  logic [BITS-1:0] m_axis_tdata;
  assign push = s_axis_tvalid && s_axis_tready;
  assign pop = m_axis_tvalid && m_axis_tready;

  any_reset resets (.again(reset), .*);
  pixel_pad #(.H(H), .W(W), .CF(CF), .WIDTH(WIDTH), .SH(SH), .SW(SW), .OPH(OPH), .OPW(OPW)) dut (.*);

  stream_holds #(.WIDTH(BITS)) s_axis (.offer(s_axis_tdata), .valid(s_axis_tvalid), .ready(s_axis_tready), .*);
  stream_held #(.WIDTH(BITS)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  // The output word that is next, by its place in the image.
  logic [7:0] place_q, taken_q;  // words of the image that have left, that have come
  always_comb begin
    pixel = 1'b0;  // the word is of x[r][c], which stands at y[r*SH][c*SW]
    for (int r = 0; r < H; r++)
      for (int c = 0; c < W; c++)
        for (int word = 0; word < CF; word++)
          if (place_q == 8'((r * SH * OW + c * SW) * CF + word)) pixel = 1'b1;
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) {place_q, taken_q} <= '0;
    else begin
      if (pop) place_q <= place_q == 8'(OH * OW * CF - 1) ? '0 : place_q + 1'b1;
      if (pop && place_q == 8'(OH * OW * CF - 1)) taken_q <= '0;
      else taken_q <= taken_q + 8'(push);
    end
    if (ap_rst_n) begin
      pixels : assert (!pixel || m_axis_tdata == s_axis_tdata) else $error("%m: a pixel was changed");
      zeros : assert (pixel || m_axis_tdata == '0) else $error("%m: what lies between pixels is not 0");
      offered : assert (m_axis_tvalid == (!pixel || s_axis_tvalid)) else $error("%m: a word waits for nothing");
      taken : assert (push == (pixel && pop)) else $error("%m: a pixel was taken without leaving");
      all : assert (!(pop && place_q == 8'(OH * OW * CF - 1)) || taken_q + 8'(push) == 8'(H * W * CF))
      else $error("%m: an image ended with other pixels than its own");
      image : cover (pop && place_q == 8'(OH * OW * CF - 1));
    end
  end

endmodule
