// SPDX-License-Identifier: Apache-2.0
// Takes a file of weights, checks it, and sends its bytes down the chain of load_words.
//
// The file, a byte per beat and tlast with the last one: MAGIC and the design's identity (8 bytes, low byte first),
// then of each memory in the chain's order its LENGTH bytes and their CRC-32 (zlib's, begun with the memory's
// number as the CRC so far; low byte first). `loaded` comes once every CRC was right and every byte is in its
// memory, and goes when the next file begins. Of a file that is none an error stays until then: of another
// design, too short or too long, or of a wrong CRC. What follows up to its tlast is dropped. Nothing is taken
// before `granted`.
//
// Cycles of a file that never waits, from `granted` to `loaded`: 9 + SETTLE + sum of LENGTH + 6.
module weight_loader #(
    parameter logic [31:0] IDENTITY = 32'h0,        // of the design
    parameter int unsigned SECTIONS = 1,            // memories
    parameter logic [32*SECTIONS-1:0] LENGTHS = 4,  // bytes of each, 32 bits each, the first one lowest
    parameter int unsigned SETTLE = 8               // cycles until what was sent is in the last memory
) (
    input  logic ap_clk,
    input  logic ap_rst_n,                          // synchronous, active low

    input  logic [7:0] s_axis_tdata,
    input  logic s_axis_tlast,
    input  logic s_axis_tvalid,
    output logic s_axis_tready,

    output logic wanted,                            // a file waits
    input  logic granted,
    output logic loaded,
    output logic [2:0] errors,                      // of the last file: foreign, of another length, of a wrong CRC
    output logic [9:0] load_out                     // the chain: see load_words
);

  localparam logic [63:0] HEADER = {IDENTITY, 32'h31574746};  // "FGW1"
  localparam logic [31:0] RESIDUE = 32'hDEBB20E3;  // of a CRC-32 over bytes and their CRC
  localparam int unsigned FOREIGN = 0, LENGTH = 1, SUM = 2;
  localparam int unsigned KW = $clog2(SECTIONS + 1);

  function automatic int unsigned longest();
    longest = SETTLE;
    for (int unsigned k = 0; k < SECTIONS; k++) if (LENGTHS[32*k+:32] > longest) longest = LENGTHS[32*k+:32];
  endfunction
  localparam int unsigned CW = $clog2(longest() + 1);

  function automatic logic [31:0] crc32(logic [31:0] crc, logic [7:0] data);
    crc32 = crc ^ 32'(data);
    for (int i = 0; i < 8; i++) crc32 = (crc32 >> 1) ^ (crc32[0] ? 32'hEDB88320 : '0);
  endfunction

  typedef enum logic [2:0] {IDLE, HEAD, BEGIN, LOAD, TAIL, CHECK, FINISH, DROP} state_t;
  state_t state_q;
  logic [2:0] place_q;       // byte of the header or of a CRC
  logic [KW-1:0] section_q;
  logic [CW-1:0] count_q;    // bytes or cycles to come, but one
  logic [31:0] crc_q;
  logic end_q;               // tlast has come
  logic beat, final_section, complete;

  // What count_q begins with.
  logic [2**KW-1:0][CW-1:0] counts;
  always_comb begin
    counts = '0;
    for (int unsigned k = 0; k < SECTIONS; k++) counts[k] = CW'(LENGTHS[32*k+:32] - 1);
    counts[SECTIONS] = CW'(SETTLE - 1);
  end

  assign wanted = state_q == IDLE && s_axis_tvalid;
  assign s_axis_tready = state_q inside {HEAD, LOAD, TAIL, DROP};
  assign beat = s_axis_tvalid && s_axis_tready;
  assign final_section = section_q == KW'(SECTIONS - 1);
  assign complete = state_q == TAIL && final_section && place_q[1:0] == 3;  // the file shall end here

  always_ff @(posedge ap_clk) begin
    load_out <= {state_q == HEAD, beat && state_q == LOAD, s_axis_tdata};
    if (state_q == IDLE) place_q <= '0;
    else if (beat && state_q != LOAD) place_q <= place_q + 1'b1;
    if (state_q == HEAD) section_q <= '0;
    else if (state_q == CHECK) section_q <= section_q + 1'b1;
    if (state_q inside {BEGIN, CHECK}) count_q <= counts[state_q == CHECK ? KW'(SECTIONS) : section_q];
    else if ((beat && state_q == LOAD) || state_q == FINISH) count_q <= count_q - 1'b1;
    if (state_q == BEGIN) crc_q <= ~32'(section_q);
    else if (beat) crc_q <= crc32(crc_q, s_axis_tdata);
    end_q <= beat && s_axis_tlast;
    if (!ap_rst_n) begin
      state_q <= IDLE;
      loaded <= 1'b0;
      errors <= '0;
    end else begin
      case (state_q)
        IDLE:
        if (s_axis_tvalid && granted) begin
          state_q <= HEAD;
          loaded <= 1'b0;
          errors <= '0;
        end
        HEAD:
        if (beat) begin
          if (s_axis_tdata != HEADER[8*place_q+:8]) begin
            errors[FOREIGN] <= 1'b1;
            state_q <= DROP;
          end else if (place_q == 7) state_q <= BEGIN;
        end
        BEGIN: state_q <= LOAD;
        LOAD: if (beat && count_q == 0) state_q <= TAIL;
        TAIL: if (beat && place_q[1:0] == 3) state_q <= CHECK;
        CHECK:
        if (crc_q != RESIDUE) begin
          errors[SUM] <= 1'b1;
          state_q <= end_q ? IDLE : DROP;
        end else state_q <= final_section ? FINISH : BEGIN;
        FINISH:
        if (count_q == 0) begin
          loaded <= 1'b1;
          state_q <= IDLE;
        end
        default: ;
      endcase
      if (beat && s_axis_tlast != complete && state_q != DROP) begin
        if (s_axis_tlast || complete) errors[LENGTH] <= 1'b1;
        if (complete) state_q <= DROP;
      end
      if (beat && s_axis_tlast && !complete) state_q <= IDLE;
    end
  end

endmodule
