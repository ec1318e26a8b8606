// SPDX-License-Identifier: Apache-2.0
// Transposed convolution without inserted zeros: each output pixel multiplies only the taps that it has.
//
//   acc[oy][ox][co] = sum over ky,kx,ci of x[iy][ix][ci] * w[ky][kx][co][ci]
//   oy*DH + PH = iy*SH + ky*LH, same for x
//
// In:  pixels in raster order, CI/SIMD words each, channel 0 first and in the low bits.
// Out: accumulators in raster order, CO/PE words each, ACC bits per element.
// Walk: as hw/rtl/engine/deconv.sv; which taps meet which input comes as one table per axis (build/writers/hls/tables.py).
//
// One loop, one step per iteration: it takes a word when the buffer has room and multiplies when the rows it
// needs are there, so rows of the next image arrive while this one is computed. II = 1 holds because a row is
// read, and its place written again, at least LAG iterations after the other side was done with it.
//
// C: OH, OW, CI, CO folded to SF, NF; PIXEL words of a pixel; AT_ONCE groups of channels in parallel, GROUP_NF
// neuron folds of them; H, W input size; TY, TX taps per step, each REACH_Y rows or REACH_X columns before the
// last; GROUPS of TY rows and COLUMNS of
// TX pixels in the buffer; ACT, WEIGHT, ACC bits; SIGNED inputs; BLOCKS_X weight blocks of a kernel row; WORDS
// of weights in CHUNKS of 64 bits; FIRST_ROWS that the first output row needs.
#pragma once

#include "words.hpp"

namespace fpgan {

enum AxisColumn { BLOCKS, BLOCK, GROUP, PLACE, LOW, HIGH, MORE, DROP, AXIS_COLUMNS };
const int LAG = 4;  // iterations: more than the stages between the buffer's read and its write

// Where the next input word goes.
template <class C> struct RowWriter {
  ap_uint<bits_for(C::PIXEL)> word;
  ap_uint<bits_for(C::W)> column;
  ap_uint<bits_for(C::H)> row;
  ap_uint<bits_for(C::TX)> place_x;
  ap_uint<bits_for(C::TY)> place_y;
  ap_uint<bits_for(C::COLUMNS)> group_x;
  ap_uint<bits_for(C::GROUPS)> slot;

  RowWriter() : word(0), column(0), row(0), place_x(0), place_y(0), group_x(0), slot(0) {}

  int address() const { return (int(slot) * C::COLUMNS + int(group_x)) * C::PIXEL + int(word); }

  // Go on to the next word; returns the rows that this one completed, those that fill the last group included.
  int advance() {
#pragma HLS INLINE
    const bool pixel_end = word == C::PIXEL - 1, row_end = pixel_end && column == C::W - 1;
    const bool image_end = row == C::H - 1, x_end = place_x == C::TX - 1;
    const bool y_end = image_end || place_y == C::TY - 1;
    word = pixel_end ? 0 : int(word) + 1;
    if (pixel_end) {
      column = row_end ? 0 : int(column) + 1;
      place_x = row_end || x_end ? 0 : int(place_x) + 1;
      group_x = row_end ? 0 : int(group_x) + int(x_end);
    }
    if (!row_end) return 0;
    const int rows = image_end ? C::TY - int(place_y) : 1;
    row = image_end ? 0 : int(row) + 1;
    place_y = y_end ? 0 : int(place_y) + 1;
    if (y_end) slot = slot == C::GROUPS - 1 ? 0 : int(slot) + 1;
    return rows;
  }
};

// One axis of a block of taps: for each bank the tap that it holds, its group, and whether there is one.
template <int PAR, int REACH> struct Window {
  int tap[PAR], group[PAR];
  bool valid[PAR];

  Window(const short axis[AXIS_COLUMNS], int block) {
#pragma HLS INLINE
    for (int bank = 0; bank < PAR; bank++) {
#pragma HLS UNROLL
      const int back = PAR == 1 ? 0 : axis[PLACE] - bank + (bank > axis[PLACE] ? PAR : 0);
      tap[bank] = group[bank] = 0;
      for (int d = 0; d < PAR; d++) {
#pragma HLS UNROLL
        const int banks = d * REACH % PAR;  // that tap d lies back
        if (back == banks) {
          tap[bank] = d;
          group[bank] = axis[GROUP] - block * REACH - d * REACH / PAR - int(banks > axis[PLACE]);
        }
      }
      valid[bank] = axis[LOW] <= block * PAR + tap[bank] && block * PAR + tap[bank] <= axis[HIGH];
    }
  }
};

// The step to issue: output row and column, neuron fold, block of taps, synapse fold.
template <class C> struct Walk {
  ap_uint<bits_for(C::OH)> oy;
  ap_uint<bits_for(C::OW)> ox;
  ap_uint<bits_for(C::NF)> nf;
  ap_uint<bits_for(C::SF)> sf;
  ap_uint<bits_for(C::GROUP_NF)> fold;  // neuron fold of the groups that are walked
  ap_uint<bits_for(C::PIXEL)> first;    // their first word of a pixel
  ap_uint<8> jy, jx;
  bool empty, group_end, row_end, image_end;

  Walk() : oy(0), ox(0), nf(0), sf(0), fold(0), first(0), jy(0), jx(0) {}

  void look(const short row[AXIS_COLUMNS], const short col[AXIS_COLUMNS]) {
#pragma HLS INLINE
    empty = row[BLOCKS] == 0 || col[BLOCKS] == 0;
    group_end = empty || (sf == C::SF - 1 && jx == col[BLOCKS] - 1 && jy == row[BLOCKS] - 1);
    row_end = group_end && nf == C::NF - 1 && ox == C::OW - 1;
    image_end = row_end && oy == C::OH - 1;
  }
  void advance(const short col[AXIS_COLUMNS]) {
#pragma HLS INLINE
    const bool sf_end = group_end || sf == C::SF - 1, jx_end = group_end || (sf_end && jx == col[BLOCKS] - 1);
    sf = sf_end ? 0 : int(sf) + 1;
    jx = jx_end ? 0 : int(jx) + int(sf_end);
    jy = group_end ? 0 : int(jy) + int(jx_end);
    if (group_end) {
      const bool pixel_end = nf == C::NF - 1, fold_end = fold == C::GROUP_NF - 1;
      fold = fold_end ? 0 : int(fold) + 1;
      first = pixel_end ? 0 : int(first) + (fold_end ? C::SF : 0);
      nf = pixel_end ? 0 : int(nf) + 1;
      if (pixel_end) ox = row_end ? 0 : int(ox) + 1;
      if (row_end) oy = image_end ? 0 : int(oy) + 1;
    }
  }
};

// Slot of the ring that holds group `offset` after the oldest one.
template <class C> int ring_slot(int oldest, int offset) {
#pragma HLS INLINE
  const int slot = oldest + offset;
  return slot >= C::GROUPS ? slot - C::GROUPS : slot;
}

template <class C, class Word>
void operands(const Word (&buffer)[C::TY][C::TX][C::GROUPS * C::COLUMNS * C::PIXEL], const Walk<C>& at, int oldest,
              const short row[AXIS_COLUMNS], const short col[AXIS_COLUMNS],
              ap_int<C::ACT + 1> (&x)[C::TY * C::TX * C::SIMD]) {
#pragma HLS INLINE
  const Window<C::TY, C::REACH_Y> y(row, int(at.jy));
  const Window<C::TX, C::REACH_X> z(col, int(at.jx));
  for (int by = 0; by < C::TY; by++) {
#pragma HLS UNROLL
    for (int bx = 0; bx < C::TX; bx++) {
#pragma HLS UNROLL
      const bool valid = y.valid[by] && z.valid[bx];
      const int pixel = ring_slot<C>(oldest, y.group[by]) * C::COLUMNS + z.group[bx];
      const Word word = valid ? buffer[by][bx][pixel * C::PIXEL + int(at.first) + int(at.sf)] : Word(0);
      for (int s = 0; s < C::SIMD; s++) {
#pragma HLS UNROLL
        const ap_uint<C::ACT> bits = element<C::ACT>(word, s);
        const int i = (y.tap[by] * C::TX + z.tap[bx]) * C::SIMD + s;
        if (C::SIGNED) x[i] = ap_int<C::ACT>(bits);
        else x[i] = bits;
      }
    }
  }
}

template <class C>
void accumulate(ap_int<C::ACC> (&acc)[C::PE], const ap_int<C::ACT + 1> (&x)[C::TY * C::TX * C::SIMD],
                const unsigned long long weights[C::CHUNKS]) {
#pragma HLS INLINE
  // Each group has a share of the outputs, and of each pixel's channels.
  const int outputs = C::PE / C::AT_ONCE, inputs = C::SIMD / C::AT_ONCE;
  const int wide = C::TY * C::TX * inputs, per_chunk = 64 / C::WEIGHT;
  for (int pe = 0; pe < C::PE; pe++) {
#pragma HLS UNROLL
    ap_int<C::ACC> sum = 0;
    for (int i = 0; i < wide; i++) {
#pragma HLS UNROLL
      const int e = pe * wide + i;
      const ap_int<C::WEIGHT> w = weights[e / per_chunk] >> (e % per_chunk * C::WEIGHT);
      sum += x[i / inputs * C::SIMD + pe / outputs * inputs + i % inputs] * w;
    }
    acc[pe] += sum;
  }
}

// Rows in the buffer. What arrives or is freed counts LAG iterations later: see the top of the file.
template <class C> struct RowCount {
  static const int BITS = bits_for(C::GROUPS * C::TY);
  int held;     // complete and not yet free
  int surplus;  // arrived, less those that the step to issue needs
  int oldest;   // slot of the oldest group
  ap_uint<LAG * BITS> arrived, freed;

  RowCount() : held(0), surplus(-C::FIRST_ROWS), oldest(0), arrived(0), freed(0) {}

  bool room() const { return held != C::GROUPS * C::TY; }
  bool ready() const { return surplus >= 0; }
  void advance(int came, int dropped, int more) {
#pragma HLS INLINE
    held += came - int(element<BITS>(freed, LAG - 1));
    surplus += int(element<BITS>(arrived, LAG - 1)) - more;
    oldest = ring_slot<C>(oldest, dropped / C::TY);
    arrived = arrived << BITS;
    freed = freed << BITS;
    set_element<BITS>(arrived, 0, came);
    set_element<BITS>(freed, 0, dropped);
  }
};

// Multiply one step's operands; returns whether it was the last of its output word, which is then in `word`.
template <class C, class Word, int OUT>
bool multiply(const Word (&buffer)[C::TY][C::TX][C::GROUPS * C::COLUMNS * C::PIXEL], const Walk<C>& at, int oldest,
              const short row[AXIS_COLUMNS], const short col[AXIS_COLUMNS],
              const unsigned long long weights[C::WORDS][C::CHUNKS], ap_int<C::ACC> (&acc)[C::PE],
              ap_uint<OUT>& word) {
#pragma HLS INLINE
  ap_int<C::ACT + 1> x[C::TY * C::TX * C::SIMD];
#pragma HLS ARRAY_PARTITION variable=x complete
  if (!at.empty) {
    operands<C>(buffer, at, oldest, row, col, x);
    const int block = (row[BLOCK] + int(at.jy)) * C::BLOCKS_X + col[BLOCK] + int(at.jx);
    accumulate<C>(acc, x, weights[(block * C::NF + int(at.nf)) * C::SF + int(at.sf)]);
  }
  for (int pe = 0; pe < C::PE; pe++) {
#pragma HLS UNROLL
    set_element<C::ACC>(word, pe, ap_uint<C::ACC>(acc[pe]));
    if (at.group_end) acc[pe] = 0;
  }
  return at.group_end;
}

// One image. Returns the iterations of its loop.
template <class C, int IN, int OUT>
int deconv(hls::stream<ap_uint<IN>>& in, hls::stream<ap_uint<OUT>>& out,
           const unsigned long long weights[C::WORDS][C::CHUNKS], const short rows[C::OH][AXIS_COLUMNS],
           const short cols[C::OW][AXIS_COLUMNS]) {
#pragma HLS INLINE
#pragma HLS ARRAY_RESHAPE variable=weights complete dim=2
#pragma HLS ARRAY_PARTITION variable=rows complete dim=0
#pragma HLS ARRAY_PARTITION variable=cols complete dim=0
  static_assert(IN >= C::SIMD * C::ACT && OUT >= C::PE * C::ACC, "a stream word holds SIMD inputs, PE results");
  typedef ap_uint<C::SIMD * C::ACT> Word;
  static Word buffer[C::TY][C::TX][C::GROUPS * C::COLUMNS * C::PIXEL];
#pragma HLS ARRAY_PARTITION variable=buffer complete dim=1
#pragma HLS ARRAY_PARTITION variable=buffer complete dim=2
#pragma HLS DEPENDENCE variable=buffer inter RAW distance=4 true
#pragma HLS DEPENDENCE variable=buffer inter WAR distance=4 true
#pragma HLS RESET variable=buffer off
  static RowWriter<C> writer;  // these two go on from image to image: the next one's rows may be here already
  static RowCount<C> held;
  ap_int<C::ACC> acc[C::PE];
#pragma HLS ARRAY_PARTITION variable=acc complete
  for (int pe = 0; pe < C::PE; pe++) {
#pragma HLS UNROLL
    acc[pe] = 0;
  }
  Walk<C> at;
  Stall stall;
  int count = 0;
  bool done = false;
  while (!done) {
#pragma HLS PIPELINE II=1 style=flp
    const bool ready = held.ready();
    int came = 0, dropped = 0, more = 0;
    ap_uint<IN> taken;
    // Which iteration finds a word depends on its arrival, but never which value is multiplied by which.
    const bool got = held.room() && in.read_nb(taken);
    stall.check(got || ready, in.empty());
    if (ready) {
      short row[AXIS_COLUMNS], col[AXIS_COLUMNS];
      for (int i = 0; i < AXIS_COLUMNS; i++) {
#pragma HLS UNROLL
        row[i] = rows[int(at.oy)][i];
        col[i] = cols[int(at.ox)][i];
      }
      at.look(row, col);
      ap_uint<OUT> word = 0;
      if (multiply<C>(buffer, at, held.oldest, row, col, weights, acc, word)) out.write(word);
      if (at.row_end) {
        dropped = row[DROP];
        more = rows[at.image_end ? 0 : int(at.oy) + 1][MORE];
      }
      done = at.image_end;
      at.advance(col);
    }
    if (got) {
      buffer[int(writer.place_y)][int(writer.place_x)][writer.address()] =
          ap_uint<C::SIMD * C::ACT>(taken.range(C::SIMD * C::ACT - 1, 0));
      came = writer.advance();
    }
    held.advance(came, dropped, more);
    count++;
  }
  return count;
}

}  // namespace fpgan
