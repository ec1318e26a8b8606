// SPDX-License-Identifier: Apache-2.0
// Hands every word of a stream to several streams. II = 1: iterations are independent.
//
// C: WIDTH bits of a word; ITERATIONS words of an image.
#pragma once

#include "words.hpp"

namespace fpgan {

template <int W> void write_all(const ap_uint<W>&) {
#pragma HLS INLINE
}

template <int W, int OUT, class... More>
void write_all(const ap_uint<W>& word, hls::stream<ap_uint<OUT>>& out, More&... more) {
#pragma HLS INLINE
  out.write(ap_uint<OUT>(word));
  write_all<W>(word, more...);
}

template <class C, int IN, class... Outs> int stream_fork(hls::stream<ap_uint<IN>>& in, Outs&... outs) {
#pragma HLS INLINE
  static_assert(IN >= C::WIDTH, "a stream word holds WIDTH bits");
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    const ap_uint<C::WIDTH> word = in.read().range(C::WIDTH - 1, 0);
    write_all<C::WIDTH>(word, outs...);
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
