// SPDX-License-Identifier: Apache-2.0
// Quantizes sums along a line per channel, with a mark where float32's rounding leaves it.
//
//   t = MULT[c] * acc + OFFSET[c];  n = t >> SHIFT;  level = n within 0 .. LEVELS
//   y = LOW + level - (n == level && t mod 2^SHIFT < MARK[c][level] * MULT[c])
//
// Stream order as the input's, PE elements per word, element 0 in the low bits, CHANNELS / PE words per pixel.
// II = 1, latency STAGES + 2 cycles: a pipeline that never stalls, into which only so many words are let as the
// queue behind it holds. FILE_line.dat has {OFFSET, MULT} of each word's elements, FILE_marks_E.dat the marks of
// channels E, PE + E ... each with 2^LW levels.
module stream_requantize #(
    parameter int unsigned CHANNELS = 1,    // of a pixel
    parameter int unsigned PE = 1,          // elements per word
    parameter int unsigned ACC_BITS = 12,   // of an element that comes
    parameter bit SIGNED_ACC = 1,           // it is signed
    parameter int unsigned OUT_BITS = 8,    // of one that leaves
    parameter int unsigned MULT_BITS = 9,   // unsigned
    parameter int unsigned OFFSET_BITS = 16, // signed
    parameter int unsigned T_BITS = 18,     // of t, signed; SHIFT and a level fit
    parameter int unsigned SHIFT = 9,       // 1 or more
    parameter int unsigned LEVELS = 255,    // the highest
    parameter int LOW = 0,                  // what level 0 becomes
    parameter int unsigned MARK_BITS = 1,   // 0: no marks
    parameter bit DSP_CORE = 0,             // multiplies in a DSP slice (FINN's mvu), else in LUTs
    /* verilator lint_off UNUSEDPARAM */
    parameter int unsigned DSP_VERSION = 2, // 1: DSP48E1, 2: DSP48E2
    /* verilator lint_on UNUSEDPARAM */
    parameter FILE = "",                    // without _line.dat and _marks_E.dat
    parameter STYLE = "distributed",        // of the lines' memory: distributed, block, constant
    parameter MARK_STYLE = "distributed",   // of the marks': distributed or block
    localparam int unsigned IN_WIDTH  = (PE * ACC_BITS + 7) / 8 * 8,
    localparam int unsigned OUT_WIDTH = (PE * OUT_BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                      // synchronous, active low

    input  logic [IN_WIDTH-1:0] s_axis_tdata,   // PE elements, then padding
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_WIDTH-1:0] m_axis_tdata,  // PE elements, then zeros
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  if (PE < 1 || CHANNELS % PE != 0 || SHIFT < 1 || LEVELS < 1) begin : gen_bad_size
    $error("stream_requantize: PE=%0d must divide CHANNELS=%0d, SHIFT=%0d and LEVELS=%0d be 1 or more",
           PE, CHANNELS, SHIFT, LEVELS);
  end
  if (T_BITS <= SHIFT + $clog2(LEVELS + 1)) begin : gen_narrow
    $error("stream_requantize: T_BITS=%0d must hold LEVELS=%0d behind SHIFT=%0d", T_BITS, LEVELS, SHIFT);
  end

  localparam int unsigned ROWS = CHANNELS / PE;
  localparam int unsigned RW = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int unsigned LW = $clog2(LEVELS + 1);
  localparam int unsigned A_BITS = ACC_BITS + (SIGNED_ACC ? 0 : 1);
  localparam int unsigned ROM = 3;  // cycles of a memory
  localparam int unsigned MULTIPLY = DSP_CORE ? 6 : MULT_BITS / 2 + 2;
  localparam int unsigned LEVEL = ROM + MULTIPLY + 1;                     // registers up to the level,
  localparam int unsigned STAGES = LEVEL + (MARK_BITS > 0 ? ROM + 3 : 1); // up to the result
  localparam int unsigned PLACES = STAGES + 4;                            // words inside at most

  // ---- admission: free places less 1, negative where there is none ----
  logic signed [$clog2(PLACES+1):0] free_q;
  logic [STAGES-1:0] vld_q;
  logic [RW-1:0] row_q;
  logic take, give;
  assign s_axis_tready = !free_q[$clog2(PLACES+1)];
  assign take = s_axis_tvalid && s_axis_tready;
  assign give = m_axis_tvalid && m_axis_tready;
  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      free_q <= ($clog2(PLACES + 1) + 1)'(PLACES - 1);
      vld_q <= '0;
      row_q <= '0;
    end else begin
      vld_q <= STAGES'({vld_q, take});
      if (take != give) free_q <= take ? free_q - 1'b1 : free_q + 1'b1;
      if (take) row_q <= 32'(row_q) == ROWS - 1 ? '0 : row_q + 1'b1;
    end
  end

  // ---- the line of each channel, and its row again for the marks ----
  localparam int unsigned WORD = MULT_BITS + OFFSET_BITS;
  logic [PE-1:0][WORD-1:0] line;
  weight_rom #(.WIDTH(PE * WORD), .DEPTH(ROWS), .FILE($sformatf("%s_line.dat", FILE)), .STYLE(STYLE)) lines (
      .clk(ap_clk), .address(row_q), .data(line));
  logic [LEVEL-1:0][RW-1:0] row_at;
  always_ff @(posedge ap_clk) row_at <= (LEVEL * RW)'({row_at, row_q});

  logic [PE-1:0][OUT_BITS-1:0] made;
  for (genvar e = 0; e < PE; e++) begin : gen_element
    logic [ROM-1:0][A_BITS-1:0] acc_at;
    logic [A_BITS-1:0] acc;
    assign acc = SIGNED_ACC ? A_BITS'($signed(s_axis_tdata[e*ACC_BITS+:ACC_BITS]))
                            : A_BITS'(s_axis_tdata[e*ACC_BITS+:ACC_BITS]);
    always_ff @(posedge ap_clk) acc_at <= (ROM * A_BITS)'({acc_at, acc});

    logic [MULT_BITS-1:0] mult;
    logic signed [OFFSET_BITS-1:0] offset;
    logic signed [T_BITS-1:0] t;
    assign {offset, mult} = line[e];
    if (DSP_CORE) begin : gen_dsp
      // The wider port takes 25 bits of a signed operand.
      localparam bit SWAP = MULT_BITS > 17;
      localparam int unsigned W_BITS = SWAP ? MULT_BITS + 1 : A_BITS;
      localparam int unsigned V_BITS = SWAP ? A_BITS : MULT_BITS;
      localparam int unsigned P_BITS = W_BITS + V_BITS;
      logic [W_BITS-1:0] w;
      logic [V_BITS-1:0] v;
      if (SWAP) begin : gen_swapped
        assign w = {1'b0, mult};
        assign v = acc_at[ROM-1];
      end else begin : gen_plain
        assign w = acc_at[ROM-1];
        assign v = mult;
      end
      logic signed [P_BITS-1:0] product;
      logic vld;
      mvu #(.VERSION(DSP_VERSION), .PE(1), .SIMD(1), .WEIGHT_WIDTH(W_BITS), .ACTIVATION_WIDTH(V_BITS),
            .ACCU_WIDTH(P_BITS), .SIGNED_ACTIVATIONS(SWAP), .NARROW_WEIGHTS(0)) core (
          .clk(ap_clk), .ctrl_rst(!ap_rst_n), .en(1'b1), .first(1'b1), .last(1'b1), .zero(1'b0),
          .w(w), .a(v), .vld(vld), .p(product));
      logic [MULTIPLY-2:0][OFFSET_BITS-1:0] offset_at;
      always_ff @(posedge ap_clk) begin
        offset_at <= ((MULTIPLY - 1) * OFFSET_BITS)'({offset_at, offset});
        t <= T_BITS'(product) + T_BITS'($signed(offset_at[MULTIPLY-2]));
      end
      logic unused;
      assign unused = &{1'b0, vld};
    end else begin : gen_lut
      scale_lut #(.A_BITS(A_BITS), .M_BITS(MULT_BITS), .B_BITS(OFFSET_BITS), .T_BITS(T_BITS)) scale (
          .clk(ap_clk), .a($signed(acc_at[ROM-1])), .m(mult), .b(offset), .t(t));
    end

    // ---- the level, whether the line is in it ----
    localparam int unsigned NW = T_BITS - SHIFT;
    logic signed [NW-1:0] n;
    logic [LW-1:0] level_q;
    logic inside_q;
    logic [SHIFT-1:0] rest_q;
    logic below, above;
    assign n = t[T_BITS-1:SHIFT];
    assign below = n < 0;
    assign above = n > $signed(NW'(LEVELS));
    always_ff @(posedge ap_clk) begin
      level_q <= below ? '0 : above ? LW'(LEVELS) : LW'(n);
      inside_q <= !below && !above;
      rest_q <= t[SHIFT-1:0];
    end

    if (MARK_BITS > 0) begin : gen_marks
      logic [MARK_BITS-1:0] mark;
      logic [MULTIPLY+ROM:0][MULT_BITS-1:0] mult_at;
      logic [ROM:0][SHIFT-1:0] rest_at;
      logic [ROM+1:0][LW-1:0] level_at;
      logic [ROM:0] inside_at;
      logic [MULT_BITS+MARK_BITS-1:0] limit, limit_q;
      logic early_q;
      localparam int unsigned WIDE = SHIFT + MULT_BITS + MARK_BITS;
      localparam int unsigned MW = ROWS > 1 ? RW + LW : LW;
      weight_rom #(.WIDTH(MARK_BITS), .DEPTH(ROWS << LW), .FILE($sformatf("%s_marks_%0d.dat", FILE, e)),
                   .STYLE(MARK_STYLE)) marks (
          .clk(ap_clk), .address(MW'({row_at[LEVEL-1], level_q})), .data(mark));
      always_comb begin
        limit = '0;
        for (int unsigned i = 0; i < MARK_BITS; i++)
          if (mark[i]) limit += (MULT_BITS + MARK_BITS)'(mult_at[MULTIPLY+ROM]) << i;
      end
      always_ff @(posedge ap_clk) begin
        mult_at <= ((MULTIPLY + ROM + 1) * MULT_BITS)'({mult_at, mult});
        rest_at <= ((ROM + 1) * SHIFT)'({rest_at, rest_q});
        level_at <= ((ROM + 2) * LW)'({level_at, level_q});
        inside_at <= (ROM + 1)'({inside_at, inside_q});
        limit_q <= limit;
        early_q <= inside_at[ROM] && WIDE'(rest_at[ROM]) < WIDE'(limit_q);
        made[e] <= OUT_BITS'(LOW) + OUT_BITS'(level_at[ROM+1]) - OUT_BITS'(early_q);
      end
    end else begin : gen_exact
      always_ff @(posedge ap_clk) made[e] <= OUT_BITS'(LOW) + OUT_BITS'(level_q);
      logic unused;
      assign unused = &{1'b0, inside_q, rest_q, row_at};
    end
  end

  logic unused_ready;  // there is always room
  fifo #(.WIDTH(OUT_WIDTH), .DEPTH(PLACES)) results (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n), .s_axis_tdata(OUT_WIDTH'(made)), .s_axis_tvalid(vld_q[STAGES-1]),
      .s_axis_tready(unused_ready), .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid),
      .m_axis_tready(m_axis_tready));

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata, unused_ready};

endmodule
