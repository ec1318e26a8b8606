// SPDX-License-Identifier: Apache-2.0
// An image whose every pixel is one of another's: borders that repeat or mirror it, pixels left out or repeated.
//
//   y[oy][ox] = x[row of oy][column of ox]
//
// In:  pixels in raster order, PIXEL words each. Out: OH*OW pixels in raster order, PIXEL words each.
//
// One loop, one word per iteration: it takes one when there is room and gives one when its row is there. Rows are
// held as those of a deconvolution, whose II = 1 holds here too.
//
// C: H, W input size; OH, OW output size; PIXEL words of a pixel; WIDTH bits of a word; GROUPS rows held; COLUMNS =
// W; TY = TX = 1; FIRST_ROWS that the first output row needs.
#pragma once

#include "deconv.hpp"

namespace fpgan {

enum SelectColumn { SELECT_ROW, SELECT_MORE, SELECT_DROP, SELECT_COLUMNS };

// The word to give: output row and column, word of the pixel.
template <class C> struct SelectWalk {
  ap_uint<bits_for(C::OH)> oy;
  ap_uint<bits_for(C::OW)> ox;
  ap_uint<bits_for(C::PIXEL)> word;

  SelectWalk() : oy(0), ox(0), word(0) {}

  bool row_end() const { return word == C::PIXEL - 1 && ox == C::OW - 1; }
  bool image_end() const { return row_end() && oy == C::OH - 1; }
  void advance() {
#pragma HLS INLINE
    const bool pixel_end = word == C::PIXEL - 1, end = row_end();
    word = pixel_end ? 0 : int(word) + 1;
    if (pixel_end) ox = end ? 0 : int(ox) + 1;
    if (end) oy = oy == C::OH - 1 ? 0 : int(oy) + 1;
  }
};

// One image; rows: for each output row the row held, counted from the oldest, rows needed beyond those before, and
// rows that nobody needs after it. Returns the iterations of its loop.
template <class C, int BITS>
int pixel_select(hls::stream<ap_uint<BITS>>& in, hls::stream<ap_uint<BITS>>& out,
                 const short rows[C::OH][SELECT_COLUMNS], const short cols[C::OW]) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable=rows complete dim=0
#pragma HLS ARRAY_PARTITION variable=cols complete
  static_assert(BITS >= C::WIDTH, "a stream word holds WIDTH bits");
  static ap_uint<C::WIDTH> buffer[C::GROUPS * C::COLUMNS * C::PIXEL];
#pragma HLS DEPENDENCE variable=buffer inter RAW distance=4 true
#pragma HLS DEPENDENCE variable=buffer inter WAR distance=4 true
#pragma HLS RESET variable=buffer off
  static RowWriter<C> writer;  // these two go on from image to image: the next one's rows may be here already
  static RowCount<C> held;
  SelectWalk<C> at;
  Stall stall;
  int count = 0;
  bool done = false;
  while (!done) {
#pragma HLS PIPELINE II=1 style=flp
    const bool ready = held.ready();
    int came = 0, dropped = 0, more = 0;
    ap_uint<BITS> taken;
    const bool got = held.room() && in.read_nb(taken);
    stall.check(got || ready, in.empty());
    if (ready) {
      const int pixel = ring_slot<C>(held.oldest, rows[int(at.oy)][SELECT_ROW]) * C::COLUMNS + cols[int(at.ox)];
      out.write(ap_uint<BITS>(buffer[pixel * C::PIXEL + int(at.word)]));
      done = at.image_end();
      if (at.row_end()) {
        dropped = rows[int(at.oy)][SELECT_DROP];
        more = rows[done ? 0 : int(at.oy) + 1][SELECT_MORE];
      }
      at.advance();
    }
    if (got) {
      buffer[writer.address()] = ap_uint<C::WIDTH>(taken.range(C::WIDTH - 1, 0));
      came = writer.advance();
    }
    held.advance(came, dropped, more);
    count++;
  }
  return count;
}

}  // namespace fpgan
