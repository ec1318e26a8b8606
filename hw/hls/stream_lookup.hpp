// SPDX-License-Identifier: Apache-2.0
// A function of each element by a table. II = 1: iterations need of each other only a counter.
//
//   out[e] = table[row of its channel][e][in[e]]
//
// C: PE elements of a word, BITS_IN of one that comes, BITS_OUT of one that leaves; ROWS: words of a pixel, or 1
// where all channels share a row; SHARED: all elements too; ITERATIONS words of an image.
#pragma once

#include "words.hpp"

namespace fpgan {

template <class C, int IN, int OUT, int WIDE>
int stream_lookup(hls::stream<ap_uint<IN>>& in, hls::stream<ap_uint<OUT>>& out,
                  const short (&table)[C::ROWS][WIDE][1 << C::BITS_IN]) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable=table complete dim=2
  static_assert(IN >= C::PE * C::BITS_IN && OUT >= C::PE * C::BITS_OUT, "a stream word holds PE elements");
  static_assert(WIDE == (C::SHARED ? 1 : C::PE), "a table per element, or one");
  ap_uint<bits_for(C::ROWS)> row = 0;
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    const ap_uint<IN> taken = in.read();
    ap_uint<OUT> word = 0;
    for (int e = 0; e < C::PE; e++) {
#pragma HLS UNROLL
      const ap_uint<C::BITS_IN> x = element<C::BITS_IN>(taken, e);
      const ap_int<C::BITS_OUT> y = table[int(row)][C::SHARED ? 0 : e][int(x)];
      set_element<C::BITS_OUT>(word, e, ap_uint<C::BITS_OUT>(y));
    }
    row = row == C::ROWS - 1 ? 0 : int(row) + 1;
    out.write(word);
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
