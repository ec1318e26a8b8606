// SPDX-License-Identifier: Apache-2.0
// What axil_port promises, after any reset and for any accesses and stalls.
module axil_port_properties #(
    parameter int unsigned ADDRESS_BITS = 2
) (
    input logic ap_clk,
    input logic reset,  // free, as all inputs
    input logic [ADDRESS_BITS-1:0] s_axil_awaddr,
    input logic s_axil_awvalid,
    input logic [31:0] s_axil_wdata,
    input logic [3:0] s_axil_wstrb,
    input logic s_axil_wvalid,
    input logic s_axil_bready,
    input logic [ADDRESS_BITS-1:0] s_axil_araddr,
    input logic s_axil_arvalid,
    input logic s_axil_rready,
    input logic [31:0] read_data,
    input logic watch
);

  logic ap_rst_n, s_axil_awready, s_axil_wready, s_axil_bvalid, s_axil_arready, s_axil_rvalid, write, read;
  logic [1:0] s_axil_bresp, s_axil_rresp;
  logic [31:0] s_axil_rdata, write_data;
  logic [ADDRESS_BITS-1:0] write_address, read_address;
  logic [3:0] write_strobe;

  any_reset resets (.again(reset), .*);
  axil_port #(.ADDRESS_BITS(ADDRESS_BITS)) dut (.*);

  stream_held #(.WIDTH(2)) b (.offer(s_axil_bresp), .valid(s_axil_bvalid), .ready(s_axil_bready), .*);
  stream_held #(.WIDTH(34)) r (
      .offer({s_axil_rresp, s_axil_rdata}), .valid(s_axil_rvalid), .ready(s_axil_rready), .*);

  // What is asked is done once, in order, with what was asked.
  logic aw, w, ar, answered, got;
  logic [1:0] addresses, data, reads, answers, which;
  assign aw = s_axil_awvalid && s_axil_awready;
  assign w = s_axil_wvalid && s_axil_wready;
  assign ar = s_axil_arvalid && s_axil_arready;
  assign answered = s_axil_bvalid && s_axil_bready;
  assign got = s_axil_rvalid && s_axil_rready;
  assign which = '0;
  stream_order #(.BITS(ADDRESS_BITS), .CAPACITY(1)) write_addresses (
      .enters(s_axil_awaddr), .push(aw), .leaves(write_address), .offered(write), .pop(write),
      .inside_q(addresses), .*);
  stream_order #(.BITS(36), .CAPACITY(1)) write_words (
      .enters({s_axil_wstrb, s_axil_wdata}), .push(w), .leaves({write_strobe, write_data}), .offered(write),
      .pop(write), .inside_q(data), .*);
  stream_order #(.BITS(ADDRESS_BITS), .CAPACITY(1)) read_addresses (
      .enters(s_axil_araddr), .push(ar), .leaves(read_address), .offered(read), .pop(read), .inside_q(reads), .*);
  logic read_q;  // read_data answers the read of the cycle before
  stream_order #(.BITS(32), .CAPACITY(1)) read_words (
      .enters(read_data), .push(read_q), .leaves(s_axil_rdata), .offered(s_axil_rvalid), .pop(got),
      .inside_q(answers), .*);

  logic written_q;  // a write's answer waits
  stream_within #(.CYCLES(1)) writing (
      .wanted(addresses != 0 && data != 0 && (s_axil_bready || !written_q)), .comes(write), .*);
  stream_within #(.CYCLES(0)) responding (.wanted(written_q), .comes(s_axil_bvalid), .*);
  stream_within #(.CYCLES(0)) reading (
      .wanted(reads != 0 && (s_axil_rready || answers == 0)), .comes(read), .*);
  stream_within #(.CYCLES(0)) answering (.wanted(answers != 0), .comes(s_axil_rvalid), .*);
  stream_within #(.CYCLES(0)) taking_address (.wanted(addresses == 0), .comes(s_axil_awready), .*);
  stream_within #(.CYCLES(0)) taking_data (.wanted(data == 0), .comes(s_axil_wready), .*);
  stream_within #(.CYCLES(0)) taking_read (.wanted(reads == 0), .comes(s_axil_arready), .*);

  logic [ADDRESS_BITS+35:0] inputs, inputs_q;
  logic ready_q;  // a write's inputs were there in the cycle before
  assign inputs = {write_address, write_strobe, write_data};
  always_ff @(posedge ap_clk) begin
    read_q <= ap_rst_n && read;
    written_q <= ap_rst_n && (write || (written_q && !answered));
    inputs_q <= inputs;
    ready_q <= ap_rst_n && addresses != 0 && data != 0;
    if (ap_rst_n) begin
      okay : assert (s_axil_bresp == 2'b00 && s_axil_rresp == 2'b00) else $error("%m: a response is not OKAY");
      early : assert (!write || (ready_q && inputs == inputs_q)) else $error("%m: a write's inputs came with it");
      answer_of_write : assert (!s_axil_bvalid || written_q) else $error("%m: an answer came before its write");
      one_answer : assert (!write || !written_q || answered) else $error("%m: a write happened with an answer waiting");
      queued : cover (s_axil_bvalid && !s_axil_bready && addresses != 0 && data != 0);
    end
  end

endmodule
