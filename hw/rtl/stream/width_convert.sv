// SPDX-License-Identifier: Apache-2.0
// Changes the number of elements per stream word.
//
//   element e of the output stream = element e of the input stream; element 0 of a word is in the low bits
//
// II = 1 on the side with the narrower words, latency 1 cycle. Any ratio: elements wait in a shift register
// that takes a word as soon as it has room for it and gives one as soon as it holds it. tvalid is a register;
// where one word is whole words of the other, tready is one gate of registers and of m_axis_tready.
module width_convert #(
    parameter int unsigned IN_ELEMS  = 1,  // elements per input word
    parameter int unsigned OUT_ELEMS = 2,  // elements per output word
    parameter int unsigned ELEM_BITS = 8,  // bits per element
    localparam int unsigned IN_BITS  = (IN_ELEMS * ELEM_BITS + 7) / 8 * 8,
    localparam int unsigned OUT_BITS = (OUT_ELEMS * ELEM_BITS + 7) / 8 * 8
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                    // synchronous, active low

    input  logic [IN_BITS-1:0] s_axis_tdata,   // IN_ELEMS elements, then padding
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic [OUT_BITS-1:0] m_axis_tdata,  // OUT_ELEMS elements, then zeros
    output logic m_axis_tvalid,
    input  logic m_axis_tready
);

  function automatic int unsigned gcd(int unsigned a, int unsigned b);
    gcd = a;
    for (int unsigned d = 1; d <= a; d++) if (a % d == 0 && b % d == 0) gcd = d;
  endfunction

  if (IN_ELEMS < 1 || OUT_ELEMS < 1 || ELEM_BITS < 1) begin : gen_bad_size
    $error("width_convert: IN_ELEMS=%0d, OUT_ELEMS=%0d and ELEM_BITS=%0d must be 1 or more",
           IN_ELEMS, OUT_ELEMS, ELEM_BITS);
  end

  if (IN_ELEMS % OUT_ELEMS == 0) begin : gen_down
    // A word is loaded whole and shifted out; the next is loaded while the last piece leaves.
    localparam int unsigned N = IN_ELEMS / OUT_ELEMS;
    localparam int unsigned W = OUT_ELEMS * ELEM_BITS;
    logic [N*W-1:0] words_q;
    logic [$clog2(N+1)-1:0] left_q;  // pieces, this one counted, where it is not the last
    logic ends_q;  // at most one piece is left; what is loaded where no word comes is nobody's
    logic step;

    assign step = !m_axis_tvalid || m_axis_tready;
    assign s_axis_tready = ends_q && step;
    assign m_axis_tdata = OUT_BITS'(words_q[W-1:0]);
    always_ff @(posedge ap_clk) begin
      if (step) begin
        words_q <= ends_q ? s_axis_tdata[N*W-1:0] : words_q >> W;
        left_q <= ends_q ? $bits(left_q)'(N) : left_q - 1'b1;
      end
      if (!ap_rst_n) begin
        m_axis_tvalid <= 1'b0;
        ends_q <= 1'b1;
      end else if (step) begin
        m_axis_tvalid <= s_axis_tvalid || !ends_q;
        ends_q <= N == 1 || (ends_q ? !s_axis_tvalid : left_q == $bits(left_q)'(2));
      end
    end
  end else if (OUT_ELEMS % IN_ELEMS == 0) begin : gen_up
    // Pieces shift in from the top; a full word leaves while the first piece of the next arrives.
    localparam int unsigned N = OUT_ELEMS / IN_ELEMS;
    localparam int unsigned W = IN_ELEMS * ELEM_BITS;
    logic [N*W-1:0] words_q;
    logic [$clog2(N)-1:0] have_q;  // pieces of the word that is not full yet
    logic take, full;

    assign s_axis_tready = !m_axis_tvalid || m_axis_tready;
    assign take = s_axis_tvalid && s_axis_tready;
    assign full = have_q == $bits(have_q)'(N - 1);
    assign m_axis_tdata = OUT_BITS'(words_q);
    always_ff @(posedge ap_clk) begin
      if (take) words_q <= {s_axis_tdata[W-1:0], words_q[N*W-1:W]};
      if (!ap_rst_n) begin
        m_axis_tvalid <= 1'b0;
        have_q <= '0;
      end else begin
        if (s_axis_tready) m_axis_tvalid <= s_axis_tvalid && full;
        if (take) have_q <= full ? '0 : have_q + 1'b1;
      end
    end
  end else begin : gen_gearbox
    // Elements move in units of the greatest common divisor, behind those that wait. What lies above these does
    // not matter: so the new word, turned until its first unit has the right place modulo IN, goes everywhere.
    localparam int unsigned UNIT = gcd(IN_ELEMS, OUT_ELEMS);
    localparam int unsigned IN = IN_ELEMS / UNIT, OUT = OUT_ELEMS / UNIT, UB = UNIT * ELEM_BITS;
    localparam int unsigned CAP = IN + OUT + (IN < OUT ? IN : OUT);  // the narrower side never waits
    logic [CAP-1:0] waits_q;  // bit u: unit u waits, a thermometer
    logic [CAP+IN-1:0] waits;
    localparam int unsigned TW = $clog2(IN + 1), STEP = OUT % IN;
    logic [TW-1:0] turn_q;  // units that wait + turn_q = 0 modulo IN
    logic take, give;

    assign m_axis_tvalid = waits_q[OUT-1];
    assign s_axis_tready = !waits_q[CAP-IN];
    assign take = s_axis_tvalid && s_axis_tready;
    assign give = m_axis_tvalid && m_axis_tready;
    assign waits = take ? {waits_q, {IN{1'b1}}} : {{IN{1'b0}}, waits_q};
    always_ff @(posedge ap_clk) begin
      if (!ap_rst_n) waits_q <= '0;
      else waits_q <= CAP'(give ? waits >> OUT : waits);
      if (!ap_rst_n) turn_q <= '0;
      else if (give) turn_q <= turn_q < TW'(IN - STEP) ? turn_q + TW'(STEP) : turn_q - TW'(IN - STEP);
    end
    for (genvar b = 0; b < UB; b++) begin : gen_plane  // bit b of every unit
      logic [CAP-1:0] bits_q, bits;
      logic [IN-1:0] word, turned;
      for (genvar u = 0; u < IN; u++) begin : gen_in
        assign word[u] = s_axis_tdata[u*UB+b];
      end
      assign turned = IN'({word, word} >> turn_q);
      for (genvar u = 0; u < CAP; u++) begin : gen_unit
        assign bits[u] = waits_q[u] ? bits_q[u] : turned[u%IN];
      end
      always_ff @(posedge ap_clk) bits_q <= give ? bits >> OUT : bits;
      for (genvar u = 0; u < OUT; u++) begin : gen_out
        assign m_axis_tdata[u*UB+b] = bits_q[u];
      end
    end
    if (OUT_BITS > OUT * UB) begin : gen_padding
      assign m_axis_tdata[OUT_BITS-1:OUT*UB] = '0;
    end
  end

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

endmodule
