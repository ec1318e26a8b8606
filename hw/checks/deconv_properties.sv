// SPDX-License-Identifier: Apache-2.0
// What a deconv's credits promise, after any reset, for any words and stalls. Sums and weights are anything.
module deconv_properties #(
    parameter int unsigned SIZE = 2,    // rows and columns of an image
    parameter int unsigned KERNEL = 2,  // rows and columns
    parameter int unsigned STRIDE = 1,
    parameter int unsigned OUT = 3,     // rows and columns of an output image
    parameter int unsigned SIMD = 1,    // of 2 channels
    parameter int unsigned ROWS = 3     // held
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [7:0] s_axis_tdata,
    input logic s_axis_tvalid,
    input logic m_axis_tready
);

  logic ap_rst_n, ap_clk2x, s_axis_tready, m_axis_tvalid;
  logic [7:0] m_axis_tdata;
  logic [9:0] load_in, load_out;  // of weights that are loaded, or streamed: none
  logic [7:0] s_axis_weights_tdata;
  logic s_axis_weights_tlast, s_axis_weights_tvalid, s_axis_weights_tready, weights_error;
  assign ap_clk2x = 1'b0;
  assign load_in = '0;
  assign {s_axis_weights_tdata, s_axis_weights_tlast, s_axis_weights_tvalid} = '0;

  any_reset resets (.again(reset), .*);
  deconv #(.H(SIZE), .W(SIZE), .KH(KERNEL), .KW(KERNEL), .SH(STRIDE), .SW(STRIDE), .PH(0), .PW(0), .OH(OUT), .OW(OUT),
           .CI(2), .CO(1), .SIMD(SIMD), .PE(1), .ROWS(ROWS), .ACT_WIDTH(1), .WEIGHT_WIDTH(2), .ACC_WIDTH(1),
           .DSP_CORE(0), .WEIGHTS("")) dut (.*);

  stream_held #(.WIDTH(8)) m_axis (.offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);

  // Where the credits are: free, with a sum on its way, with a result in the queue, or on the way back.
  int credits, queued, under_way;
  assign credits = int'(signed'(dut.credit_q)) + 1;
  assign queued = int'(dut.channels.queue.count_q) + int'(m_axis_tvalid);
  assign under_way = $countones(dut.last_q) + $countones(dut.channels.cores.last_q);
  logic queue_sane;
  assign queue_sane = dut.channels.queue.some_q == (dut.channels.queue.count_q != 0)
      && (m_axis_tvalid || dut.channels.queue.count_q <= 1)
      && dut.channels.queue_ready == (int'(dut.channels.queue.count_q) != dut.QUEUE);

  always_ff @(posedge ap_clk)
    if (ap_rst_n) begin
      places : assert (credits + queued + under_way + int'(dut.taken_q) == dut.CREDITS && credits >= 0 && queue_sane
          && (!dut.channels.vld || dut.channels.queue_ready)
          && (!dut.issue || !dut.group_end_q || credits > 0))
          else $error("%m: a result finds no place in the queue");
      result : cover (m_axis_tvalid);
    end

endmodule
