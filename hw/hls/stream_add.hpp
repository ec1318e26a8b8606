// SPDX-License-Identifier: Apache-2.0
// Weighted sum of two streams, element by element. II = 1: iterations are independent.
//
//   out[e] = FACTOR_0 * in0[e] + FACTOR_1 * in1[e], its negative where negated
//
// C: PE elements of a word; BITS_k, SIGNED_k of an input's elements, FACTOR_k; ACC_BITS of a sum, which holds
// every sum; ITERATIONS words of an image. negated: 1 for each of the FOLDS * PE channels whose sum is negated.
#pragma once

#include "words.hpp"

namespace fpgan {

template <int BITS, bool SIGNED, int ACC> ap_int<ACC> widened(const ap_uint<BITS>& value) {
#pragma HLS INLINE
  return SIGNED ? ap_int<ACC>(ap_int<BITS>(value)) : ap_int<ACC>(value);
}

template <class C, int IN0, int IN1, int OUT>
int stream_add(hls::stream<ap_uint<IN0>>& in0, hls::stream<ap_uint<IN1>>& in1, hls::stream<ap_uint<OUT>>& out,
               const bool (&negated)[C::FOLDS][C::PE]) {
#pragma HLS INLINE
  static_assert(IN0 >= C::PE * C::BITS_0 && IN1 >= C::PE * C::BITS_1 && OUT >= C::PE * C::ACC_BITS,
                "a stream word holds PE elements");
#pragma HLS ARRAY_PARTITION variable=negated complete dim=2
  ap_uint<bits_for(C::FOLDS)> fold = 0;
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    const ap_uint<IN0> a = in0.read();
    const ap_uint<IN1> b = in1.read();
    ap_uint<OUT> word = 0;
    for (int e = 0; e < C::PE; e++) {
#pragma HLS UNROLL
      const ap_int<C::ACC_BITS> x = widened<C::BITS_0, C::SIGNED_0 != 0, C::ACC_BITS>(element<C::BITS_0>(a, e));
      const ap_int<C::ACC_BITS> y = widened<C::BITS_1, C::SIGNED_1 != 0, C::ACC_BITS>(element<C::BITS_1>(b, e));
      const ap_int<C::ACC_BITS> sum = x * C::FACTOR_0 + y * C::FACTOR_1;
      const ap_int<C::ACC_BITS> turned = -sum;
      set_element<C::ACC_BITS>(word, e, ap_uint<C::ACC_BITS>(negated[int(fold)][e] ? turned : sum));
    }
    fold = fold == C::FOLDS - 1 ? 0 : int(fold) + 1;
    out.write(word);
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
