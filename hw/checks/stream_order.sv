// SPDX-License-Identifier: Apache-2.0
// What enters leaves: in its order, unchanged, none lost and none twice, at most CAPACITY elements inside.
//
// A proof watches an element, any one: `watch` and `which` are free. Words on both sides are whole elements,
// element 0 first. A word that is taken may leave in the same cycle only where THROUGH.
module stream_order #(
    parameter int unsigned BITS = 8,      // of an element
    parameter int unsigned IN = 1,        // elements of a word that enters
    parameter int unsigned OUT = 1,       // elements of a word that leaves
    parameter int unsigned CAPACITY = 4,  // elements inside, at most
    parameter bit THROUGH = 0,
    localparam int unsigned CW = $clog2(CAPACITY + IN + OUT + 1)
) (
    input logic ap_clk,
    input logic ap_rst_n,
    input logic [IN-1:0][BITS-1:0] enters,
    input logic push,                       // it does, now
    input logic [OUT-1:0][BITS-1:0] leaves,
    input logic offered,                    // it could
    input logic pop,                        // it does, now
    input logic watch,                      // free: watch an element of the word that enters now...
    input logic [CW-1:0] which,             // ...this one
    output logic [CW-1:0] inside_q          // elements inside
);

  logic [CW-1:0] there, left, ahead, ahead_q;  // elements inside, a word that passes through counted too
  logic watching, watching_q, same;
  logic [BITS-1:0] watched, watched_q;

  assign there = inside_q + (THROUGH && push ? CW'(IN) : '0);
  assign left = inside_q + (push ? CW'(IN) : '0) - (pop ? CW'(OUT) : '0);
  assign watching = watching_q || (push && watch && which < CW'(IN));
  assign ahead = watching_q ? ahead_q : inside_q + which;
  always_comb begin
    watched = watched_q;
    for (int e = 0; e < IN; e++) if (!watching_q && which == CW'(e)) watched = enters[e];
    same = 1'b1;  // the watched element, where it is offered
    for (int e = 0; e < OUT; e++)
      if (offered && (watching_q || THROUGH && watching) && ahead == CW'(e) && leaves[e] != watched) same = 1'b0;
  end

  always_ff @(posedge ap_clk) begin
    inside_q <= ap_rst_n ? left : '0;
    watching_q <= ap_rst_n && watching && !(pop && ahead < CW'(OUT));
    ahead_q <= pop ? ahead - CW'(OUT) : ahead;
    watched_q <= watched;
    if (ap_rst_n) begin
      none_extra : assert (!offered || there >= CW'(OUT)) else $error("%m: a word leaves that has not come");
      capacity : assert (left <= CW'(CAPACITY)) else $error("%m: more than %0d elements are inside", CAPACITY);
      unchanged : assert (same) else $error("%m: an element was lost or changed");
      full : cover (inside_q == CW'(CAPACITY));
    end
  end

endmodule
