// SPDX-License-Identifier: Apache-2.0
// Runs calls: lets `images` latents into the accelerator and as many images out, then says so.
//
// A call lasts from the cycle after `start` until its last image has been taken and the sink is `drained`. An
// abort holds the accelerator and all buffers in reset for RESET_CYCLES cycles, and until the memory's
// transfers have ended (`quiet`). So does a reset at power-up.
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
    input  logic [31:0] images,     // of the call that starts

    output logic go,                // first cycle of a call: sources and sinks begin
    output logic clear,             // buffers forget what they hold
    output logic stop,              // an abort is under way
    output logic core_rst_n,        // the accelerator's reset
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
  state_t state_q;
  logic [31:0] in_left_q, out_left_q;  // latents and images that are still to go
  logic [IW-1:0] in_q;    // beat of the latent, of the image
  logic [OW-1:0] out_q;
  logic [RW-1:0] reset_q;  // cycles that the reset still lasts
  logic in_done_q, out_done_q, accepted;
  logic in_ends_q, out_ends_q, in_one_q, out_one_q;  // the last beat of a latent, of an image; the last of the call

  assign accepted = start && possible && state_q == IDLE && !cancel;
  assign refused = start && !accepted;
  assign go = state_q == BEGIN;
  assign stop = state_q == STOP;
  assign clear = go || stop;
  assign busy = state_q != IDLE;
  assign in_open = state_q == RUN && !in_done_q;
  assign out_open = state_q == RUN && !out_done_q;
  assign out_last = out_ends_q && out_one_q;
  assign done = state_q == RUN && in_done_q && out_done_q && drained && !cancel;

  always_ff @(posedge ap_clk) core_rst_n <= ap_rst_n && !stop;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n || (cancel && !stop)) begin
      state_q <= STOP;
      reset_q <= RW'(RESET_CYCLES);
    end else begin
      case (state_q)
        IDLE: if (accepted) state_q <= BEGIN;
        BEGIN: state_q <= RUN;
        RUN: if (done) state_q <= IDLE;
        default: begin
          if (reset_q != 0) reset_q <= reset_q - 1'b1;
          else if (quiet) state_q <= IDLE;
        end
      endcase
    end
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n || accepted) begin
      latents_in <= '0;
      images_out <= '0;
      in_left_q <= images;
      out_left_q <= images;
      cycles <= '0;
      in_q <= '0;
      out_q <= '0;
      in_ends_q <= IN_BEATS == 1;
      out_ends_q <= OUT_BEATS == 1;
      in_one_q <= images == 1;
      out_one_q <= images == 1;
      in_done_q <= images == 0;
      out_done_q <= images == 0;
    end else begin
      if (in_beat) begin
        in_q <= in_ends_q ? '0 : in_q + 1'b1;
        in_ends_q <= IN_BEATS == 1 || (!in_ends_q && in_q == IW'(IN_BEATS - 2));
      end
      if (out_beat) begin
        out_q <= out_ends_q ? '0 : out_q + 1'b1;
        out_ends_q <= OUT_BEATS == 1 || (!out_ends_q && out_q == OW'(OUT_BEATS - 2));
      end
      if (in_beat && in_ends_q) begin
        latents_in <= latents_in + 1;
        in_left_q <= in_left_q - 1;
        in_one_q <= in_left_q == 2;
        if (in_one_q) in_done_q <= 1'b1;
      end
      if (out_beat && out_ends_q) begin
        images_out <= images_out + 1;
        out_left_q <= out_left_q - 1;
        out_one_q <= out_left_q == 2;
      end
      if (out_beat && out_last) out_done_q <= 1'b1;
      if (state_q == RUN) cycles <= cycles + 1;
    end
  end

endmodule
