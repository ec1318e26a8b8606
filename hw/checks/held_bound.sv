// SPDX-License-Identifier: Apache-2.0
// stream_held at every output of our modules, in simulations; those that a design has not are passed over.

bind fifo stream_held #(.WIDTH(WIDTH)) m_axis_held (
    .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind width_convert stream_held #(.WIDTH(OUT_BITS)) m_axis_held (
    .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind pixel_pad stream_held #(.WIDTH(BITS)) m_axis_held (
    .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind stream_fork stream_held #(.WIDTH(BITS), .STREAMS(OUTPUTS)) m_axis_held (
    .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind stream_add stream_held #(.WIDTH(OUT_BITS)) m_axis_held (
    .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind stream_concat stream_held #(.WIDTH(WIDTH)) m_axis_held (
    .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind stream_lookup stream_held #(.WIDTH(OUT_WIDTH)) m_axis_held (
    .offer(m_axis_tdata), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind beats_to_words stream_held #(.WIDTH(9 * WORD_BYTES + 1)) m_axis_held (
    .offer({m_axis_tdata, m_axis_tkeep, m_axis_tlast}), .valid(m_axis_tvalid), .ready(m_axis_tready), .*);
bind axil_port stream_held #(.WIDTH(2)) b_held (
    .offer(s_axil_bresp), .valid(s_axil_bvalid), .ready(s_axil_bready), .*);
bind axil_port stream_held #(.WIDTH(34)) r_held (
    .offer({s_axil_rresp, s_axil_rdata}), .valid(s_axil_rvalid), .ready(s_axil_rready), .*);
bind axi_read stream_held #(.WIDTH(ADDRESS_BITS + 8)) ar_held (
    .offer({m_axi_araddr, m_axi_arlen}), .valid(m_axi_arvalid), .ready(m_axi_arready), .*);
bind axi_write stream_held #(.WIDTH(ADDRESS_BITS + 8)) aw_held (
    .offer({m_axi_awaddr, m_axi_awlen}), .valid(m_axi_awvalid), .ready(m_axi_awready), .*);
bind axi_write stream_held #(.WIDTH(9 * BYTES + 1)) w_held (
    .offer({m_axi_wdata, m_axi_wstrb, m_axi_wlast}), .valid(m_axi_wvalid), .ready(m_axi_wready), .*);
bind axi3_axil stream_held #(.WIDTH(ID_BITS + 35)) r_held (
    .offer({s_axi_rid, s_axi_rdata, s_axi_rresp, s_axi_rlast}), .valid(s_axi_rvalid), .ready(s_axi_rready), .*);
bind axi3_axil stream_held #(.WIDTH(ID_BITS + 2)) b_held (
    .offer({s_axi_bid, s_axi_bresp}), .valid(s_axi_bvalid), .ready(s_axi_bready), .*);
