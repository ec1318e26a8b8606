// SPDX-License-Identifier: Apache-2.0
// What latent_source's handshakes promise, after any reset, for any calls and stalls. What its elements are is tested.
module latent_source_properties #(
    parameter int unsigned BITS = 2,
    parameter int unsigned ELEMENTS = 2,
    parameter int unsigned CLASSES = 1,
    parameter int unsigned BEAT_ELEMENTS = 1,
    localparam int unsigned BEAT_BITS = (BITS * BEAT_ELEMENTS + 7) / 8 * 8,
    localparam int unsigned DEPTH = 32  // of its queue
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic go,
    input logic reseed,
    input logic [31:0] images,
    input logic [3:0][31:0] seed,
    input logic [31:0] label,
    input logic m_axis_tready
);

  logic ap_rst_n, m_axis_tvalid;
  logic [BEAT_BITS-1:0] m_axis_tdata;

  any_reset resets (.again(reset), .*);
  latent_source #(.BITS(BITS), .LOW(0), .ELEMENTS(ELEMENTS), .CLASSES(CLASSES), .BEAT_ELEMENTS(BEAT_ELEMENTS)) dut (.*);

  stream_held #(.WIDTH(BEAT_BITS)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  // The call: latents that it still lacks, and which element of them is next.
  int unsigned left_q, element_q;
  logic ends;
  assign ends = element_q == ELEMENTS + CLASSES - 1;

  // Where the places for elements are: free, with an element under way, with one that waits, on the way back.
  int places, waiting, under_way;
  assign places = int'(dut.places_q) + 2;
  assign waiting = int'(dut.made.count_q) + int'(dut.element_valid);
  assign under_way = $countones(dut.valid_q);  // the one of step_q is counted a cycle later
  logic queue_sane;
  assign queue_sane = dut.made.some_q == (dut.made.count_q != 0) && (dut.element_valid || dut.made.count_q <= 1)
      && dut.ready == (int'(dut.made.count_q) != DEPTH);

  stream_within #(.CYCLES(1)) making (.wanted(left_q != 0 && places >= 2), .comes(dut.step_q), .*);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) {left_q, element_q} <= '0;
    else if (go) {left_q, element_q} <= {images, 32'd0};
    else if (dut.step_q) begin
      element_q <= ends ? 0 : element_q + 1;
      if (ends) left_q <= left_q - 1;
    end
    if (ap_rst_n) begin
      waits : assume (!go || left_q == 0);
      asked : assert ((!dut.step_q || left_q != 0) && dut.running_q == (left_q != 0))
      else $error("%m: an element is made that no call asked for, or none where one did");
      in_turn : assert (left_q == 0 || (dut.left_q == left_q && int'(dut.element_q) == element_q
          && element_q < ELEMENTS + CLASSES))
      else $error("%m: an element is made out of turn");
      placed : assert (places + waiting + under_way + int'(dut.given_q) == DEPTH && places >= int'(dut.step_q)
          && queue_sane && (!dut.valid_q[dut.STAGES-1] || dut.ready))
      else $error("%m: an element finds no place in the queue");
      made : cover (m_axis_tvalid && left_q == 0);
    end
  end

endmodule
