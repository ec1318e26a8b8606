// SPDX-License-Identifier: Apache-2.0
// Changes the number of elements per stream word.
//
//   element e of the output stream = element e of the input stream; element 0 of a word is in the low bits
//
// Any ratio. One iteration per word of the narrower side, II = 1: the recurrence is one shift of `kept`.
//
// C: IN_ELEMS, OUT_ELEMS, ELEM_BITS; ITERATIONS words of the narrower side in an image, which is a whole number
// of words on both sides.
#pragma once

#include "words.hpp"

namespace fpgan {

template <class C, int IN, int OUT>
int width_convert(hls::stream<ap_uint<IN>>& in, hls::stream<ap_uint<OUT>>& out) {
#pragma HLS INLINE
  static const int TAKEN = C::IN_ELEMS * C::ELEM_BITS, GIVEN = C::OUT_ELEMS * C::ELEM_BITS;
  static_assert(IN >= TAKEN && OUT >= GIVEN, "a stream word holds its elements");
  ap_uint<TAKEN + GIVEN> kept = 0;  // elements that came and have not left
  ap_uint<bits_for(C::IN_ELEMS + C::OUT_ELEMS)> count = 0;
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    if (count < C::OUT_ELEMS) {
      const ap_uint<TAKEN + GIVEN> word = in.read().range(TAKEN - 1, 0);
      // Where words divide evenly nothing is left over when the next one comes.
      if (C::IN_ELEMS % C::OUT_ELEMS == 0) kept = word;
      else kept = kept | (word << (int(count) * C::ELEM_BITS));
      count += C::IN_ELEMS;
    }
    if (count >= C::OUT_ELEMS) {
      out.write(ap_uint<OUT>(ap_uint<GIVEN>(kept.range(GIVEN - 1, 0))));
      kept = kept >> GIVEN;
      count -= C::OUT_ELEMS;
    }
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
