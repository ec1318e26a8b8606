// SPDX-License-Identifier: Apache-2.0
// Zero insertion: spreads the pixels of an image SH rows and SW columns apart.
//
//   y[r][c] = x[r/SH][c/SW]  where SH divides r < H*SH and SW divides c < W*SW, else 0
//
// Raster order in and out, FOLDS words per pixel. One output word per iteration, II = 1: an iteration needs of
// the one before it only counters.
//
// C: H, W input size; OH, OW output size; SH, SW strides; FOLDS; WIDTH bits of a word.
#pragma once

#include "words.hpp"

namespace fpgan {

// Counts to LAST along an axis, and which of its indices holds a pixel.
template <int LAST, int STRIDE, int SIZE> struct PadAxis {
  ap_uint<bits_for(LAST)> at;
  ap_uint<bits_for(STRIDE)> phase;  // `at` mod STRIDE
  ap_uint<bits_for(SIZE)> passed;   // pixels before `at`

  PadAxis() : at(0), phase(0), passed(0) {}

  bool pixel() const { return phase == 0 && passed < SIZE; }
  bool end() const { return at == LAST; }
  void advance() {
#pragma HLS INLINE
    const bool last = end();
    passed = last ? 0 : int(passed) + int(pixel());
    phase = last || phase == STRIDE - 1 ? 0 : int(phase) + 1;
    at = last ? 0 : int(at) + 1;
  }
};

template <class C, int IN, int OUT>
int pixel_pad(hls::stream<ap_uint<IN>>& in, hls::stream<ap_uint<OUT>>& out) {
#pragma HLS INLINE
  static const int ITERATIONS = C::OH * C::OW * C::FOLDS;
  static_assert(IN >= C::WIDTH && OUT >= C::WIDTH, "a stream word holds WIDTH bits");
  PadAxis<C::OH - 1, C::SH, C::H> row;
  PadAxis<C::OW - 1, C::SW, C::W> col;
  ap_uint<bits_for(C::FOLDS)> fold = 0;
  for (int i = 0; i < ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    ap_uint<C::WIDTH> word = 0;
    if (row.pixel() && col.pixel()) word = in.read().range(C::WIDTH - 1, 0);
    out.write(ap_uint<OUT>(word));
    const bool pixel_end = fold == C::FOLDS - 1;
    fold = pixel_end ? 0 : int(fold) + 1;
    if (pixel_end && col.end()) row.advance();
    if (pixel_end) col.advance();
  }
  return ITERATIONS;
}

}  // namespace fpgan
