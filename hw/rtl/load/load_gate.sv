// SPDX-License-Identifier: Apache-2.0
// Between the stream of latents and the layers: images enter while weights are loaded, weights while there is none.
//
// A load waits until the images that have entered have left; no other one enters before it, so that it waits no
// longer than they take. What has been offered to the layers is not withdrawn: the gate closes between images.
module load_gate #(
    parameter int unsigned BEATS = 1,       // of an image that enters
    parameter int unsigned MOST_BITS = 8    // 2^MOST_BITS - 1 images at most are inside
) (
    input  logic ap_clk,
    input  logic ap_rst_n,     // synchronous, active low

    input  logic loaded,       // the layers have all their weights
    input  logic wanted,       // a load waits; held until it is granted
    output logic granted,      // no image is inside, and none enters

    input  logic s_axis_tvalid,
    output logic s_axis_tready,
    output logic m_axis_tvalid,
    input  logic m_axis_tready,
    input  logic left          // the last beat of an image leaves the layers
);

  localparam int unsigned BW = BEATS > 1 ? $clog2(BEATS) : 1;

  logic open_q, beat, first, last, close, inside_q;
  logic [MOST_BITS-1:0] images_q;

  assign m_axis_tvalid = s_axis_tvalid && open_q;
  assign s_axis_tready = m_axis_tready && open_q;
  assign beat = s_axis_tvalid && s_axis_tready;

  if (BEATS > 1) begin : gen_beats
    logic [BW-1:0] beat_q;
    assign first = beat_q == 0;
    assign last = beat_q == BW'(BEATS - 1);
    always_ff @(posedge ap_clk)
      if (!ap_rst_n || (beat && last)) beat_q <= '0;
      else if (beat) beat_q <= beat_q + 1'b1;
  end else begin : gen_beat
    assign {first, last} = 2'b11;
  end

  assign close = !loaded || wanted || &images_q[MOST_BITS-1:1];
  assign granted = !open_q && !inside_q;
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) open_q <= 1'b0;
    else if (!close) open_q <= 1'b1;
    else if ((first && !s_axis_tvalid) || (beat && last)) open_q <= 1'b0;
    if (!ap_rst_n) begin
      images_q <= '0;
      inside_q <= 1'b0;
    end else if ((beat && first) != left) begin
      images_q <= left ? images_q - 1'b1 : images_q + 1'b1;
      inside_q <= !left || images_q != 1;
    end
  end

endmodule
