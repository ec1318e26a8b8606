// SPDX-License-Identifier: Apache-2.0
// Convolution, transposed (SH, SW) or strided (DH, DW): each output pixel multiplies only the taps that it has.
//
//   acc[oy][ox][co] = sum over ky,kx,ci of x[iy][ix][ci] * w[ky][kx][co][ci]
//   oy*DH + PH = iy*SH + ky*LH, same for x
//
// GROUPS: output channel co has the input channels of its group alone, the CI/GROUPS from co/(CO/GROUPS) on.
// Folds divide the channels of a group, or hold whole groups, as many on both sides, each with a core of its own.
// The last SIDE_PE of each word's PE channels may have another core than the first, and another memory; and of the TX
// taps along x that are read at once other ones: where a pixel's channels are several output columns, each column
// has weights at some taps alone.
// TILES: what it has for its CO channels is TILES times as many, a tile after the other: the weights come over
// s_axis_weights (see weight_tiles), each tile's for TILE_IMAGES images, which enter once its weights are there.
//
// In:  pixels in raster order, CI/SIMD words each, channel 0 first and in the low bits.
// Out: accumulators in raster order, CO/PE words each, ACC_WIDTH bits per element.
// Walk: oy, ox, neuron fold (group by group), block of TY taps along y, block of TX taps along x, synapse fold
//   (innermost); one step per cycle (II = 1) as long as the rows that the output row reads have arrived. Blocks
//   without a tap inside the input are skipped, an output without any tap takes one step per neuron fold. Rows of
//   the next image arrive while this one is computed.
// Latency: from the last needed input word 8 cycles (9 for TY*TX > 1) plus the compute core's to the first
//   accumulator.
module deconv #(
    parameter int unsigned H = 4,            // input rows
    parameter int unsigned W = 4,            // input columns
    parameter int unsigned KH = 4,           // kernel rows
    parameter int unsigned KW = 4,           // kernel columns
    parameter int unsigned SH = 2,           // vertical stride (upsampling factor)
    parameter int unsigned SW = 2,           // horizontal stride
    parameter int unsigned PH = 1,           // rows cropped off at the top
    parameter int unsigned PW = 1,           // columns cropped off at the left
    parameter int unsigned DH = 1,           // of so many output rows one is kept
    parameter int unsigned DW = 1,           // of so many output columns one is kept
    parameter int unsigned LH = 1,           // dilation: rows from one kernel tap to the next
    parameter int unsigned LW = 1,           // columns from one kernel tap to the next
    parameter int unsigned OH = 8,           // output rows, kept
    parameter int unsigned OW = 8,           // output columns, kept
    parameter int unsigned CI = 4,           // input channels
    parameter int unsigned CO = 4,           // output channels
    parameter int unsigned GROUPS = 1,       // of channels
    parameter int unsigned SIMD = 2,         // input channels per cycle
    parameter int unsigned PE = 2,           // output channels per cycle
    parameter int unsigned TY = 1,           // taps per cycle along y
    parameter int unsigned TX = 1,           // taps per cycle along x
    parameter int unsigned ROWS = 3,         // rows in the line buffer, a multiple of TY
    parameter int unsigned ACT_WIDTH = 4,    // bits per input element
    parameter int unsigned WEIGHT_WIDTH = 4, // bits per weight (signed)
    parameter int unsigned ACC_WIDTH = 16,   // bits per accumulator (signed)
    parameter bit SIGNED_ACT = 0,            // input elements are signed
    parameter bit NARROW_WEIGHTS = 0,        // no weight is -2^(WEIGHT_WIDTH-1)
    parameter bit DSP_CORE = 1,              // 1: FINN's mvu (packed DSP48), 0: mvu_lut
    parameter bit PUMPED = 0,                // the mvu runs on ap_clk2x
    parameter int unsigned DSP_VERSION = 2,  // 1: DSP48E1, 2: DSP48E2
    parameter int unsigned CHAIN = 0,        // not 0: mvu_cascade in the place of these, with this CHAIN,
    parameter int unsigned LANES = 1,        // LANES
    parameter int unsigned PITCH = 0,        // and PITCH
    parameter WEIGHTS = "",                  // hex file, see weight_words in sim/golden.py; files, see cascade_rom
    parameter WEIGHT_STYLE = "distributed",  // block, distributed, constant: see weight_rom; ultra: weight_ram
    parameter int unsigned SIDE_PE = 0,      // of PE, in mvu_lut,
    parameter int unsigned SIDE_CHAIN = 0,   // or where this is not 0 in mvu_cascade; these as above
    parameter int unsigned SIDE_LANES = 1,
    parameter int unsigned SIDE_PITCH = 0,
    parameter SIDE_WEIGHTS = "",
    parameter SIDE_STYLE = "distributed",
    parameter int unsigned LEFT = 0,         // of the TX taps along x, the first that the first channels have,
    parameter int unsigned COLUMNS = TX,     // and how many
    parameter int unsigned SIDE_LEFT = 0,    // these of the last channels
    parameter int unsigned SIDE_COLUMNS = TX,
    parameter bit LOADED = 0,                // weights come over the chain of load_words
    parameter int unsigned TILES = 0,        // of weights that are streamed; 0: they are not
    parameter int unsigned TILE_IMAGES = 1,  // for which a tile is in use
    parameter int unsigned BEAT = 8,         // bits of a beat of weights, a power of two
    parameter BUFFER_STYLE = "auto",         // ram_style of the line buffer
    localparam int unsigned IN_BITS  = (SIMD * ACT_WIDTH + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (PE * ACC_WIDTH + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_clk2x,               // twice ap_clk, with an edge at each of its edges; for PUMPED only
    input  logic ap_rst_n,               // synchronous, active low

    input  logic [9:0] load_in,          // the chain, for LOADED only
    output logic [9:0] load_out,

    input  logic [BEAT-1:0] s_axis_weights_tdata,  // for TILES only
    input  logic s_axis_weights_tlast,   // with the last beat of all tiles
    input  logic s_axis_weights_tvalid,
    output logic s_axis_weights_tready,
    output logic weights_error,          // tlast came elsewhere; until a reset no tile begins any more

    input  logic [IN_BITS-1:0] s_axis_tdata,   // SIMD channels of one pixel
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_BITS-1:0] m_axis_tdata,  // PE accumulators of one pixel
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  localparam int unsigned CIG = CI / GROUPS;          // channels of a group
  localparam int unsigned COG = CO / GROUPS;
  localparam int unsigned GP = PE > COG ? PE / COG : 1;  // groups per cycle
  localparam int unsigned SF = CIG * GP / SIMD;       // synapse fold
  localparam int unsigned NF = CO / PE;               // neuron fold
  localparam int unsigned PIXEL = CI / SIMD;          // words of a pixel
  localparam int unsigned TAPS = TY * TX;             // per cycle
  localparam int unsigned WIDE = TY * COLUMNS * SIMD / GP;  // products per output channel and cycle
  localparam int unsigned SIDE_WIDE = TY * SIDE_COLUMNS * SIMD;
  localparam int unsigned STAGES = TAPS > 1 ? 7 : 6;  // from the issued step to its operands
  function automatic int unsigned core_latency(int unsigned chain, int unsigned wide);  // at most
    return chain > 0 ? chain + 4 + $clog2((wide + chain - 1) / chain)
        : (WEIGHT_WIDTH > 10 ? (WEIGHT_WIDTH + 3) / 2 : 6) + $clog2(wide);
  endfunction
  localparam int unsigned MAIN_LATENCY = core_latency(CHAIN, WIDE);
  localparam int unsigned SIDE_LATENCY = SIDE_PE > 0 ? core_latency(SIDE_CHAIN, SIDE_WIDE) : 0;
  localparam int unsigned CORE_LATENCY = MAIN_LATENCY > SIDE_LATENCY ? MAIN_LATENCY : SIDE_LATENCY;
  localparam int unsigned IN_FLIGHT = STAGES + 1 + CORE_LATENCY;  // steps between issue and result
  // Memory for results: at least what hides the latency, and the 32 words that a LUT RAM has anyway, because
  // outputs at the border have fewer taps and come faster than what follows may take them. As many are in flight
  // or queued as that and the queue's last register hold: the one more makes up for the cycle that a credit takes.
  localparam int unsigned QUEUE = IN_FLIGHT / SF + 3 > 32 ? IN_FLIGHT / SF + 3 : 32;
  localparam int unsigned CREDITS = QUEUE + 1;

  if (CIG * GP % SIMD != 0 || (GP > 1 && SF != 1)) begin : gen_bad_simd
    $error("deconv: SIMD=%0d does not divide CI=%0d of %0d of %0d groups", SIMD, CI, GP, GROUPS);
  end
  if (COG * GP % PE != 0) begin : gen_bad_pe
    $error("deconv: PE=%0d does not divide CO=%0d of %0d of %0d groups", PE, CO, GP, GROUPS);
  end
  if (SIDE_PE >= PE || ((GP > 1 || LOADED || TILES > 0) && SIDE_PE > 0)) begin : gen_bad_side
    $error("deconv: SIDE_PE=%0d of PE=%0d with %0d groups at once, LOADED=%0d, TILES=%0d", SIDE_PE, PE, GP, LOADED,
           TILES);
  end
  if (LEFT + COLUMNS > TX || SIDE_LEFT + SIDE_COLUMNS > TX || COLUMNS == 0 || SIDE_COLUMNS == 0) begin : gen_bad_columns
    $error("deconv: taps %0d+%0d and %0d+%0d of TX=%0d", LEFT, COLUMNS, SIDE_LEFT, SIDE_COLUMNS, TX);
  end
  if (CI % GROUPS != 0 || CO % GROUPS != 0 || GROUPS % GP != 0) begin : gen_bad_groups
    $error("deconv: GROUPS=%0d do not divide CI=%0d and CO=%0d, or not in %0d at once", GROUPS, CI, CO, GP);
  end
  if (ROWS % TY != 0) begin : gen_bad_rows
    $error("deconv: ROWS=%0d is no multiple of TY=%0d", ROWS, TY);
  end

  // Kernel indices between an output's taps, blocks of an output and words of all weights along an axis: see
  // tap_axis.
  function automatic int unsigned apart(int unsigned stride, int unsigned dilation);
    apart = stride;
    for (int unsigned k = stride; k > 0; k--) if (k * dilation % stride == 0) apart = k;
  endfunction
  function automatic int unsigned blocks(int unsigned kernel, int unsigned every, int unsigned first,
                                         int unsigned par);
    return first >= kernel ? 0 : ((kernel - first + every - 1) / every + par - 1) / par;
  endfunction
  function automatic int unsigned words(int unsigned kernel, int unsigned every, int unsigned par);
    words = 0;
    for (int unsigned first = 0; first < every; first++) words += blocks(kernel, every, first, par);
  endfunction

  localparam int unsigned APART_Y = apart(SH, LH), APART_X = apart(SW, LW);
  localparam int unsigned REACH_Y = APART_Y * LH / SH, REACH_X = APART_X * LW / SW;
  if (apart(TY, REACH_Y) != TY || apart(TX, REACH_X) != TX) begin : gen_bad_taps
    $error("deconv: TY=%0d and TX=%0d taps of LH=%0d and LW=%0d lie in one bank", TY, TX, LH, LW);
  end
  localparam int unsigned BLOCKS_Y = blocks(KH, APART_Y, 0, TY), BLOCKS_X = blocks(KW, APART_X, 0, TX);
  localparam int unsigned BLOCK_WORDS = NF * SF;                           // weight words of a block
  localparam int unsigned ROW_WORDS = words(KW, APART_X, TX) * BLOCK_WORDS;     // of a row of blocks
  localparam int unsigned WORDS = words(KH, APART_Y, TY) * ROW_WORDS;
  localparam int unsigned PADDED = (H + TY - 1) / TY * TY;                 // rows of an image in whole groups

  localparam int unsigned JYW = $clog2(BLOCKS_Y + 1), JXW = $clog2(BLOCKS_X + 1);
  localparam int unsigned WYW = $clog2(KH + SH), WXW = $clog2(KW + SW);
  // A block's first tap may lie beyond the input, where a later one does not.
  localparam int unsigned GYW = $clog2((H + (TY - 1) * REACH_Y) / TY + 1);
  localparam int unsigned GXW = $clog2((W + (TX - 1) * REACH_X) / TX + 1);
  localparam int unsigned PYW = $clog2(TY + 1), PXW = $clog2(TX + 1);
  localparam int unsigned NFW = $clog2(NF + 1), SFW = $clog2(SF + 1);
  localparam int unsigned IW = $clog2(PADDED + 1);
  localparam int unsigned RW = $clog2(ROWS + PADDED + 1) + 1;
  localparam int unsigned CW = $clog2(CREDITS) + 1;

  // ---- the walk: always one step ahead of what is issued, so that issuing waits for no table -----
  logic [NFW-1:0] nf_q;
  logic [JYW-1:0] jy_q;
  logic [JXW-1:0] jx_q;
  logic [SFW-1:0] sf_q;

  logic ox_last, empty_y, empty_x, pixel_step, row_step;
  logic [JYW-1:0] last_y;  // its last block
  logic [JXW-1:0] last_x;
  logic [WYW-1:0] first_wy;
  logic [WXW-1:0] first_wx;
  logic [GYW-1:0] first_gy;
  logic [GXW-1:0] first_gx;
  logic [PYW-1:0] place_y;
  logic [PXW-1:0] place_x;
  logic [BLOCKS_Y-1:0][TY-1:0] mask_y;
  logic [BLOCKS_X-1:0][TX-1:0] mask_x;
  logic [IW-1:0] more_y, drop_y;

  logic oy_last;
  /* verilator lint_off PINCONNECTEMPTY */
  tap_axis #(.SIZE(H), .KERNEL(KH), .STRIDE(SH), .PAD(PH), .STEP(DH),
             .DILATION(LH), .APART(APART_Y), .OUT(OH), .PAR(TY)) rows (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .next(row_step), .last(oy_last), .empty(empty_y), .last_block(last_y),
      .first_w(first_wy), .first_g(first_gy), .first_abs(), .place(place_y), .mask(mask_y), .more(more_y),
      .drop(drop_y));
  tap_axis #(.SIZE(W), .KERNEL(KW), .STRIDE(SW), .PAD(PW), .STEP(DW),
             .DILATION(LW), .APART(APART_X), .OUT(OW), .PAR(TX)) cols (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .next(pixel_step), .last(ox_last), .empty(empty_x),
      .last_block(last_x), .first_w(first_wx), .first_g(), .first_abs(first_gx), .place(place_x), .mask(mask_x),
      .more(), .drop());
  /* verilator lint_on PINCONNECTEMPTY */

  logic sf_last_q, nf_last_q;  // the counter of that name is at its end
  logic fresh_q;  // this step is the first of its group
  logic empty, sf_end, jx_end, jy_end, group_end, pixel_end, row_end, advance;

  assign empty  = empty_y || empty_x;
  assign sf_end = empty || sf_last_q;
  assign jx_end = empty || jx_q == last_x;
  assign jy_end = empty || jy_q == last_y;
  assign group_end = sf_end && jx_end && jy_end;
  assign pixel_end = group_end && nf_last_q;
  assign row_end   = pixel_end && ox_last;
  assign pixel_step = advance && pixel_end;
  assign row_step   = advance && row_end;

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      nf_q <= '0;
      jy_q <= '0;
      jx_q <= '0;
      sf_q <= '0;
      sf_last_q <= SF == 1;
      nf_last_q <= NF == 1;
      fresh_q <= 1'b1;
    end else if (advance) begin
      fresh_q <= group_end;
      sf_q <= sf_end ? '0 : sf_q + 1'b1;
      sf_last_q <= SF == 1 || (!sf_end && sf_q == SFW'(SF - 2));
      if (sf_end) jx_q <= jx_end ? '0 : jx_q + 1'b1;
      if (sf_end && jx_end) jy_q <= jy_end ? '0 : jy_q + 1'b1;
      if (group_end) begin
        nf_q <= nf_last_q ? '0 : nf_q + 1'b1;
        nf_last_q <= NF == 1 || (!nf_last_q && nf_q == NFW'(NF - 2));
      end
    end
  end

  localparam int unsigned PXS = $clog2(PIXEL + 1);
  logic [PXS-1:0] word;  // the step's, of a pixel
  pixel_word #(.PIXEL(PIXEL), .SF(SF), .FOLDS(COG * GP / PE)) pixel (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .next(advance && group_end), .pixel_end(nf_last_q), .sf(sf_q),
      .word(word));

  // ---- stage 0: the step to issue ----------------------------------------------------------------
  logic step_valid_q, empty_q, group_first_q, group_end_q, row_end_q, issue;
  logic [WYW-1:0] step_wy_q;
  logic [WXW-1:0] step_wx_q;
  logic [JYW-1:0] step_jy_q;
  logic [JXW-1:0] step_jx_q;
  logic [GYW-1:0] step_gy_q;
  logic [GXW-1:0] step_gx_q;
  logic [PYW-1:0] step_py_q;
  logic [PXW-1:0] step_px_q;
  logic [TY-1:0] step_my_q;
  logic [TX-1:0] step_mx_q;
  logic [IW-1:0] arrived;
  logic [NFW-1:0] step_nf_q;
  logic [SFW-1:0] step_sf_q;
  logic [PXS-1:0] step_word_q;
  logic signed [CW-1:0] credit_q;   // places for results, less 1
  logic signed [RW-1:0] surplus_q;  // rows that have arrived, less those that the step to issue needs
  logic taken, taken_q;

  // Whether the walk goes on is known a cycle before: it drives many registers, behind the walk's own logic. What
  // comes late in a cycle, `advance` itself and what arrives, only chooses between sums that are ready.
  function automatic logic enough(logic signed [RW-1:0] left, logic came, logic filled);
    return !left[RW-1] || (came && left == '1) || (filled && int'(left) >= -int'(PADDED - H + 1));
  endfunction
  (* max_fanout = 64, shreg_extract = "no" *) logic advance_q;
  logic signed [RW-1:0] surplus;  // without what the next row needs
  logic needs, spends, some, padded, rows_there, credit_there;
  assign advance = advance_q;
  assign issue = step_valid_q && advance;
  assign needs = advance && row_end_q;
  assign spends = issue && group_end_q;
  assign surplus = surplus_q - RW'(more_y);
  assign some = arrived != '0;
  assign padded = PADDED > H && arrived > 1;  // an image's last row, and those that fill its group
  assign rows_there = needs ? enough(surplus, some, padded) : enough(surplus_q, some, padded);
  assign credit_there = taken_q || (!credit_q[CW-1] && (!spends || credit_q != '0));

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      step_valid_q <= 1'b0;
      advance_q <= 1'b1;
      row_end_q <= 1'b1;  // so that the first step counts what its row needs
      surplus_q <= '0;
      credit_q <= CW'(CREDITS - 1);
      taken_q <= 1'b0;
    end else begin
      step_valid_q <= 1'b1;
      advance_q <= rows_there && (credit_there || !(advance ? group_end : group_end_q));
      if (advance) row_end_q <= row_end;
      surplus_q <= (needs ? surplus : surplus_q) + RW'(arrived);
      credit_q <= credit_q + (spends == taken_q ? '0 : spends ? '1 : CW'(1));
      taken_q <= taken;
    end
    if (advance) begin
      step_wy_q <= first_wy + WYW'(jy_q);
      step_wx_q <= first_wx + WXW'(jx_q);
      step_jy_q <= jy_q;
      step_jx_q <= jx_q;
      step_gy_q <= first_gy;
      step_gx_q <= first_gx;
      step_py_q <= place_y;
      step_px_q <= place_x;
      step_my_q <= mask_y[jy_q];
      step_mx_q <= mask_x[jx_q];
      step_nf_q <= nf_q;
      step_sf_q <= sf_q;
      step_word_q <= word;
      empty_q <= empty;
      group_first_q <= fresh_q;
      group_end_q <= group_end;
    end
  end

  // ---- operands: STAGES cycles after the step is issued -------------------------------------------
  localparam int unsigned XW = SIMD * ACT_WIDTH;

  // The images of a tile enter when its weights are there.
  logic begun, full, image_end_q, enters, buffer_ready;
  if (TILES > 0) begin : gen_gate
    localparam int unsigned ENTERING = TILE_IMAGES * H * W * PIXEL;  // words of a tile's images
    localparam int unsigned EW = $clog2(ENTERING + 1);
    logic [EW-1:0] entered_q;
    logic open_q, enter;
    assign enters = s_axis_tvalid && open_q;
    assign s_axis_tready = buffer_ready && open_q;
    assign begun = full && !open_q;
    assign enter = s_axis_tvalid && s_axis_tready;
    always_ff @(posedge ap_clk) begin
      if (!ap_rst_n) begin
        open_q <= 1'b0;
        entered_q <= '0;
      end else begin
        if (begun) open_q <= 1'b1;
        else if (enter && entered_q == EW'(ENTERING - 1)) open_q <= 1'b0;
        if (enter) entered_q <= entered_q == EW'(ENTERING - 1) ? '0 : entered_q + 1'b1;
      end
      if (advance) image_end_q <= row_end && oy_last;
    end
  end else begin : gen_no_gate
    assign enters = s_axis_tvalid;
    assign s_axis_tready = buffer_ready;
    assign {begun, image_end_q} = '0;
    logic unused;
    assign unused = &{1'b0, full, oy_last};
  end

  logic [TAPS-1:0][XW-1:0] x;
  line_buffer #(.H(H), .W(W), .TY(TY), .TX(TX), .SF(PIXEL), .XW(XW), .ROWS(ROWS), .STYLE(BUFFER_STYLE),
                .RY(REACH_Y), .RX(REACH_X), .JYW(JYW), .JXW(JXW), .GYW(GYW), .GXW(GXW)) buffer (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(s_axis_tdata[XW-1:0]),
      .s_axis_tvalid(enters), .s_axis_tready(buffer_ready), .arrived(arrived), .load(advance),
      .drop(drop_y), .drop_en(issue && row_end_q),
      .group_y(step_gy_q), .up(step_jy_q), .group_x(step_gx_q), .left(step_jx_q), .sf(step_word_q),
      .place_y(step_py_q), .place_x(step_px_q), .mask_y(issue && !empty_q ? step_my_q : '0), .mask_x(step_mx_q),
      .x(x));

  logic [STAGES-1:0] first_q, last_q;  // travel beside the addresses and words
  always_ff @(posedge ap_clk) begin
    first_q <= {first_q[STAGES-2:0], issue && group_first_q};
    if (!ap_rst_n) last_q <= '0;
    else last_q <= {last_q[STAGES-2:0], issue && group_end_q};
  end

  // ---- results: a group is issued only when its own have a place in the queues -------------------
  localparam int unsigned MAIN_PE = PE - SIDE_PE;
  logic [PE*ACC_WIDTH-1:0] results;
  logic main_valid, side_valid;
  logic [TY*COLUMNS-1:0][XW-1:0] main_x;  // of the taps that they have
  for (genvar k = 0; k < TY; k++) begin : gen_row
    assign main_x[k*COLUMNS+:COLUMNS] = x[k*TX+LEFT+:COLUMNS];
  end
  deconv_channels #(.GROUPS(GP), .PE(MAIN_PE), .TAPS(TY * COLUMNS), .ONE_TAP(TAPS == 1), .SIMD(SIMD),
                    .ACT_WIDTH(ACT_WIDTH), .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACC_WIDTH(ACC_WIDTH),
                    .SIGNED_ACT(SIGNED_ACT), .NARROW_WEIGHTS(NARROW_WEIGHTS), .DSP_CORE(DSP_CORE), .PUMPED(PUMPED),
                    .DSP_VERSION(DSP_VERSION), .CHAIN(CHAIN), .LANES(LANES), .PITCH(PITCH), .WORDS(WORDS),
                    .ROW_WORDS(ROW_WORDS), .BLOCK_WORDS(BLOCK_WORDS), .SF(SF), .WYW(WYW), .WXW(WXW), .NFW(NFW),
                    .SFW(SFW), .WEIGHTS(WEIGHTS), .STYLE(WEIGHT_STYLE), .LOADED(LOADED), .TILES(TILES),
                    .TILE_IMAGES(TILE_IMAGES), .BEAT(BEAT), .QUEUE(QUEUE)) channels (
      .ap_clk(ap_clk), .ap_clk2x(ap_clk2x), .ap_rst_n(ap_rst_n), .load_in(load_in), .load_out(load_out),
      .s_axis_weights_tdata(s_axis_weights_tdata), .s_axis_weights_tlast(s_axis_weights_tlast),
      .s_axis_weights_tvalid(s_axis_weights_tvalid), .s_axis_weights_tready(s_axis_weights_tready),
      .weights_error(weights_error), .full(full), .begun(begun), .image_end(issue && image_end_q),
      .wy(step_wy_q), .wx(step_wx_q), .nf(step_nf_q), .sf(step_sf_q), .first(first_q[STAGES-1]),
      .last(last_q[STAGES-1]), .x(main_x),
      .m_axis_tdata(results[MAIN_PE*ACC_WIDTH-1:0]), .m_axis_tvalid(main_valid),
      .m_axis_tready(m_axis_tready && side_valid));
  if (SIDE_PE > 0) begin : gen_side
    logic [9:0] unloaded;
    logic [2:0] untiled;
    logic unused;
    assign unused = &{1'b0, unloaded, untiled};
    logic [TY*SIDE_COLUMNS-1:0][XW-1:0] side_x;
    for (genvar k = 0; k < TY; k++) begin : gen_row
      assign side_x[k*SIDE_COLUMNS+:SIDE_COLUMNS] = x[k*TX+SIDE_LEFT+:SIDE_COLUMNS];
    end
    deconv_channels #(.PE(SIDE_PE), .TAPS(TY * SIDE_COLUMNS), .ONE_TAP(TAPS == 1), .SIMD(SIMD),
                      .ACT_WIDTH(ACT_WIDTH), .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACC_WIDTH(ACC_WIDTH),
                      .SIGNED_ACT(SIGNED_ACT), .NARROW_WEIGHTS(NARROW_WEIGHTS), .DSP_VERSION(DSP_VERSION),
                      .CHAIN(SIDE_CHAIN), .LANES(SIDE_LANES), .PITCH(SIDE_PITCH), .WORDS(WORDS),
                      .ROW_WORDS(ROW_WORDS), .BLOCK_WORDS(BLOCK_WORDS), .SF(SF), .WYW(WYW), .WXW(WXW), .NFW(NFW),
                      .SFW(SFW), .WEIGHTS(SIDE_WEIGHTS), .STYLE(SIDE_STYLE), .QUEUE(QUEUE)) channels (
        .ap_clk(ap_clk), .ap_clk2x(ap_clk2x), .ap_rst_n(ap_rst_n), .load_in('0), .load_out(unloaded),
        .s_axis_weights_tdata('0), .s_axis_weights_tlast(1'b0), .s_axis_weights_tvalid(1'b0),
        .s_axis_weights_tready(untiled[0]), .weights_error(untiled[1]), .full(untiled[2]), .begun(1'b0),
        .image_end(1'b0), .wy(step_wy_q), .wx(step_wx_q), .nf(step_nf_q), .sf(step_sf_q),
        .first(first_q[STAGES-1]), .last(last_q[STAGES-1]), .x(side_x),
        .m_axis_tdata(results[PE*ACC_WIDTH-1:MAIN_PE*ACC_WIDTH]), .m_axis_tvalid(side_valid),
        .m_axis_tready(m_axis_tready && main_valid));
  end else begin : gen_no_side
    assign side_valid = 1'b1;
  end
  assign m_axis_tvalid = main_valid && side_valid;
  assign m_axis_tdata = OUT_BITS'(results);
  assign taken = m_axis_tvalid && m_axis_tready;

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
