// SPDX-License-Identifier: Apache-2.0
// An AXI3 slave, as a Zynq-7000's general-purpose port wants it, in front of an AXI4-Lite slave.
//
// Each beat of a burst is one access to its word; narrow beats read all of it. A burst outside the
// 2^ADDRESS_BITS bytes from BASE on is answered with DECERR, of a write's answers the worst counts. One read
// and one write burst are under way at a time; their data comes in the order of its burst (no interleaving,
// WID says nothing new). Locks, caches and protection mean nothing here.
//
// Adds 1 cycle to a burst's first beat and to a write's answer, none to the beats between.
module axi3_axil #(
    parameter int unsigned ADDRESS_BITS = 14,         // of a byte address behind this module
    parameter int unsigned ID_BITS = 12,
    parameter logic [31:0] BASE = 32'h43C0_0000       // a multiple of 2^ADDRESS_BITS
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                            // synchronous, active low

    input  logic [ID_BITS-1:0] s_axi_awid,
    input  logic [31:0] s_axi_awaddr,
    input  logic [3:0] s_axi_awlen,
    input  logic [1:0] s_axi_awsize,
    input  logic [1:0] s_axi_awburst,
    input  logic s_axi_awvalid,
    output logic s_axi_awready,
    input  logic [31:0] s_axi_wdata,
    input  logic [3:0] s_axi_wstrb,
    input  logic s_axi_wlast,
    input  logic s_axi_wvalid,
    output logic s_axi_wready,
    output logic [ID_BITS-1:0] s_axi_bid,
    output logic [1:0] s_axi_bresp,
    output logic s_axi_bvalid,
    input  logic s_axi_bready,
    input  logic [ID_BITS-1:0] s_axi_arid,
    input  logic [31:0] s_axi_araddr,
    input  logic [3:0] s_axi_arlen,
    input  logic [1:0] s_axi_arsize,
    input  logic [1:0] s_axi_arburst,
    input  logic s_axi_arvalid,
    output logic s_axi_arready,
    output logic [ID_BITS-1:0] s_axi_rid,
    output logic [31:0] s_axi_rdata,
    output logic [1:0] s_axi_rresp,
    output logic s_axi_rlast,
    output logic s_axi_rvalid,
    input  logic s_axi_rready,

    output logic [ADDRESS_BITS-1:0] m_axil_awaddr,
    output logic m_axil_awvalid,
    input  logic m_axil_awready,
    output logic [31:0] m_axil_wdata,
    output logic [3:0] m_axil_wstrb,
    output logic m_axil_wvalid,
    input  logic m_axil_wready,
    input  logic [1:0] m_axil_bresp,
    input  logic m_axil_bvalid,
    output logic m_axil_bready,
    output logic [ADDRESS_BITS-1:0] m_axil_araddr,
    output logic m_axil_arvalid,
    input  logic m_axil_arready,
    input  logic [31:0] m_axil_rdata,
    input  logic [1:0] m_axil_rresp,
    input  logic m_axil_rvalid,
    output logic m_axil_rready
);

  localparam logic [1:0] OKAY = 2'b00, DECERR = 2'b11;

  if ((BASE & ((32'd1 << ADDRESS_BITS) - 1)) != 0) begin : gen_bad_base
    $error("axi3_axil: BASE=%h is no multiple of 2^%0d", BASE, ADDRESS_BITS);
  end

  // Reads: `asked` goes through the burst's words, answers are counted as they come.
  logic read_q, read_hit, read_hit_q, read_start, read_beat;
  logic [3:0] read_left_q;
  logic [ADDRESS_BITS-1:0] read_address;
  assign read_hit = s_axi_araddr[31:ADDRESS_BITS] == BASE[31:ADDRESS_BITS];
  assign s_axi_arready = ap_rst_n && !read_q;
  assign read_start = s_axi_arvalid && s_axi_arready;
  axi3_burst #(.ADDRESS_BITS(ADDRESS_BITS)) asked (
      .start(read_start && read_hit), .first(s_axi_araddr[ADDRESS_BITS-1:0]), .length(s_axi_arlen),
      .size(s_axi_arsize), .kind(s_axi_arburst), .active(m_axil_arvalid), .address(read_address),
      .next(m_axil_arvalid && m_axil_arready), .*);
  assign m_axil_araddr = {read_address[ADDRESS_BITS-1:2], 2'b00};

  assign s_axi_rvalid = read_q && (!read_hit_q || m_axil_rvalid);
  assign s_axi_rdata = read_hit_q ? m_axil_rdata : '0;
  assign s_axi_rresp = read_hit_q ? m_axil_rresp : DECERR;
  assign s_axi_rlast = read_left_q == 0;
  assign m_axil_rready = read_q && read_hit_q && s_axi_rready;
  assign read_beat = s_axi_rvalid && s_axi_rready;

  always_ff @(posedge ap_clk) begin
    read_q <= ap_rst_n && (read_start || (read_q && !(read_beat && s_axi_rlast)));
    if (read_start) {s_axi_rid, read_hit_q, read_left_q} <= {s_axi_arid, read_hit, s_axi_arlen};
    else if (read_beat) read_left_q <= read_left_q - 1'b1;
  end

  // Writes: addresses as above, data as it comes, answers counted; then the burst's answer.
  logic write_q, write_hit, write_hit_q, write_start, data_q, data_beat, answer, answered;
  logic [3:0] write_left_q;
  logic [ADDRESS_BITS-1:0] write_address;
  assign write_hit = s_axi_awaddr[31:ADDRESS_BITS] == BASE[31:ADDRESS_BITS];
  assign s_axi_awready = ap_rst_n && !write_q;
  assign write_start = s_axi_awvalid && s_axi_awready;
  axi3_burst #(.ADDRESS_BITS(ADDRESS_BITS)) written (
      .start(write_start && write_hit), .first(s_axi_awaddr[ADDRESS_BITS-1:0]), .length(s_axi_awlen),
      .size(s_axi_awsize), .kind(s_axi_awburst), .active(m_axil_awvalid), .address(write_address),
      .next(m_axil_awvalid && m_axil_awready), .*);
  assign m_axil_awaddr = {write_address[ADDRESS_BITS-1:2], 2'b00};

  assign s_axi_wready = data_q && (!write_hit_q || m_axil_wready);
  assign m_axil_wvalid = data_q && write_hit_q && s_axi_wvalid;
  assign m_axil_wdata = s_axi_wdata;
  assign m_axil_wstrb = s_axi_wstrb;
  assign data_beat = s_axi_wvalid && s_axi_wready;
  assign m_axil_bready = write_q && !s_axi_bvalid;
  assign answer = m_axil_bvalid && m_axil_bready;
  assign answered = write_hit_q ? answer && write_left_q == 0 : data_beat && s_axi_wlast;

  always_ff @(posedge ap_clk) begin
    if (write_start) begin
      {s_axi_bid, write_hit_q, write_left_q} <= {s_axi_awid, write_hit, s_axi_awlen};
      s_axi_bresp <= write_hit ? OKAY : DECERR;
    end else if (answer) begin
      write_left_q <= write_left_q - 1'b1;
      s_axi_bresp <= s_axi_bresp | m_axil_bresp;  // of OKAY 00, SLVERR 10 and DECERR 11 the worst
    end
    write_q <= ap_rst_n && (write_start || (write_q && !(s_axi_bvalid && s_axi_bready)));
    data_q <= ap_rst_n && (write_start || (data_q && !(data_beat && s_axi_wlast)));
    s_axi_bvalid <= ap_rst_n && (answered || (s_axi_bvalid && !s_axi_bready));
  end

  logic unused;
  assign unused = &{1'b0, read_address[1:0], write_address[1:0]};

`ifdef VERILATOR
  logic [3:0] words_q;
  always_ff @(posedge ap_clk) begin
    words_q <= write_start ? s_axi_awlen : words_q - 4'(data_beat);
    if (ap_rst_n && data_beat)
      assert (s_axi_wlast == (words_q == 0)) else $error("axi3_axil: wlast is not at the burst's end");
  end
`endif

endmodule
