// SPDX-License-Identifier: Apache-2.0
// Reads a stretch of memory over AXI4 as a stream of words.
//
//   word i of m_axis = word i from `address` on, `words` of them
//
// Bursts are of up to MAX_BURST beats and end at multiples of MAX_BURST words, so that none crosses 4 KiB. They
// are asked for only when the buffer has room for them, so that rready never falls. II = 1 with MAX_BURST >= 4
// and a memory that answers within DEPTH - MAX_BURST cycles. `stop` ends a transfer: what is outstanding is
// waited for and dropped.
module axi_read #(
    parameter int unsigned DATA_BITS = 64,     // of a word, a power of two
    parameter int unsigned ADDRESS_BITS = 32,  // of a byte address, more than 12
    parameter int unsigned MAX_BURST = 16,     // beats, a power of two up to 256; AXI3 takes 16
    parameter int unsigned DEPTH = 512,        // words of the buffer, at least MAX_BURST
    localparam int unsigned BYTES = DATA_BITS / 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                     // synchronous, active low

    input  logic start,                        // pulse while idle, with what follows
    input  logic [ADDRESS_BITS-1:0] address,   // a multiple of the word
    input  logic [31:0] words,
    input  logic stop,
    output logic idle,                         // everything was asked for and has come
    output logic [1:0] errors,                 // pulses: SLVERR, DECERR

    output logic [ADDRESS_BITS-1:0] m_axi_araddr,
    output logic [7:0] m_axi_arlen,
    output logic [2:0] m_axi_arsize,
    output logic [1:0] m_axi_arburst,
    output logic m_axi_arvalid,
    input  logic m_axi_arready,
    input  logic [DATA_BITS-1:0] m_axi_rdata,
    input  logic [1:0] m_axi_rresp,
    input  logic m_axi_rlast,
    input  logic m_axi_rvalid,
    output logic m_axi_rready,

    output logic [DATA_BITS-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned SIZE = $clog2(BYTES);
  localparam int unsigned BW = $clog2(MAX_BURST + 1);
  localparam int unsigned DW = $clog2(DEPTH + 1);

  if (MAX_BURST < 1 || MAX_BURST > 256 || (MAX_BURST & (MAX_BURST - 1)) != 0
      || MAX_BURST * BYTES > 4096) begin : gen_bad_burst
    $error("axi_read: MAX_BURST=%0d words of DATA_BITS=%0d must be a power of two, 256 and 4 KiB at most", MAX_BURST,
           DATA_BITS);
  end
  if (DATA_BITS % 8 != 0 || (BYTES & (BYTES - 1)) != 0 || DEPTH < MAX_BURST
      || ADDRESS_BITS < 13) begin : gen_bad_size
    $error("axi_read: DATA_BITS=%0d must be a power of two, DEPTH=%0d at least MAX_BURST, ADDRESS_BITS=%0d 13 or more",
           DATA_BITS, DEPTH, ADDRESS_BITS);
  end

  logic [ADDRESS_BITS-1:0] address_q;
  logic [31:0] left_q;           // words that are still to be asked for
  logic [DW-1:0] space_q;        // words of the buffer that no burst has claimed
  logic [DW-1:0] outstanding_q;  // bursts that have not come whole
  logic [BW-1:0] burst_q;        // the next burst
  logic [BW-1:0] limit_q;        // longest burst from address_q on
  logic limit_valid_q, ready_q;  // limit_q holds for address_q; burst_q holds too, and is not 0
  logic ask, pop, came;

  assign ask = ready_q && !stop && !m_axi_arvalid && space_q >= DW'(burst_q);
  assign pop = m_axis_tvalid && m_axis_tready;
  assign came = m_axi_rvalid && m_axi_rlast;
  assign idle = left_q == 0 && outstanding_q == 0 && !m_axi_arvalid;
  assign errors = {m_axi_rvalid && m_axi_rresp == 2'b11, m_axi_rvalid && m_axi_rresp == 2'b10};
  assign m_axi_arsize = 3'(SIZE);
  assign m_axi_arburst = 2'b01;
  assign m_axi_rready = 1'b1;

  always_ff @(posedge ap_clk) begin
    if (start) address_q <= address;
    else if (ask) address_q <= address_q + (ADDRESS_BITS'(burst_q) << SIZE);
    if (ask) {m_axi_araddr, m_axi_arlen} <= {address_q, 8'(burst_q - 1'b1)};
    limit_q <= BW'(MAX_BURST) - BW'(12'(address_q[11:0] >> SIZE) & 12'(MAX_BURST - 1));
    burst_q <= left_q < 32'(limit_q) ? BW'(left_q) : limit_q;
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      m_axi_arvalid <= 1'b0;
      limit_valid_q <= 1'b0;
      ready_q <= 1'b0;
      left_q <= '0;
      outstanding_q <= '0;
    end else begin
      m_axi_arvalid <= ask || (m_axi_arvalid && !m_axi_arready);
      limit_valid_q <= !start && !ask;
      ready_q <= limit_valid_q && !start && !ask && left_q != 0;
      if (stop) left_q <= '0;
      else if (start) left_q <= words;
      else if (ask) left_q <= left_q - 32'(burst_q);
      outstanding_q <= outstanding_q + DW'(ask) - DW'(came);
    end
    if (!ap_rst_n || (stop && idle)) space_q <= DW'(DEPTH);
    else space_q <= space_q - (ask ? DW'(burst_q) : '0) + DW'(pop);
  end

  logic unused;
  fifo #(.WIDTH(DATA_BITS), .DEPTH(DEPTH)) buffer (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n && !(stop && idle)), .s_axis_tdata(m_axi_rdata),
      .s_axis_tvalid(m_axi_rvalid), .s_axis_tready(unused), .m_axis_tdata(m_axis_tdata),
      .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready));

`ifdef VERILATOR
  always_ff @(posedge ap_clk) begin
    if (ap_rst_n && m_axi_rvalid) assert (unused) else $error("axi_read: a word came for which there is no room");
  end
`endif

endmodule
