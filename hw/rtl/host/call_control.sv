// SPDX-License-Identifier: Apache-2.0
// Runs calls: lets `images` latents into the accelerator and as many images out, then says so.
//
// A call lasts from the cycle after `start` until its last image has been taken and the sink is `drained`; a load
// has no images. An abort holds the accelerator and all buffers in reset for RESET_CYCLES cycles, and until the
// memory's transfers have ended (`quiet`). So does a reset at power-up.
// What buffers and streams hang on leaves registers. `latents_in` and `images_out` count a cycle late.
module call_control #(
    parameter int unsigned IN_BEATS = 1,      // of a latent
    parameter int unsigned OUT_BEATS = 1,     // of an image
    parameter int unsigned RESET_CYCLES = 64  // FINN's matrix core wants 100 ns
) (
    input  logic ap_clk,
    input  logic ap_rst_n,          // synchronous, active low

    input  logic start,             // pulse; refused unless idle and `possible`
    input  logic possible,
    input  logic cancel,             // pulse
    input  logic [31:0] images,     // of the call that starts, held from the cycle before to the one after
    input  logic load,              // it has no images, held as well

    output logic go,                // first cycle of a call: sources and sinks begin
    /* verilator lint_off PROCASSINIT */  // what these three hold in reset is in reset from the first cycle on
    output logic clear = 1'b1,      // buffers forget what they hold
    output logic stop = 1'b1,       // an abort is under way
    output logic core_rst_n = 1'b0,  // the accelerator's reset
    /* verilator lint_on PROCASSINIT */
    output logic busy,
    output logic done,              // pulse: a call has ended
    output logic refused,           // pulse: a start was ignored

    input  logic in_beat,           // a beat goes into the accelerator
    input  logic out_beat,          // a beat comes out of it
    output logic in_open,           // a beat may go in
    output logic out_open,          // a beat may come out
    output logic out_last,          // it is the call's last
    input  logic drained,           // the sink has passed on all it took
    input  logic quiet,             // no transfer on the memory bus is outstanding

    output logic [31:0] latents_in,  // latents that went in
    output logic [31:0] images_out,  // images that came out
    output logic [63:0] cycles       // of this call
);

  if (IN_BEATS < 1 || OUT_BEATS < 1 || RESET_CYCLES < 1) begin : gen_bad_size
    $error("call_control: IN_BEATS=%0d, OUT_BEATS=%0d, RESET_CYCLES=%0d must be 1 or more",
           IN_BEATS, OUT_BEATS, RESET_CYCLES);
  end

  localparam int unsigned IW = IN_BEATS > 1 ? $clog2(IN_BEATS) : 1;
  localparam int unsigned OW = OUT_BEATS > 1 ? $clog2(OUT_BEATS) : 1;
  localparam int unsigned RW = $clog2(RESET_CYCLES + 1);

  typedef enum logic [1:0] {IDLE, BEGIN, RUN, STOP} state_t;
  state_t state_q, state_d;
  logic [31:0] in_left_q, out_left_q;  // latents and images that are still to go
  logic [IW-1:0] in_q;    // beat of the latent, of the image
  logic [OW-1:0] out_q;
  logic [RW-1:0] reset_q;  // cycles that the reset still lasts
  logic accepted, fresh_q, none_q, one_q, in_end, out_end, in_end_q, out_end_q;
  logic low_full_q;  // the lower half of `cycles` is at its end
  logic in_ends_q, out_ends_q, in_one_q, out_one_q;  // the last beat of a latent, of an image; the last of the call

  assign accepted = start && possible && !busy && !cancel;
  assign refused = start && !accepted;
  assign out_last = out_ends_q && out_one_q;
  assign done = state_q == RUN && !in_open && !out_open && drained && !cancel;

  always_comb begin
    state_d = state_q;
    case (state_q)
      IDLE: if (accepted) state_d = BEGIN;
      BEGIN: state_d = RUN;
      RUN: if (done) state_d = IDLE;
      default: if (reset_q == 0 && quiet) state_d = IDLE;
    endcase
    if (!ap_rst_n || (cancel && !stop)) state_d = STOP;
  end

  always_ff @(posedge ap_clk) begin
    state_q <= state_d;
    go <= state_d == BEGIN;
    stop <= state_d == STOP;
    clear <= state_d == BEGIN || state_d == STOP;
    busy <= state_d != IDLE;
    core_rst_n <= ap_rst_n && !stop;
    fresh_q <= !ap_rst_n || state_d == BEGIN;
    if (!ap_rst_n || !stop) reset_q <= RW'(RESET_CYCLES);
    else if (reset_q != 0) reset_q <= reset_q - 1'b1;
  end

  assign in_end = in_beat && in_ends_q;
  assign out_end = out_beat && out_ends_q;

  always_ff @(posedge ap_clk) begin
    none_q <= images == 0 || load;
    one_q <= images == 1;
    if (!ap_rst_n || cancel || stop) {in_open, out_open} <= 2'b00;
    else if (go) {in_open, out_open} <= {2{!none_q}};
    else begin
      if (in_end && in_one_q) in_open <= 1'b0;
      if (out_end && out_one_q) out_open <= 1'b0;
    end
  end

  always_ff @(posedge ap_clk) begin
    if (fresh_q) begin
      latents_in <= '0;
      images_out <= '0;
      in_left_q <= images;
      out_left_q <= images;
      cycles <= '0;
      low_full_q <= 1'b0;
      in_q <= '0;
      out_q <= '0;
      in_ends_q <= IN_BEATS == 1;
      out_ends_q <= OUT_BEATS == 1;
      in_one_q <= one_q;
      out_one_q <= one_q;
      in_end_q <= 1'b0;
      out_end_q <= 1'b0;
    end else begin
      in_end_q <= in_end;
      out_end_q <= out_end;
      if (in_end_q) latents_in <= latents_in + 1;
      if (out_end_q) images_out <= images_out + 1;
      if (in_beat) begin
        in_q <= in_ends_q ? '0 : in_q + 1'b1;
        in_ends_q <= IN_BEATS == 1 || (!in_ends_q && in_q == IW'(IN_BEATS - 2));
      end
      if (out_beat) begin
        out_q <= out_ends_q ? '0 : out_q + 1'b1;
        out_ends_q <= OUT_BEATS == 1 || (!out_ends_q && out_q == OW'(OUT_BEATS - 2));
      end
      if (in_end) begin
        in_left_q <= in_left_q - 1;
        in_one_q <= in_left_q == 2;
      end
      if (out_end) begin
        out_left_q <= out_left_q - 1;
        out_one_q <= out_left_q == 2;
      end
      if (state_q == RUN) begin
        cycles[31:0] <= cycles[31:0] + 1;
        cycles[63:32] <= cycles[63:32] + 32'(low_full_q);
        low_full_q <= cycles[31:0] == 32'hFFFF_FFFE;
      end
    end
  end

endmodule
