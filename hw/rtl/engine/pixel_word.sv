// SPDX-License-Identifier: Apache-2.0
// The word of an input pixel that a step of a deconv reads: behind those of the groups of channels before its own.
//
//   word = SF * (groups that the pixel's walk has left behind, counted as they are walked) + sf
//
// Combinational in sf; `next` moves on to the next neuron fold. One group: wires.
module pixel_word #(
    parameter int unsigned PIXEL = 4,  // words of a pixel
    parameter int unsigned SF = 2,     // words that one output channel reads
    parameter int unsigned FOLDS = 1,  // neuron folds that read the same words
    localparam int unsigned SFW = $clog2(SF + 1),
    localparam int unsigned WW = $clog2(PIXEL + 1)
) (
    /* verilator lint_off UNUSEDSIGNAL */
    input logic ap_clk,
    input logic ap_rst_n,         // synchronous, active low
    input logic next,             // the step ends its neuron fold
    input logic pixel_end,        // which is the pixel's last
    /* verilator lint_on UNUSEDSIGNAL */
    input logic [SFW-1:0] sf,     // synapse fold of the step
    output logic [WW-1:0] word
);

  if (PIXEL == SF) begin : gen_whole
    assign word = sf;
  end else begin : gen_groups
    localparam int unsigned FW = $clog2(FOLDS + 1);
    logic [WW-1:0] base_q;
    logic [FW-1:0] fold_q;
    logic fold_last_q;  // it is at its end
    assign word = base_q + WW'(sf);
    always_ff @(posedge ap_clk) begin
      if (!ap_rst_n) begin
        base_q <= '0;
        fold_q <= '0;
        fold_last_q <= FOLDS == 1;
      end else if (next) begin
        fold_q <= fold_last_q ? '0 : fold_q + 1'b1;
        fold_last_q <= FOLDS == 1 || (!fold_last_q && fold_q == FW'(FOLDS - 2));
        if (fold_last_q) base_q <= pixel_end ? '0 : base_q + WW'(SF);
      end
    end
  end

endmodule
