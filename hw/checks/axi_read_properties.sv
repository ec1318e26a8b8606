// SPDX-License-Identifier: Apache-2.0
// What axi_read promises, after any reset, for any transfer, any stalls and a memory that keeps to AXI.
module axi_read_properties #(
    parameter int unsigned DATA_BITS = 16,
    parameter int unsigned ADDRESS_BITS = 13,
    parameter int unsigned MAX_BURST = 2,
    parameter int unsigned DEPTH = 4,
    localparam int unsigned BYTES = DATA_BITS / 8,
    localparam int unsigned CW = $clog2(DEPTH + 4)
) (
    input logic ap_clk,
    input logic start,  // free, as all inputs
    input logic [ADDRESS_BITS-1:0] address,
    input logic [31:0] words,
    input logic stop,
    input logic m_axi_arready,
    input logic [DATA_BITS-1:0] m_axi_rdata,
    input logic [1:0] m_axi_rresp,
    input logic m_axi_rvalid,
    input logic m_axis_tready,
    input logic watch,
    input logic [CW-1:0] which
);

  logic ap_rst_n, idle, m_axi_arvalid, m_axi_rlast, m_axi_rready, m_axis_tvalid, asked, came, pop;
  logic [1:0] errors, m_axi_arburst;
  logic [2:0] m_axi_arsize;
  logic [7:0] m_axi_arlen;
  logic [ADDRESS_BITS-1:0] m_axi_araddr;
  logic [DATA_BITS-1:0] m_axis_tdata;
  logic [CW-1:0] waiting;
  assign asked = m_axi_arvalid && m_axi_arready;
  assign came = m_axi_rvalid && m_axi_rready;
  assign pop = m_axis_tvalid && m_axis_tready;

  any_reset resets (.again(1'b0), .*);
  axi_read #(.DATA_BITS(DATA_BITS), .ADDRESS_BITS(ADDRESS_BITS), .MAX_BURST(MAX_BURST), .DEPTH(DEPTH)) dut (.*);

  // The memory: words of bursts that were asked for, in their order; rlast at the end of each.
  logic [DEPTH-1:0] ends_q, asked_ends;  // bit i: word i of those that are owed is its burst's last
  logic [CW-1:0] owed_q;
  assign m_axi_rlast = ends_q[0];
  assign asked_ends = asked ? DEPTH'(1) << (owed_q + CW'(m_axi_arlen)) : '0;

  // The transfer: where its next burst begins, and how many words it still has.
  logic [ADDRESS_BITS-1:0] next_q;
  logic [31:0] left_q;
  logic stopping_q, stopped_q;
  logic [12:0] first;
  assign first = 13'(m_axi_araddr[11:0]);

  stream_held #(.WIDTH(ADDRESS_BITS + 8)) ar (
      .offer({m_axi_araddr, m_axi_arlen}), .valid(m_axi_arvalid), .ready(m_axi_arready), .*);
  stream_held #(.WIDTH(DATA_BITS)) m_axis (
      .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .ap_rst_n(ap_rst_n && !(stop && idle)), .*);
  stream_order #(.BITS(DATA_BITS), .CAPACITY(DEPTH)) read (
      .ap_rst_n(ap_rst_n && !(stop && idle)), .enters(m_axi_rdata), .push(came), .leaves(m_axis_tdata),
      .offered(m_axis_tvalid), .inside_q(waiting), .*);
  stream_within #(.CYCLES(1)) leaving (.wanted(waiting != 0), .comes(m_axis_tvalid), .*);
  stream_within #(.CYCLES(7)) asking (
      .wanted(left_q != 0 && !stop && m_axis_tready), .comes(m_axi_arvalid || owed_q != 0 || start), .*);
  stream_within #(.CYCLES(2)) resting (
      .wanted(left_q == 0 && owed_q == 0 && m_axi_arready), .comes(idle || start), .*);

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) {ends_q, owed_q, left_q, stopping_q, stopped_q} <= '0;
    else begin
      ends_q <= (ends_q | asked_ends) >> came;
      owed_q <= owed_q + (asked ? CW'(m_axi_arlen) + 1'b1 : '0) - CW'(came);
      stopping_q <= stop && !idle;
      if (stop) left_q <= '0;
      else if (start) left_q <= words;
      else if (asked) left_q <= left_q - 32'(m_axi_arlen) - 1;
      if (start) stopped_q <= 1'b0;
      else if (stop) stopped_q <= 1'b1;
    end
    if (start) next_q <= address;
    else if (asked) next_q <= next_q + ADDRESS_BITS'((32'(m_axi_arlen) + 1) * BYTES);
    if (ap_rst_n) begin
      owes : assume (!m_axi_rvalid || owed_q != 0);
      starts : assume (!start || (idle && !stop && !m_axi_arvalid
          && 32'(address) % BYTES == 0 && (!stopped_q || waiting == 0)));
      stays : assume (!stopping_q || stop);
      addresses : assert (!m_axi_arvalid || m_axi_araddr == next_q) else $error("%m: a burst begins elsewhere");
      no_more : assert (!m_axi_arvalid || stopped_q || 32'(m_axi_arlen) < left_q)
      else $error("%m: more is asked for than the transfer has");
      within_4k : assert (!m_axi_arvalid || first + (13'(m_axi_arlen) + 1) * BYTES <= 4096)
      else $error("%m: a burst crosses 4 KiB");
      aligned : assert (!m_axi_arvalid || first / BYTES % MAX_BURST + 13'(m_axi_arlen) < MAX_BURST)
      else $error("%m: a burst goes beyond a multiple of MAX_BURST words");
      longest : assert (!m_axi_arvalid || stopped_q || 32'(m_axi_arlen) + 1 == left_q
          || (first / BYTES + 13'(m_axi_arlen) + 1) % MAX_BURST == 0) else $error("%m: a burst ends early");
      counted : assert (stopped_q || dut.left_q + (m_axi_arvalid ? 32'(m_axi_arlen) + 1 : '0) == left_q)
      else $error("%m: the words that are left are counted wrongly");
      kind : assert (m_axi_arsize == 3'($clog2(BYTES)) && m_axi_arburst == 2'b01)
      else $error("%m: no INCR of whole words");
      room : assert (CW'(owed_q) + waiting <= CW'(DEPTH)) else $error("%m: words are asked for without room");
      takes : assert (m_axi_rready) else $error("%m: rready fell");
      idle_is_done : assert (!idle || (owed_q == 0 && !m_axi_arvalid && left_q == 0))
      else $error("%m: idle with words to come");
      told : assert (errors == {m_axi_rvalid && m_axi_rresp == 2'b11, m_axi_rvalid && m_axi_rresp == 2'b10})
      else $error("%m: an error is not told");
      two_bursts : cover (pop && left_q == 0 && idle && !stopped_q && watch && next_q == '0);
      dropped : cover (stop && idle && waiting != 0);
    end
  end

endmodule
