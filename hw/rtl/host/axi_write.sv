// SPDX-License-Identifier: Apache-2.0
// Writes a stream of words to a stretch of memory over AXI4.
//
//   word i from `address` on = word i of s_axis, up to the one with tlast, of which tkeep's bytes are written
//
// Bursts are of up to MAX_BURST beats and end at multiples of MAX_BURST words, so that none crosses 4 KiB; each
// is announced only when its words are in the buffer, so that it never holds the bus. II = 1 with MAX_BURST >= 4
// and DEPTH >= 2 * MAX_BURST. `stop` ends a transfer: bursts that were announced go on with no byte enabled,
// everything else is dropped.
module axi_write #(
    parameter int unsigned DATA_BITS = 64,     // of a word, a power of two
    parameter int unsigned ADDRESS_BITS = 32,  // of a byte address, more than 12
    parameter int unsigned MAX_BURST = 16,     // beats, a power of two up to 256; AXI3 takes 16
    parameter int unsigned DEPTH = 512,        // words of the buffer, at least MAX_BURST
    parameter int unsigned OUTSTANDING = 8,    // bursts without a response
    localparam int unsigned BYTES = DATA_BITS / 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                     // synchronous, active low

    input  logic start,                        // pulse while idle, with what follows
    input  logic [ADDRESS_BITS-1:0] address,   // a multiple of the word
    input  logic stop,
    output logic idle,                         // no transfer is under way
    output logic quiet,                        // nothing is outstanding on the bus
    output logic [1:0] errors,                 // pulses: SLVERR, DECERR

    input  logic [DATA_BITS-1:0] s_axis_tdata,
    input  logic [BYTES-1:0] s_axis_tkeep,
    input  logic s_axis_tlast,                 // ends the transfer
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [ADDRESS_BITS-1:0] m_axi_awaddr,
    output logic [7:0] m_axi_awlen,
    output logic [2:0] m_axi_awsize,
    output logic [1:0] m_axi_awburst,
    output logic m_axi_awvalid,
    input  logic m_axi_awready,
    output logic [DATA_BITS-1:0] m_axi_wdata,
    output logic [BYTES-1:0] m_axi_wstrb,
    output logic m_axi_wlast,
    output logic m_axi_wvalid,
    input  logic m_axi_wready,
    input  logic [1:0] m_axi_bresp,
    input  logic m_axi_bvalid,
    output logic m_axi_bready
);

  localparam int unsigned SIZE = $clog2(BYTES);
  localparam int unsigned BW = $clog2(MAX_BURST + 1);
  localparam int unsigned DW = $clog2(DEPTH + 2);
  localparam int unsigned CW = $clog2(OUTSTANDING + 1);

  if (MAX_BURST < 1 || MAX_BURST > 256 || (MAX_BURST & (MAX_BURST - 1)) != 0
      || MAX_BURST * BYTES > 4096) begin : gen_bad_burst
    $error("axi_write: MAX_BURST=%0d words of DATA_BITS=%0d must be a power of two, 256 and 4 KiB at most", MAX_BURST,
           DATA_BITS);
  end
  if (DATA_BITS % 8 != 0 || (BYTES & (BYTES - 1)) != 0 || DEPTH < MAX_BURST
      || ADDRESS_BITS < 13) begin : gen_bad_size
    $error("axi_write: DATA_BITS=%0d must be a power of two, DEPTH=%0d at least MAX_BURST, ADDRESS_BITS=%0d 13 or more",
           DATA_BITS, DEPTH, ADDRESS_BITS);
  end
  if (OUTSTANDING < 2) begin : gen_bad_outstanding
    $error("axi_write: OUTSTANDING=%0d must be 2 or more", OUTSTANDING);
  end

  logic running_q, ended_q;         // between start and the last response; the last word is in the buffer
  logic [BYTES-1:0] keep_q;         // of the last word
  logic [ADDRESS_BITS-1:0] address_q;
  logic [DW-1:0] unclaimed_q;       // words in the buffer that no burst has claimed
  logic [CW-1:0] outstanding_q;
  logic [BW-1:0] limit_q;           // longest burst from address_q on
  logic [BW-1:0] burst_q;           // the next burst
  logic last_q;                     // it ends with the last word
  logic limit_valid_q, burst_valid_q;  // limit_q holds for address_q; the burst's words are in the buffer
  logic whole, push, ready, ask, send, drop;

  assign whole = 32'(unclaimed_q) >= 32'(limit_q);
  assign ask = burst_valid_q && !stop && !m_axi_awvalid && outstanding_q != CW'(OUTSTANDING);
  assign s_axis_tready = running_q && ready && !ended_q && !stop;
  assign push = s_axis_tvalid && s_axis_tready;
  assign idle = !running_q;
  assign quiet = outstanding_q == 0 && !m_axi_awvalid;
  assign drop = stop && quiet;
  assign errors = {m_axi_bvalid && m_axi_bresp == 2'b11, m_axi_bvalid && m_axi_bresp == 2'b10};
  assign m_axi_awsize = 3'(SIZE);
  assign m_axi_awburst = 2'b01;
  assign m_axi_bready = 1'b1;

  always_ff @(posedge ap_clk) begin
    if (start) address_q <= address;
    else if (ask) address_q <= address_q + (ADDRESS_BITS'(burst_q) << SIZE);
    if (ask) {m_axi_awaddr, m_axi_awlen} <= {address_q, 8'(burst_q - 1'b1)};
    if (push) keep_q <= s_axis_tkeep;
    limit_q <= BW'(MAX_BURST) - BW'(12'(address_q[11:0] >> SIZE) & 12'(MAX_BURST - 1));
    burst_q <= whole ? limit_q : BW'(unclaimed_q);
    last_q <= ended_q && 32'(unclaimed_q) <= 32'(limit_q);
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      m_axi_awvalid <= 1'b0;
      limit_valid_q <= 1'b0;
      burst_valid_q <= 1'b0;
      running_q <= 1'b0;
      ended_q <= 1'b0;
      unclaimed_q <= '0;
      outstanding_q <= '0;
    end else begin
      m_axi_awvalid <= ask || (m_axi_awvalid && !m_axi_awready);
      limit_valid_q <= !start && !ask;
      burst_valid_q <= limit_valid_q && !start && !ask && !stop && (whole || (ended_q && unclaimed_q != 0));
      outstanding_q <= outstanding_q + CW'(ask) - CW'(m_axi_bvalid);
      unclaimed_q <= stop ? '0 : unclaimed_q + DW'(push) - (ask ? DW'(burst_q) : '0);
      if (stop || start) ended_q <= 1'b0;
      else if (push && s_axis_tlast) ended_q <= 1'b1;
      if (start) running_q <= 1'b1;
      else if (drop || (ended_q && unclaimed_q == 0 && quiet)) running_q <= 1'b0;
    end
  end

  // Bursts that were announced wait for their turn on the data channel: their length, and whether the last
  // word ends them.
  logic [BW-1:0] length, left_q;
  logic ends, ends_q, length_valid, length_ready, word_valid, unused;
  fifo #(.WIDTH(BW + 1), .DEPTH(OUTSTANDING)) lengths (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata({last_q, burst_q}),
      .s_axis_tvalid(ask), .s_axis_tready(unused), .m_axis_tdata({ends, length}),
      .m_axis_tvalid(length_valid), .m_axis_tready(length_ready));
  fifo #(.WIDTH(DATA_BITS), .DEPTH(DEPTH)) buffer (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n && !drop), .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(push),
      .s_axis_tready(ready), .m_axis_tdata(m_axi_wdata), .m_axis_tvalid(word_valid), .m_axis_tready(send));

  assign m_axi_wvalid = left_q != 0 && word_valid;
  assign m_axi_wlast = left_q == 1;
  assign send = m_axi_wvalid && m_axi_wready;
  assign length_ready = left_q == 0 || (send && m_axi_wlast);

  // An abort changes no beat that is offered already.
  logic mask_q;
  assign m_axi_wstrb = mask_q ? '0 : ends_q && m_axi_wlast ? keep_q : '1;
  always_ff @(posedge ap_clk) begin
    if (length_ready) ends_q <= ends;
    if (!ap_rst_n) begin
      left_q <= '0;
      mask_q <= 1'b0;
    end else begin
      if (length_ready) left_q <= length_valid ? length : '0;
      else if (send) left_q <= left_q - 1'b1;
      if (!m_axi_wvalid || m_axi_wready) mask_q <= stop;
    end
  end

endmodule
