// SPDX-License-Identifier: Apache-2.0
// What axi_write promises, after any reset, for any transfer, any stalls and a memory that keeps to AXI.
module axi_write_properties #(
    parameter int unsigned DATA_BITS = 16,
    parameter int unsigned ADDRESS_BITS = 13,
    parameter int unsigned MAX_BURST = 2,
    parameter int unsigned DEPTH = 4,
    parameter int unsigned OUTSTANDING = 2,
    localparam int unsigned BYTES = DATA_BITS / 8,
    localparam int unsigned CW = $clog2(DEPTH + 4)
) (
    input logic ap_clk,
    input logic start,  // free, as all inputs
    input logic [ADDRESS_BITS-1:0] address,
    input logic stop,
    input logic [DATA_BITS-1:0] s_axis_tdata,
    input logic [BYTES-1:0] s_axis_tkeep,
    input logic s_axis_tlast,
    input logic s_axis_tvalid,
    input logic m_axi_awready,
    input logic m_axi_wready,
    input logic [1:0] m_axi_bresp,
    input logic m_axi_bvalid,
    input logic watch,            // of words, and of the burst that is announced now
    input logic [CW-1:0] which
);

  logic ap_rst_n, idle, quiet, s_axis_tready, m_axi_awvalid, m_axi_wlast, m_axi_wvalid, m_axi_bready;
  logic [1:0] errors, m_axi_awburst;
  logic [2:0] m_axi_awsize;
  logic [7:0] m_axi_awlen;
  logic [ADDRESS_BITS-1:0] m_axi_awaddr;
  logic [DATA_BITS-1:0] m_axi_wdata;
  logic [BYTES-1:0] m_axi_wstrb, keep;
  logic [CW-1:0] waiting, strobes;
  logic push, asked, announced, offered_q, beat, burst_end;
  assign push = s_axis_tvalid && s_axis_tready;
  assign asked = m_axi_awvalid && m_axi_awready;
  assign announced = m_axi_awvalid && !offered_q;  // first offered
  assign beat = m_axi_wvalid && m_axi_wready;
  assign burst_end = beat && m_axi_wlast;
  assign keep = s_axis_tlast ? s_axis_tkeep : '1;

  any_reset resets (.again(1'b0), .*);
  axi_write #(.DATA_BITS(DATA_BITS), .ADDRESS_BITS(ADDRESS_BITS), .MAX_BURST(MAX_BURST), .DEPTH(DEPTH),
              .OUTSTANDING(OUTSTANDING)) dut (.*);

  stream_held #(.WIDTH(ADDRESS_BITS + 8)) aw (
      .offer({m_axi_awaddr, m_axi_awlen}), .valid(m_axi_awvalid), .ready(m_axi_awready), .*);
  stream_held #(.WIDTH(9 * BYTES + 1)) w (
      .offer({m_axi_wdata, m_axi_wstrb, m_axi_wlast}), .valid(m_axi_wvalid), .ready(m_axi_wready), .*);

  // Words, in order; their strobes too, until an abort.
  logic aborted_q, running_q, ended_q, stalled_q, stop_q;
  stream_order #(.BITS(DATA_BITS), .CAPACITY(DEPTH + 1)) words (
      .ap_rst_n(ap_rst_n && !(stop && quiet)), .enters(s_axis_tdata), .leaves(m_axi_wdata), .offered(m_axi_wvalid),
      .pop(beat), .inside_q(waiting), .*);
  stream_order #(.BITS(BYTES), .CAPACITY(DEPTH + 1)) enables (
      .ap_rst_n(ap_rst_n && !stop && !aborted_q), .enters(keep), .leaves(m_axi_wstrb), .offered(m_axi_wvalid),
      .pop(beat), .inside_q(strobes), .*);

  // Bursts: announced in order, each with as many beats as awlen says; answered once each.
  logic [2:0] announced_q, burst_q;  // bursts that were, that the data is in; modulo 8
  logic [2:0] watched_q;
  logic [7:0] length_q, beats_q;
  logic watching_q;
  logic [CW-1:0] claimed_q;  // words inside, of bursts that were announced
  logic [3:0] asked_q, unanswered_q, answerable_q, open;  // taken without an answer; announced; with all data, too
  assign open = unanswered_q + 4'(announced);

  logic [ADDRESS_BITS-1:0] next_q;
  logic [12:0] first;
  assign first = 13'(m_axi_awaddr[11:0]);

  stream_within #(.CYCLES(1)) taking (
      .wanted(running_q && !ended_q && !stop && waiting < CW'(DEPTH)), .comes(s_axis_tready), .*);
  stream_within #(.CYCLES(7)) announcing (
      .wanted((ended_q ? waiting != 0 : waiting >= CW'(MAX_BURST)) && !aborted_q && !stop),
      .comes(m_axi_awvalid || unanswered_q != 0), .*);
  stream_within #(.CYCLES(3)) sending (.wanted(unanswered_q > answerable_q && m_axi_wready), .comes(m_axi_wvalid), .*);
  stream_within #(.CYCLES(3)) resting (
      .wanted(ended_q && waiting == 0 && unanswered_q == 0 && !m_axi_awvalid), .comes(idle), .*);

  always_ff @(posedge ap_clk) begin
    offered_q <= ap_rst_n && m_axi_awvalid && !m_axi_awready;
    stalled_q <= ap_rst_n && m_axi_wvalid && !m_axi_wready;
    stop_q <= ap_rst_n && stop;
    if (!ap_rst_n) begin
      {announced_q, burst_q, watching_q, asked_q, unanswered_q, answerable_q, beats_q, claimed_q} <= '0;
      {aborted_q, running_q, ended_q} <= '0;
    end else begin
      announced_q <= announced_q + 3'(announced);
      burst_q <= burst_q + 3'(burst_end);
      beats_q <= burst_end ? '0 : beats_q + 8'(beat);
      if (!watching_q && announced && watch) begin
        watching_q <= 1'b1;
        watched_q <= announced_q;
        length_q <= m_axi_awlen;
      end else if (burst_end && burst_q == watched_q) watching_q <= 1'b0;
      claimed_q <= claimed_q + (announced ? CW'(m_axi_awlen) + 1'b1 : '0) - CW'(beat);
      unanswered_q <= open - 4'(m_axi_bvalid);
      answerable_q <= answerable_q + 4'(burst_end) - 4'(m_axi_bvalid);
      asked_q <= asked_q + 4'(asked) - 4'(m_axi_bvalid);
      if (start) {aborted_q, running_q, ended_q} <= 3'b010;
      else begin
        if (stop) aborted_q <= 1'b1;
        if (push && s_axis_tlast) ended_q <= 1'b1;
        if (idle) running_q <= 1'b0;
      end
    end
    if (start) next_q <= address;
    else if (asked) next_q <= next_q + ADDRESS_BITS'((32'(m_axi_awlen) + 1) * BYTES);
    if (ap_rst_n) begin
      starts : assume (!start || (idle && !stop && 32'(address) % BYTES == 0));
      stays : assume (!(stop_q && !idle) || stop);
      answers : assume (!m_axi_bvalid || (answerable_q != 0 && asked_q != 0));
      addresses : assert (!m_axi_awvalid || m_axi_awaddr == next_q) else $error("%m: a burst begins elsewhere");
      within_4k : assert (!m_axi_awvalid || first + (13'(m_axi_awlen) + 1) * BYTES <= 4096)
      else $error("%m: a burst crosses 4 KiB");
      aligned : assert (!m_axi_awvalid || first / BYTES % MAX_BURST + 13'(m_axi_awlen) < MAX_BURST)
      else $error("%m: a burst goes beyond a multiple of MAX_BURST words");
      longest : assert (!announced || aborted_q || (first / BYTES + 13'(m_axi_awlen) + 1) % MAX_BURST == 0
          || (ended_q && CW'(m_axi_awlen) + 1'b1 + claimed_q == waiting)) else $error("%m: a burst ends early");
      kind : assert (m_axi_awsize == 3'($clog2(BYTES)) && m_axi_awburst == 2'b01)
      else $error("%m: no INCR of whole words");
      outstanding : assert (open <= 4'(OUTSTANDING)) else $error("%m: too many bursts are without an answer");
      behind : assert (!m_axi_wvalid || burst_q != announced_q + 3'(announced))
      else $error("%m: data comes before its burst");
      beats : assert (!(m_axi_wvalid && watching_q && burst_q == watched_q) || (m_axi_wlast == (beats_q == length_q)))
      else $error("%m: wlast is not at the burst's last beat");
      covered : assert (!announced || aborted_q || CW'(m_axi_awlen) + claimed_q < waiting)
      else $error("%m: a burst has no data");
      masked : assert (!(stop_q && m_axi_wvalid && !stalled_q) || m_axi_wstrb == '0)
      else $error("%m: an aborted transfer writes on");
      no_more : assert (!push || (running_q && !ended_q && !stop))
      else $error("%m: a word enters outside its transfer");
      takes : assert (m_axi_bready) else $error("%m: bready fell");
      quiet_is_done : assert (!quiet || (unanswered_q == 0 && !m_axi_awvalid))
      else $error("%m: quiet with a burst open");
      idle_is_done : assert (!idle || (unanswered_q == 0 && !m_axi_awvalid
          && (aborted_q || stop || (waiting == 0 && (ended_q || !running_q)))))
      else $error("%m: idle with words to write");
      told : assert (errors == {m_axi_bvalid && m_axi_bresp == 2'b11, m_axi_bvalid && m_axi_bresp == 2'b10})
      else $error("%m: an error is not told");
      two_bursts : cover (open == 2 && OUTSTANDING >= 2);
      done : cover (ended_q && idle && !aborted_q);
      part : cover (beat && m_axi_wstrb != '0 && m_axi_wstrb != '1 && !aborted_q);
      dropped : cover (stop && quiet && waiting != 0);
    end
  end

endmodule
