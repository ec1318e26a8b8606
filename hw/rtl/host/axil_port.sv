// SPDX-License-Identifier: Apache-2.0
// An AXI4-Lite slave as single-cycle strobes: one write, one read.
//
// A write happens in the cycle of `write`, a register, with all its inputs valid since the cycle before, so that
// they may be decoded into registers; a read in the cycle of `read`,
// whose read_address read_data must answer in the cycle after. Every access is answered with OKAY: what is wrong
// is for the registers to tell, since a bus error would stop the processor.
//
// II = 3, latency 3 cycles to the response.
module axil_port #(
    parameter int unsigned ADDRESS_BITS = 14  // of a byte address
) (
    input  logic ap_clk,
    input  logic ap_rst_n,  // synchronous, active low

    input  logic [ADDRESS_BITS-1:0] s_axil_awaddr,
    input  logic s_axil_awvalid,
    output logic s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [3:0] s_axil_wstrb,
    input  logic s_axil_wvalid,
    output logic s_axil_wready,
    output logic [1:0] s_axil_bresp,
    output logic s_axil_bvalid,
    input  logic s_axil_bready,
    input  logic [ADDRESS_BITS-1:0] s_axil_araddr,
    input  logic s_axil_arvalid,
    output logic s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0] s_axil_rresp,
    output logic s_axil_rvalid,
    input  logic s_axil_rready,

    output logic write,
    output logic [ADDRESS_BITS-1:0] write_address,
    output logic [31:0] write_data,
    output logic [3:0] write_strobe,
    output logic read,
    output logic [ADDRESS_BITS-1:0] read_address,
    input  logic [31:0] read_data
);

  logic aw_full_q, w_full_q, ar_full_q, reading_q, write_next;

  assign s_axil_awready = !aw_full_q;
  assign s_axil_wready = !w_full_q;
  assign s_axil_arready = !ar_full_q;
  assign s_axil_bresp = 2'b00;
  assign s_axil_rresp = 2'b00;
  assign write_next = aw_full_q && w_full_q && !write && (!s_axil_bvalid || s_axil_bready);
  assign read = ar_full_q && !reading_q && (!s_axil_rvalid || s_axil_rready);

  always_ff @(posedge ap_clk) begin
    if (s_axil_awvalid && s_axil_awready) write_address <= s_axil_awaddr;
    if (s_axil_wvalid && s_axil_wready) {write_strobe, write_data} <= {s_axil_wstrb, s_axil_wdata};
    if (s_axil_arvalid && s_axil_arready) read_address <= s_axil_araddr;
    if (reading_q) s_axil_rdata <= read_data;
  end

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      aw_full_q <= 1'b0;
      w_full_q <= 1'b0;
      ar_full_q <= 1'b0;
      reading_q <= 1'b0;
      write <= 1'b0;
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
    end else begin
      aw_full_q <= aw_full_q ? !write : s_axil_awvalid;
      w_full_q <= w_full_q ? !write : s_axil_wvalid;
      ar_full_q <= ar_full_q ? !read : s_axil_arvalid;
      write <= write_next;
      s_axil_bvalid <= write || (s_axil_bvalid && !s_axil_bready);
      reading_q <= read;
      s_axil_rvalid <= reading_q || (s_axil_rvalid && !s_axil_rready);
    end
  end

endmodule
