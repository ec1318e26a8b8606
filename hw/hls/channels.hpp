// SPDX-License-Identifier: Apache-2.0
// Words of whole pixels with channels added (0) or dropped at the top. II = 1: iterations are independent.
//
// C: IN_WIDTH, OUT_WIDTH bits of all channels that come and leave; ITERATIONS pixels of an image.
#pragma once

#include "words.hpp"

namespace fpgan {

template <class C, int IN, int OUT>
int channels(hls::stream<ap_uint<IN>>& in, hls::stream<ap_uint<OUT>>& out) {
#pragma HLS INLINE
  static const int KEPT = C::IN_WIDTH < C::OUT_WIDTH ? C::IN_WIDTH : C::OUT_WIDTH;
  static_assert(IN >= C::IN_WIDTH && OUT >= C::OUT_WIDTH, "a stream word holds its channels");
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    const ap_uint<KEPT> word = in.read().range(KEPT - 1, 0);
    out.write(ap_uint<OUT>(word));
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
