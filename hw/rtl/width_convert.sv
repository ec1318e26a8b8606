// SPDX-License-Identifier: Apache-2.0
// Changes the number of elements per stream word.
//
//   element e of the output stream = element e of the input stream; element 0 of a word is in the low bits
//
// II = 1 on the side with the narrower words, latency 1 cycle. Any ratio: elements wait in a shift register
// that takes a word as soon as it has room for it and gives one as soon as it holds it.
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

  if (IN_ELEMS < 1 || OUT_ELEMS < 1 || ELEM_BITS < 1) begin : gen_bad_size
    $error("width_convert: IN_ELEMS=%0d, OUT_ELEMS=%0d and ELEM_BITS=%0d must be 1 or more",
           IN_ELEMS, OUT_ELEMS, ELEM_BITS);
  end

  if (IN_ELEMS % OUT_ELEMS == 0) begin : gen_down
    // A word is loaded whole and shifted out; the next is loaded while the last piece leaves.
    localparam int unsigned N = IN_ELEMS / OUT_ELEMS;
    localparam int unsigned W = OUT_ELEMS * ELEM_BITS;
    logic [N*W-1:0] words_q;
    logic [$clog2(N+1)-1:0] left_q;
    logic take;

    assign s_axis_tready = left_q == 0 || (left_q == 1 && m_axis_tready);
    assign take = s_axis_tvalid && s_axis_tready;
    assign m_axis_tvalid = left_q != 0;
    assign m_axis_tdata = OUT_BITS'(words_q[W-1:0]);
    always_ff @(posedge ap_clk) begin
      if (take) words_q <= s_axis_tdata[N*W-1:0];
      else if (m_axis_tready) words_q <= words_q >> W;
      if (!ap_rst_n) left_q <= '0;
      else if (take) left_q <= $bits(left_q)'(N);
      else if (m_axis_tready && m_axis_tvalid) left_q <= left_q - 1'b1;
    end
  end else if (OUT_ELEMS % IN_ELEMS == 0) begin : gen_up
    // Pieces shift in from the top; a full word leaves while the first piece of the next arrives.
    localparam int unsigned N = OUT_ELEMS / IN_ELEMS;
    localparam int unsigned W = IN_ELEMS * ELEM_BITS;
    logic [N*W-1:0] words_q;
    logic [$clog2(N+1)-1:0] have_q;
    logic take, give;

    assign m_axis_tvalid = have_q == $bits(have_q)'(N);
    assign s_axis_tready = !m_axis_tvalid || m_axis_tready;
    assign take = s_axis_tvalid && s_axis_tready;
    assign give = m_axis_tvalid && m_axis_tready;
    assign m_axis_tdata = OUT_BITS'(words_q);
    always_ff @(posedge ap_clk) begin
      if (take) words_q <= {s_axis_tdata[W-1:0], words_q[N*W-1:W]};
      if (!ap_rst_n) have_q <= '0;
      else have_q <= (give ? '0 : have_q) + $bits(have_q)'(take);
    end
  end else begin : gen_gearbox
    localparam int unsigned CAP = IN_ELEMS + OUT_ELEMS + (IN_ELEMS > OUT_ELEMS ? IN_ELEMS : OUT_ELEMS);
    localparam int unsigned CW = $clog2(CAP + 1);
    logic [CAP*ELEM_BITS-1:0] elems_q, rest, merged;
    logic [CW-1:0] count_q, kept;
    logic take, give;

    assign m_axis_tvalid = 32'(count_q) >= OUT_ELEMS;
    assign s_axis_tready = 32'(count_q) <= CAP - IN_ELEMS;
    assign take = s_axis_tvalid && s_axis_tready;
    assign give = m_axis_tvalid && m_axis_tready;
    assign m_axis_tdata = OUT_BITS'(elems_q[OUT_ELEMS*ELEM_BITS-1:0]);
    assign rest = give ? elems_q >> (OUT_ELEMS * ELEM_BITS) : elems_q;
    assign kept = give ? count_q - CW'(OUT_ELEMS) : count_q;
    // Elements above `kept` are stale; the new word overwrites the lowest of them.
    assign merged = (rest & ~({(CAP * ELEM_BITS) {1'b1}} << (32'(kept) * ELEM_BITS)))
        | ((CAP*ELEM_BITS)'(s_axis_tdata[IN_ELEMS*ELEM_BITS-1:0]) << (32'(kept) * ELEM_BITS));
    always_ff @(posedge ap_clk) begin
      if (take) elems_q <= merged;
      else if (give) elems_q <= rest;
      if (!ap_rst_n) count_q <= '0;
      else count_q <= kept + (take ? CW'(IN_ELEMS) : '0);
    end
  end

  logic unused;  // padding
  assign unused = &{1'b0, s_axis_tdata};

`ifdef VERILATOR
  // A word that is offered stays until it is taken.
  logic waiting_q;
  logic [OUT_BITS-1:0] offered_q;
  always_ff @(posedge ap_clk) begin
    waiting_q <= ap_rst_n && m_axis_tvalid && !m_axis_tready;
    offered_q <= m_axis_tdata;
    if (ap_rst_n && waiting_q)
      assert (m_axis_tvalid && m_axis_tdata == offered_q) else $error("width_convert: output changed while stalled");
  end
`endif

endmodule
