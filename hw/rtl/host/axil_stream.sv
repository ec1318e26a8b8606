// SPDX-License-Identifier: Apache-2.0
// The host's side of the accelerator: registers, and windows through which latents go in and images come out.
//
// The register map is host_pkg's. A call of IMAGES images takes its latents from SOURCE and
// gives its images to SINK: the windows, the memory transfers of axi_dma_stream, or the generator. A window
// carries the bytes of the accelerator's beats, the first in the lowest byte of the first word; the last word of
// a call is filled up. Words that there is no room for, or no call, are dropped and make an error; no access
// ever waits. A call with LOAD hands a file of weights to the accelerator instead; an error of the memory aborts it.
//
// II = 3 per access, latency 3 cycles to the response; the accelerator's streams run at II = 1.
module axil_stream
  import host_pkg::CAPABILITIES;
#(
    parameter logic [CAPABILITIES-1:0][31:0] CAPABILITY = '0,  // the constant registers, ID first
    parameter TABLE = "latent_table",                          // of latent_source
    parameter logic [31:0] FILE_BYTES = 0,                     // of a file of weights; 0: none is loaded
    parameter logic [31:0] FILE_DESIGN = 0,                    // the identity in it
    localparam int unsigned IN_ELEMENTS = 32'(CAPABILITY[host_pkg::LATENT_FORMAT/4][31:16]),
    localparam int unsigned IN_BITS = 32'(CAPABILITY[host_pkg::LATENT_FORMAT/4][7:0]),
    localparam int unsigned OUT_ELEMENTS = 32'(CAPABILITY[host_pkg::IMAGE_FORMAT/4][31:16]),
    localparam int unsigned OUT_BITS = 32'(CAPABILITY[host_pkg::IMAGE_FORMAT/4][7:0]),
    localparam int unsigned IN_BYTES = (IN_ELEMENTS * IN_BITS + 7) / 8,
    localparam int unsigned OUT_BYTES = (OUT_ELEMENTS * OUT_BITS + 7) / 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                 // synchronous, active low
    output logic irq,                      // an event that IRQ_ENABLE names has come

    input  logic [host_pkg::ADDRESS_BITS-1:0] s_axil_awaddr,
    input  logic s_axil_awvalid,
    output logic s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [3:0] s_axil_wstrb,
    input  logic s_axil_wvalid,
    output logic s_axil_wready,
    output logic [1:0] s_axil_bresp,
    output logic s_axil_bvalid,
    input  logic s_axil_bready,
    input  logic [host_pkg::ADDRESS_BITS-1:0] s_axil_araddr,
    input  logic s_axil_arvalid,
    output logic s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [1:0] s_axil_rresp,
    output logic s_axil_rvalid,
    input  logic s_axil_rready,

    output logic core_rst_n,               // the accelerator's reset and streams
    output logic [8*IN_BYTES-1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input  logic m_axis_tready,
    input  logic [8*OUT_BYTES-1:0] s_axis_tdata,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [7:0] m_axis_weights_tdata,
    output logic m_axis_weights_tlast,
    output logic m_axis_weights_tvalid,
    input  logic m_axis_weights_tready,
    input  logic weights_loaded,           // what the accelerator says of the last file
    input  logic [2:0] weights_errors,

    output logic dma_read,                 // pulse: fetch `dma_images` latents from dma_source
    output logic dma_write,                // pulse: store a call's images from dma_dest on
    output logic dma_stop,                 // end all transfers
    output logic dma_weights,              // from the cycle after: it is dma_images bytes of weights
    output logic [31:0] dma_images,
    output logic [63:0] dma_source,
    output logic [63:0] dma_dest,
    input  logic dma_idle,                 // no transfer is under way
    input  logic dma_quiet,                // none is outstanding on the bus
    input  logic [3:0] dma_errors,         // pulses: READ_SLVERR, READ_DECERR, WRITE_SLVERR, WRITE_DECERR
    input  logic [8*IN_BYTES-1:0] s_axis_dma_tdata,
    input  logic s_axis_dma_tvalid,
    output logic s_axis_dma_tready,
    input  logic [7:0] s_axis_dma_weights_tdata,
    input  logic s_axis_dma_weights_tvalid,
    output logic s_axis_dma_weights_tready,
    output logic [8*OUT_BYTES-1:0] m_axis_dma_tdata,
    output logic m_axis_dma_tlast,         // the call's last beat
    output logic m_axis_dma_tvalid,
    input  logic m_axis_dma_tready
);

  import host_pkg::*;

  localparam int unsigned DMA_BYTES = 32'(CAPABILITY[FEATURES/4][7:0]);
  localparam bit GENERATOR = CAPABILITY[FEATURES/4][FEATURES_GENERATOR];
  localparam int unsigned DEPTH = CAPABILITY[WINDOW_WORDS/4];
  localparam int unsigned LW = $clog2(DEPTH + 1);
  localparam bit LOADS = FILE_BYTES != 0;

  if (CAPABILITY[ID/4] != ID_WORD || CAPABILITY[VERSION/4] != VERSION_WORD) begin : gen_bad_map
    $error("axil_stream: ID=%h VERSION=%h are not those of this register map", CAPABILITY[0], CAPABILITY[1]);
  end

  // Accesses.
  logic write, read, hit;
  logic [ADDRESS_BITS-1:0] write_address, read_address;
  logic [31:0] write_data, read_data;
  logic [3:0] write_strobe;
  axil_port #(.ADDRESS_BITS(ADDRESS_BITS)) port (.*);

  function automatic logic [31:0] if_written(input logic [7:0] register);
    return hit && {write_address[7:2], 2'b00} == register ? write_data : '0;
  endfunction

  // What a write is of: decoded in the cycle before it. Registers lie in the first 256 bytes.
  logic to_registers_q, to_window_q, to_control_q, part_q, in_write, out_read, control_write;
  always_ff @(posedge ap_clk) begin
    to_registers_q <= write_strobe == '1 && write_address[ADDRESS_BITS-1:8] == 0;
    to_window_q <= write_strobe == '1 && write_address[ADDRESS_BITS-1:12] == IN_WINDOW[ADDRESS_BITS-1:12];
    to_control_q <= write_strobe == '1 && write_address[ADDRESS_BITS-1:2] == CONTROL[ADDRESS_BITS-1:2];
    part_q <= write_strobe != '1 && write_strobe != '0;
  end
  assign hit = write && to_registers_q;
  assign in_write = write && to_window_q;
  assign control_write = write && to_control_q;
  assign out_read = read && read_address[ADDRESS_BITS-1:12] == OUT_WINDOW[ADDRESS_BITS-1:12];

  // Registers that the host writes.
  logic [1:0] source_q, sink_q, irq_enable_q, events_q;
  logic reseed_q, load_q;
  logic [31:0] images_q, label_q;
  logic [3:0][31:0] address_q, seed_q;  // SOURCE_LO to DEST_HI, SEED_0 to SEED_3
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      {reseed_q, load_q, source_q, sink_q, irq_enable_q} <= '0;
      {images_q, label_q, address_q, seed_q} <= '0;
    end else if (hit) begin
      case (ADDRESS_BITS'({write_address[7:2], 2'b00}))
        CONTROL: if (!busy) begin
          reseed_q <= write_data[CONTROL_RESEED];
          load_q <= LOADS && write_data[CONTROL_LOAD];
          source_q <= write_data[CONTROL_SOURCE+:2];
          sink_q <= write_data[CONTROL_SINK+:2];
        end
        IRQ_ENABLE: irq_enable_q <= write_data[1:0];
        IMAGES: images_q <= write_data;
        SOURCE_LO, SOURCE_HI, DEST_LO, DEST_HI: if (!busy) address_q[write_address[3:2]] <= write_data;
        SEED_0, SEED_1, SEED_2, SEED_3: seed_q[write_address[3:2]] <= write_data;
        LABEL: if (!busy) label_q <= write_data;
        default: ;
      endcase
    end
  end

  // Calls.
  logic start_q, cancel, possible_q, go, clear, stop, busy, done, refused, in_open, out_open, out_last, drained;
  logic in_beat, out_beat;
  logic [31:0] latents_in, images_out;
  logic [63:0] cycles;
  logic source_dma, sink_dma, feeding, failed_q;  // weights are under way; their memory does not give them
  assign source_dma = source_q == SOURCE_DMA;
  assign sink_dma = sink_q == SINK_DMA;
  assign cancel = (control_write && write_data[CONTROL_ABORT]) || failed_q;
  logic asked_q;  // a cycle before start_q, in which the registers' new values are judged
  always_ff @(posedge ap_clk) begin
    asked_q <= ap_rst_n && control_write && write_data[CONTROL_START] && !cancel;
    start_q <= ap_rst_n && asked_q && !cancel;
  end

  localparam logic [31:0] MISALIGNED = DMA_BYTES == 0 ? '1 : DMA_BYTES - 1;
  always_ff @(posedge ap_clk)
    possible_q <= (load_q ? images_q != 0 : images_q <= CAPABILITY[MAX_IMAGES/4] && (!LOADS || weights_loaded))
        && source_q != 2'd3 && sink_q != 2'd3 && ((GENERATOR && !load_q) || source_q != SOURCE_GENERATOR)
        && (!source_dma || (DMA_BYTES != 0 && (address_q[0] & MISALIGNED) == 0))
        && (!sink_dma || (DMA_BYTES != 0 && (address_q[2] & MISALIGNED) == 0));

  call_control #(.IN_BEATS(CAPABILITY[LATENT_BEATS/4]), .OUT_BEATS(CAPABILITY[IMAGE_BEATS/4])) control (
      .start(start_q), .possible(possible_q), .images(images_q), .load(load_q), .quiet(dma_quiet), .*);

  assign dma_read = go && source_dma && images_q != 0;
  assign dma_write = go && sink_dma && images_q != 0 && !load_q;
  assign dma_weights = feeding;
  assign dma_stop = stop;
  assign dma_images = images_q;
  assign dma_source = {address_q[1], address_q[0]};
  assign dma_dest = {address_q[3], address_q[2]};

  // Latents: from the window, the memory or the generator.
  logic in_push, in_pop, word_valid, word_ready, beats_ready, window_valid, generator_valid, fifo_ready, in_any;
  logic latent_ready;
  logic [31:0] word;
  logic [8*IN_BYTES-1:0] window_data, generator_data, latent;
  logic [8*OUT_BYTES-1:0] image;
  logic image_valid, image_ready;
  logic [LW-1:0] in_room_q, in_space_q;  // a move of a word counts a cycle late
  logic [1:0] in_moves_q, out_moves_q;  // a word came, a word left
  logic in_free_q;
  always_ff @(posedge ap_clk) begin  // writes come in every third cycle at most: what counts is each word's own room
    in_space_q <= (in_open || feeding) && source_q == SOURCE_WINDOW ? in_room_q : '0;
    in_free_q <= (in_open || feeding) && source_q == SOURCE_WINDOW && in_room_q != 0;
  end
  assign in_push = in_write && in_free_q;
  assign in_pop = word_valid && word_ready;
  fifo #(.WIDTH(32), .DEPTH(DEPTH)) in_fifo (
      .ap_clk(ap_clk), .ap_rst_n(!clear), .s_axis_tdata(write_data), .s_axis_tvalid(in_push),
      .s_axis_tready(fifo_ready), .m_axis_tdata(word), .m_axis_tvalid(word_valid), .m_axis_tready(word_ready));
  width_convert #(.IN_ELEMS(4), .OUT_ELEMS(IN_BYTES), .ELEM_BITS(8)) in_beats (
      .ap_clk(ap_clk), .ap_rst_n(!clear), .s_axis_tdata(word), .s_axis_tvalid(word_valid && !load_q),
      .s_axis_tready(beats_ready), .m_axis_tdata(window_data), .m_axis_tvalid(window_valid),
      .m_axis_tready(in_open && latent_ready && source_q == SOURCE_WINDOW));

  if (GENERATOR) begin : gen_generator
    localparam bit SIGNED = CAPABILITY[LATENT_FORMAT/4][LATENT_FORMAT_SIGNED];
    localparam int unsigned LABELS = CAPABILITY[CLASSES/4];
    latent_source #(
        .BITS(IN_BITS), .LOW(SIGNED ? -(2 ** (IN_BITS - 1)) : 0),
        .ELEMENTS(CAPABILITY[LATENT_ELEMENTS/4] - LABELS), .CLASSES(LABELS), .BEAT_ELEMENTS(IN_ELEMENTS),
        .FILE(TABLE)) source (
        .ap_clk(ap_clk), .ap_rst_n(!stop), .go(go && source_q == SOURCE_GENERATOR),
        .reseed(reseed_q), .images(images_q), .seed(seed_q), .label(label_q), .m_axis_tdata(generator_data),
        .m_axis_tvalid(generator_valid),
        .m_axis_tready(in_open && latent_ready && source_q == SOURCE_GENERATOR));
  end else begin : gen_no_generator
    assign generator_data = '0;
    assign generator_valid = 1'b0;
  end

  assign s_axis_dma_tready = in_open && latent_ready && source_dma;
  always_comb begin
    case (source_q)
      SOURCE_WINDOW: {in_any, latent} = {window_valid, window_data};
      SOURCE_DMA: {in_any, latent} = {s_axis_dma_tvalid, s_axis_dma_tdata};
      default: {in_any, latent} = {generator_valid, generator_data};
    endcase
  end
  assign in_beat = in_open && in_any && latent_ready;
  // These two queues keep the accelerator's handshakes apart from those in here.
  fifo #(.WIDTH(8 * IN_BYTES)) latents (
      .ap_clk(ap_clk), .ap_rst_n(!clear), .s_axis_tdata(latent), .s_axis_tvalid(in_open && in_any),
      .s_axis_tready(latent_ready), .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready));
  fifo #(.WIDTH(8 * OUT_BYTES)) images (
      .ap_clk(ap_clk), .ap_rst_n(!clear), .s_axis_tdata(s_axis_tdata),
      .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready), .m_axis_tdata(image),
      .m_axis_tvalid(image_valid), .m_axis_tready(image_ready));

  // Weights: from the window or the memory. An error of the memory is an abort: the accelerator then has none.
  if (LOADS) begin : gen_loads
    logic feed_ready;
    weight_feed feed (
        .ap_clk(ap_clk), .ap_rst_n(!stop), .go(go && load_q), .bytes(images_q), .from_memory(source_dma),
        .busy(feeding), .loaded(weights_loaded), .refused(weights_errors != 0), .s_axis_window_tdata(word),
        .s_axis_window_tvalid(word_valid && load_q), .s_axis_window_tready(feed_ready),
        .s_axis_memory_tdata(s_axis_dma_weights_tdata), .s_axis_memory_tvalid(s_axis_dma_weights_tvalid),
        .s_axis_memory_tready(s_axis_dma_weights_tready), .m_axis_tdata(m_axis_weights_tdata),
        .m_axis_tlast(m_axis_weights_tlast), .m_axis_tvalid(m_axis_weights_tvalid),
        .m_axis_tready(m_axis_weights_tready));
    assign word_ready = load_q ? feed_ready : beats_ready;
    always_ff @(posedge ap_clk) failed_q <= feeding && dma_errors[1:0] != 0;
  end else begin : gen_no_loads
    assign word_ready = beats_ready;
    assign {feeding, failed_q, s_axis_dma_weights_tready} = '0;
    assign {m_axis_weights_tdata, m_axis_weights_tlast, m_axis_weights_tvalid} = '0;
  end

  // Images: to the window, the memory or nowhere.
  logic [31:0] out_word, head;
  logic [3:0] unused_keep;
  logic out_valid, out_ready, pack_ready, pack_idle, unused_last, head_valid;
  logic [LW-1:0] out_level_q;
  assign image_ready = out_open && (sink_dma ? m_axis_dma_tready : sink_q != SINK_WINDOW || pack_ready);
  assign out_beat = image_valid && image_ready;
  assign m_axis_dma_tdata = image;
  assign m_axis_dma_tlast = out_last;
  assign m_axis_dma_tvalid = out_open && sink_dma && image_valid;
  beats_to_words #(.BEAT_BYTES(OUT_BYTES), .WORD_BYTES(4)) out_words (
      .ap_clk(ap_clk), .ap_rst_n(!clear), .s_axis_tdata(image), .s_axis_tlast(out_last),
      .s_axis_tvalid(out_open && sink_q == SINK_WINDOW && image_valid), .s_axis_tready(pack_ready),
      .m_axis_tdata(out_word), .m_axis_tkeep(unused_keep), .m_axis_tlast(unused_last),
      .m_axis_tvalid(out_valid), .m_axis_tready(out_ready), .idle(pack_idle));
  fifo #(.WIDTH(32), .DEPTH(DEPTH)) out_fifo (
      .ap_clk(ap_clk), .ap_rst_n(!clear), .s_axis_tdata(out_word), .s_axis_tvalid(out_valid),
      .s_axis_tready(out_ready), .m_axis_tdata(head), .m_axis_tvalid(head_valid), .m_axis_tready(out_read));
  assign drained = pack_idle && dma_idle && !feeding;

  always_ff @(posedge ap_clk) begin
    in_moves_q <= {in_push, in_pop};
    out_moves_q <= {out_valid && out_ready, out_read && head_valid};
    if (clear) begin
      {in_moves_q, out_moves_q} <= '0;
      in_room_q <= LW'(DEPTH);
      out_level_q <= '0;
    end else begin
      if (^in_moves_q) in_room_q <= in_moves_q[0] ? in_room_q + 1'b1 : in_room_q - 1'b1;
      if (^out_moves_q) out_level_q <= out_moves_q[1] ? out_level_q + 1'b1 : out_level_q - 1'b1;
    end
  end

  // Errors and events.
  logic [7:0] errors_q, found;
  assign found = {dma_errors, refused, write && part_q,
                  out_read && !head_valid, in_write && !in_free_q};
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      errors_q <= '0;
      events_q <= '0;
    end else begin
      errors_q <= (errors_q & ~8'(if_written(8'(ERRORS)))) | found;
      events_q <= (events_q & ~2'(if_written(8'(IRQ_STATUS)))) | {found != 0, done};
    end
    irq <= ap_rst_n && (events_q & irq_enable_q) != 0;
  end

  // What is read: of each 16 registers the one that the address names, then, a cycle later, of which 16.
  logic [3:0][15:0][31:0] map;
  logic [3:0][31:0] word_q;
  logic [31:0] head_q;
  logic [1:0] sixteen_q;
  logic window_q;

  always_comb begin
    logic [63:0][31:0] words;
    words = '0;
    words[CAPABILITIES-1:0] = CAPABILITY;
    words[CONTROL/4][CONTROL_RESEED] = reseed_q;
    words[CONTROL/4][CONTROL_LOAD] = load_q;
    words[CONTROL/4][CONTROL_SOURCE+:2] = source_q;
    words[CONTROL/4][CONTROL_SINK+:2] = sink_q;
    words[STATUS/4][STATUS_ABORTING] = stop;
    words[STATUS/4][STATUS_BUSY] = busy;
    words[ERRORS/4] = 32'(errors_q);
    words[IRQ_ENABLE/4] = 32'(irq_enable_q);
    words[IRQ_STATUS/4] = 32'(events_q);
    words[IMAGES/4] = images_q;
    words[LATENTS_IN/4] = latents_in;
    words[IMAGES_OUT/4] = images_out;
    words[IN_SPACE/4] = 32'(in_space_q);
    words[OUT_LEVEL/4] = 32'(out_level_q);
    {words[CYCLES_HI/4], words[CYCLES_LO/4]} = cycles;
    {words[DEST_HI/4], words[DEST_LO/4], words[SOURCE_HI/4], words[SOURCE_LO/4]} = address_q;
    {words[SEED_3/4], words[SEED_2/4], words[SEED_1/4], words[SEED_0/4]} = seed_q;
    words[LABEL/4] = label_q;
    words[WEIGHTS/4][WEIGHTS_LOADED+:4] = LOADS ? {weights_errors, weights_loaded} : '0;
    {words[WEIGHTS_DESIGN/4], words[WEIGHTS_BYTES/4]} = {FILE_DESIGN, FILE_BYTES};
    map = words;
  end

  always_ff @(posedge ap_clk) begin
    for (int i = 0; i < 3; i++) word_q[i] <= map[i][read_address[5:2]];
    word_q[3] <= '0;
    sixteen_q <= read_address[ADDRESS_BITS-1:8] == 0 ? read_address[7:6] : 2'd3;
    head_q <= head_valid ? head : '0;
    window_q <= read_address[ADDRESS_BITS-1:12] == OUT_WINDOW[ADDRESS_BITS-1:12];
  end
  assign read_data = window_q ? head_q : word_q[sixteen_q];

  logic unused;
  assign unused = &{1'b0, map[3], fifo_ready, unused_keep, unused_last, write_address[1:0], read_address[1:0],
                    s_axis_dma_weights_tdata, s_axis_dma_weights_tvalid, m_axis_weights_tready};

endmodule
