// SPDX-License-Identifier: Apache-2.0
// Moves latents from memory to the accelerator and images from it to memory, over an AXI4 master.
//
// In memory the beats of a call lie byte after byte, with nothing between them; unused bits of a beat fill its
// bytes. Source and destination are multiples of the memory's word. See axi_read and axi_write. With `weights` it
// reads a file instead, byte by byte.
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
    parameter bit WEIGHTS = 0,                 // whether files of weights are read as well
    localparam int unsigned BYTES = DATA_BITS / 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                     // synchronous, active low

    input  logic read,                         // pulse while idle: fetch `images` latents from `source`
    input  logic write,                        // pulse while idle: store images from `dest` on, until tlast
    input  logic stop,                         // end all transfers
    input  logic weights,                      // from the cycle after until they were taken: `images` bytes of weights
    input  logic [31:0] images,
    input  logic [63:0] source,
    input  logic [63:0] dest,
    output logic idle,                         // no transfer is under way
    output logic quiet,                        // none is outstanding on the bus
    output logic [3:0] errors,                 // pulses: READ_SLVERR, READ_DECERR, WRITE_SLVERR, WRITE_DECERR

    output logic [8*IN_BYTES-1:0] m_axis_tdata,  // latents
    output logic m_axis_tvalid,
    input  logic m_axis_tready,
    output logic [7:0] m_axis_weights_tdata,
    output logic m_axis_weights_tvalid,
    input  logic m_axis_weights_tready,
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

  // The bytes of the call's latents, bit by bit: images * LATENT_BYTES; or of the weights, images * 1.
  logic [5:0] steps_q;
  logic [31:0] factor_q, bytes_q, words, size;
  logic begin_q, counting, of_weights;
  assign of_weights = WEIGHTS && weights;
  assign size = of_weights ? 32'd1 : LATENT_BYTES;
  assign counting = steps_q != 0;
  assign words = (bytes_q + (BYTES - 1)) >> $clog2(BYTES);
  always_ff @(posedge ap_clk) begin
    if (read) {factor_q, bytes_q} <= {images, 32'd0};
    else if (counting) {factor_q, bytes_q} <= {factor_q << 1, (bytes_q << 1) + (factor_q[31] ? size : '0)};
    if (!ap_rst_n || stop) {steps_q, begin_q} <= '0;
    else begin
      steps_q <= read ? 6'd32 : counting ? steps_q - 1'b1 : '0;
      begin_q <= steps_q == 1;
    end
  end

  logic [DATA_BITS-1:0] in_word, out_word;
  logic [BYTES-1:0] out_keep;
  logic in_valid, in_ready, latents_ready, out_last, out_valid, out_ready, read_idle, write_idle, write_quiet;
  logic pack_idle;

  assign idle = !counting && !begin_q && read_idle && write_idle;
  assign quiet = read_idle && write_quiet;

  axi_read #(.DATA_BITS(DATA_BITS), .ADDRESS_BITS(ADDRESS_BITS), .MAX_BURST(MAX_BURST), .DEPTH(DEPTH)) reader (
      .start(begin_q), .address(ADDRESS_BITS'(source)), .words(words), .idle(read_idle), .errors(errors[1:0]),
      .m_axis_tdata(in_word), .m_axis_tvalid(in_valid), .m_axis_tready(in_ready), .*);
  // What is left of the last call's last word is forgotten when the next begins; of a file's it waits in here.
  width_convert #(.IN_ELEMS(BYTES), .OUT_ELEMS(IN_BYTES), .ELEM_BITS(8)) in_beats (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n && !stop && !read), .s_axis_tdata(in_word),
      .s_axis_tvalid(in_valid && !of_weights), .s_axis_tready(latents_ready), .m_axis_tdata(m_axis_tdata),
      .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready));
  if (WEIGHTS) begin : gen_weights
    logic [$clog2(BYTES)-1:0] place_q;  // of the next byte in its word, which waits for the last one
    assign m_axis_weights_tdata = in_word[8*place_q+:8];
    assign m_axis_weights_tvalid = in_valid && weights;
    assign in_ready = weights ? m_axis_weights_tready && (&place_q) : latents_ready;
    always_ff @(posedge ap_clk) begin
      if (read) place_q <= '0;
      else if (m_axis_weights_tvalid && m_axis_weights_tready) place_q <= place_q + 1'b1;
    end
  end else begin : gen_no_weights
    assign in_ready = latents_ready;
    assign {m_axis_weights_tdata, m_axis_weights_tvalid} = '0;
  end

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
  assign unused = &{1'b0, source, dest, pack_idle, weights, m_axis_weights_tready, m_axi_rid, m_axi_bid};

endmodule
