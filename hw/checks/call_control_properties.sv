// SPDX-License-Identifier: Apache-2.0
// What call_control promises, after any reset, for any calls, aborts, beats and whatever its neighbours say.
module call_control_properties #(
    parameter int unsigned IN_BEATS = 2,
    parameter int unsigned OUT_BEATS = 3,
    parameter int unsigned RESET_CYCLES = 2
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic start,
    input logic possible,
    input logic cancel,
    input logic [31:0] images,
    input logic load,
    input logic in_beat,
    input logic out_beat,
    input logic drained,
    input logic quiet
);

  logic ap_rst_n, go, clear, stop, core_rst_n, busy, done, refused, in_open, out_open, out_last;
  logic [31:0] latents_in, images_out;
  logic [63:0] cycles;
  localparam logic [1:0] IDLE = 2'd0, BEGIN = 2'd1, STOP = 2'd3;  // of state_q
  any_reset resets (.again(reset), .*);
  call_control #(.IN_BEATS(IN_BEATS), .OUT_BEATS(OUT_BEATS), .RESET_CYCLES(RESET_CYCLES)) dut (.*);

  // The call: what it is of, how much has come and gone, in whole ones and beats; how long it runs.
  logic accept, run, in_end, out_end;
  logic [31:0] images_q, in_q, out_q;
  int unsigned in_beat_q, out_beat_q;
  logic load_q, since_q;  // one has begun
  logic [31:0] in_late_q, out_late_q;  // a cycle ago
  logic [63:0] cycles_q;
  assign accept = start && possible && !busy && !cancel;
  assign run = busy && !go && !stop;
  assign in_end = in_beat && in_beat_q == IN_BEATS - 1;
  assign out_end = out_beat && out_beat_q == OUT_BEATS - 1;
  always_ff @(posedge ap_clk) begin
    if (accept) {images_q, load_q} <= {images, load};
    since_q <= ap_rst_n && (since_q || go);
    if (go) begin
      {in_q, out_q, in_late_q, out_late_q, in_beat_q, out_beat_q, cycles_q} <= '0;
    end else begin
      {in_late_q, out_late_q} <= {in_q, out_q};
      if (in_beat) in_beat_q <= in_end ? 0 : in_beat_q + 1;
      if (out_beat) out_beat_q <= out_end ? 0 : out_beat_q + 1;
      in_q <= in_q + 32'(in_end);
      out_q <= out_q + 32'(out_end);
      cycles_q <= cycles_q + 64'(run);
    end
  end

  // The cycle before.
  logic rst_q, accept_q, done_q, cancel_q, quiet_q, stop_q, busy_q, powered_q = 1'b0;
  logic [31:0] given_q;
  logic given_load_q;
  int unsigned waited_q;  // cycles that an abort has lasted, up to all
  logic waited_all_q;
  always_ff @(posedge ap_clk) begin
    powered_q <= 1'b1;
    {rst_q, accept_q, done_q, cancel_q, quiet_q, stop_q, busy_q} <=
        {ap_rst_n, accept, done, cancel, quiet, stop, busy};
    {given_q, given_load_q} <= {images, load};
    if (!ap_rst_n || !stop) waited_q <= 0;
    else if (waited_q != RESET_CYCLES) waited_q <= waited_q + 1;
    waited_all_q <= waited_q == RESET_CYCLES;
  end

  always_ff @(posedge ap_clk) begin
    if (!powered_q || (ap_rst_n && !rst_q)) in_reset : assert (clear && stop && !core_rst_n)
    else $error("%m: running at power-up, or behind a reset");
    if (ap_rst_n) begin
      holds : assume (!(accept || (accept_q && rst_q)) || {images, load} == {given_q, given_load_q});
      opened : assume ((!in_beat || in_open) && (!out_beat || out_open));

      begins : assert (go == (rst_q && accept_q)) else $error("%m: a call begins unasked, or does not");
      refuses : assert (refused == (start && !accept)) else $error("%m: a start is lost, or refused without need");
      aborts : assert (stop == (!rst_q || (stop_q ? !(waited_all_q && quiet_q) : cancel_q)))
      else $error("%m: an abort that nobody asked for, or one that ends early or late");
      lasts : assert (busy == (stop || go || (busy_q && !stop_q && !done_q))) else $error("%m: busy");
      empties : assert (clear == (stop || go)) else $error("%m: buffers are not cleared, or within a call");
      core : assert (core_rst_n == (rst_q && !stop_q)) else $error("%m: the accelerator's reset");
      enters : assert (in_open == (run && !load_q && in_q != images_q)) else $error("%m: latents too many or few");
      leaves : assert (out_open == (run && !load_q && out_q != images_q)) else $error("%m: images too many or few");
      last : assert (!out_open || out_last == (images_q - out_q == 1 && out_beat_q == OUT_BEATS - 1))
      else $error("%m: a call's last beat");
      ends : assert (done == (run && drained && !cancel && (load_q || (in_q == images_q && out_q == images_q))))
      else $error("%m: a call ends early or late");
      counted : assert (!since_q || (latents_in == in_late_q && images_out == out_late_q))
      else $error("%m: latents or images miscounted");
      timed : assert (!since_q || cycles == cycles_q) else $error("%m: cycles miscounted");
      // What the registers hold.
      sane : assert ((dut.state_q == STOP) == stop && (dut.state_q == BEGIN) == go
          && (dut.state_q != IDLE) == busy && 32'(dut.reset_q) == RESET_CYCLES - waited_q
          && waited_q <= RESET_CYCLES && ((stop_q && rst_q) || waited_q == 0) && (!run || since_q)
          && (!accept_q || (!busy_q && !cancel_q && images_q == given_q && load_q == given_load_q))
          && (!(go || !rst_q) || dut.fresh_q) && (!since_q || go || !dut.fresh_q)
          && (!go || (dut.none_q == (images_q == 0 || load_q) && dut.one_q == (images_q == 1))))
      else $error("%m: the state");
      sides : assert (!since_q || go || (dut.in_left_q == images_q - in_q && dut.out_left_q == images_q - out_q
          && 32'(dut.in_q) == in_beat_q && 32'(dut.out_q) == out_beat_q
          && in_beat_q < IN_BEATS && out_beat_q < OUT_BEATS
          && dut.in_ends_q == (in_beat_q == IN_BEATS - 1) && dut.out_ends_q == (out_beat_q == OUT_BEATS - 1)
          && dut.in_one_q == (dut.in_left_q == 1) && dut.out_one_q == (dut.out_left_q == 1)
          && in_q - in_late_q == 32'(dut.in_end_q) && out_q - out_late_q == 32'(dut.out_end_q)
          && dut.low_full_q == (cycles[31:0] == '1)))
      else $error("%m: the counters");

      of_two : cover (done && images_q == 2 && !load_q);
      loaded : cover (done && load_q);
      aborted : cover (stop_q && !stop && since_q);
    end
  end

endmodule
