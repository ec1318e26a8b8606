// SPDX-License-Identifier: Apache-2.0
// Moves latents from memory to the accelerator and images from it to memory, over an AXI4 master.
//
// In memory the beats of a call lie byte after byte, with nothing between them; unused bits of a beat fill its
// bytes. Source and destination are multiples of the memory's word. See axi_read and axi_write.
//
// II = 1 on the side with the narrower words. The first read is asked for 36 cycles after `read`.
module axi_dma_stream #(
    parameter int unsigned DATA_BITS = 64,     // of the memory's word
    parameter int unsigned ADDRESS_BITS = 32,  // of a byte address
    parameter int unsigned MAX_BURST = 16,     // beats: 16 for a Zynq-7000's ports (AXI3), up to 256 for AXI4
    parameter int unsigned DEPTH = 512,        // words of each direction's buffer, at least 2 * MAX_BURST
    parameter int unsigned IN_BYTES = 1,       // of a beat of latents
    parameter int unsigned IN_BEATS = 1,       // of a latent
    parameter int unsigned OUT_BYTES = 1,      // of a beat of images
    localparam int unsigned BYTES = DATA_BITS / 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                     // synchronous, active low

    input  logic read,                         // pulse while idle: fetch `images` latents from `source`
    input  logic write,                        // pulse while idle: store images from `dest` on, until tlast
    input  logic stop,                         // end all transfers
    input  logic [31:0] images,
    input  logic [63:0] source,
    input  logic [63:0] dest,
    output logic idle,                         // no transfer is under way
    output logic quiet,                        // none is outstanding on the bus
    output logic [3:0] errors,                 // pulses: READ_SLVERR, READ_DECERR, WRITE_SLVERR, WRITE_DECERR

    output logic [8*IN_BYTES-1:0] m_axis_tdata,  // latents
    output logic m_axis_tvalid,
    input  logic m_axis_tready,
    input  logic [8*OUT_BYTES-1:0] s_axis_tdata,  // images
    input  logic s_axis_tlast,                 // the last beat of a call
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [0:0] m_axi_arid,           // always 0
    output logic [3:0] m_axi_arcache,        // normal memory, may be buffered
    output logic [2:0] m_axi_arprot,
    output logic [ADDRESS_BITS-1:0] m_axi_araddr,
    output logic [7:0] m_axi_arlen,
    output logic [2:0] m_axi_arsize,
    output logic [1:0] m_axi_arburst,
    output logic m_axi_arvalid,
    input  logic m_axi_arready,
    input  logic [0:0] m_axi_rid,
    input  logic [DATA_BITS-1:0] m_axi_rdata,
    input  logic [1:0] m_axi_rresp,
    input  logic m_axi_rlast,
    input  logic m_axi_rvalid,
    output logic m_axi_rready,
    output logic [0:0] m_axi_awid,           // always 0
    output logic [3:0] m_axi_awcache,        // normal memory, may be buffered
    output logic [2:0] m_axi_awprot,
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
    input  logic [0:0] m_axi_bid,
    input  logic [1:0] m_axi_bresp,
    input  logic m_axi_bvalid,
    output logic m_axi_bready
);

  if (DEPTH < 2 * MAX_BURST) begin : gen_bad_depth
    $error("axi_dma_stream: DEPTH=%0d must be at least 2 * MAX_BURST=%0d", DEPTH, MAX_BURST);
  end

  localparam logic [31:0] LATENT_BYTES = IN_BYTES * IN_BEATS;

  // The bytes of the call's latents, bit by bit: images * LATENT_BYTES.
  logic [5:0] steps_q;
  logic [31:0] factor_q, bytes_q, words;
  logic begin_q, counting;
  assign counting = steps_q != 0;
  assign words = (bytes_q + (BYTES - 1)) >> $clog2(BYTES);
  always_ff @(posedge ap_clk) begin
    if (read) {factor_q, bytes_q} <= {images, 32'd0};
    else if (counting) {factor_q, bytes_q} <= {factor_q << 1, (bytes_q << 1) + (factor_q[31] ? LATENT_BYTES : '0)};
    if (!ap_rst_n || stop) {steps_q, begin_q} <= '0;
    else begin
      steps_q <= read ? 6'd32 : counting ? steps_q - 1'b1 : '0;
      begin_q <= steps_q == 1;
    end
  end

  logic [DATA_BITS-1:0] in_word, out_word;
  logic [BYTES-1:0] out_keep;
  logic in_valid, in_ready, out_last, out_valid, out_ready, read_idle, write_idle, write_quiet, pack_idle;

  assign idle = !counting && !begin_q && read_idle && write_idle;
  assign quiet = read_idle && write_quiet;

  axi_read #(.DATA_BITS(DATA_BITS), .ADDRESS_BITS(ADDRESS_BITS), .MAX_BURST(MAX_BURST), .DEPTH(DEPTH)) reader (
      .start(begin_q), .address(ADDRESS_BITS'(source)), .words(words), .idle(read_idle), .errors(errors[1:0]),
      .m_axis_tdata(in_word), .m_axis_tvalid(in_valid), .m_axis_tready(in_ready), .*);
  // What is left of the last call's last word is forgotten when the next begins.
  width_convert #(.IN_ELEMS(BYTES), .OUT_ELEMS(IN_BYTES), .ELEM_BITS(8)) in_beats (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n && !stop && !read), .s_axis_tdata(in_word), .s_axis_tvalid(in_valid),
      .s_axis_tready(in_ready), .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready));

  beats_to_words #(.BEAT_BYTES(OUT_BYTES), .WORD_BYTES(BYTES)) out_words (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n && !stop), .s_axis_tdata(s_axis_tdata), .s_axis_tlast(s_axis_tlast),
      .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready), .m_axis_tdata(out_word),
      .m_axis_tkeep(out_keep), .m_axis_tlast(out_last), .m_axis_tvalid(out_valid), .m_axis_tready(out_ready),
      .idle(pack_idle));
  axi_write #(.DATA_BITS(DATA_BITS), .ADDRESS_BITS(ADDRESS_BITS), .MAX_BURST(MAX_BURST), .DEPTH(DEPTH)) writer (
      .start(write), .address(ADDRESS_BITS'(dest)), .idle(write_idle), .quiet(write_quiet), .errors(errors[3:2]),
      .s_axis_tdata(out_word), .s_axis_tkeep(out_keep), .s_axis_tlast(out_last), .s_axis_tvalid(out_valid),
      .s_axis_tready(out_ready), .*);

  assign {m_axi_arid, m_axi_awid} = '0;
  assign {m_axi_arcache, m_axi_awcache} = {4'b0011, 4'b0011};
  assign {m_axi_arprot, m_axi_awprot} = '0;

  logic unused;
  assign unused = &{1'b0, source, dest, pack_idle, m_axi_rid, m_axi_bid};

endmodule
