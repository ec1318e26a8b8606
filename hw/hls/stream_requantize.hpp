// SPDX-License-Identifier: Apache-2.0
// Puts sums onto levels along a line per channel. II = 1: iterations need of each other only a counter.
//
//   t = multiplier * acc + offset;  n = t >> SHIFT;  level = n within 0 .. LEVELS
//   out = LOW + level - (n == level && t mod 2^SHIFT < marks[level] * multiplier)
//
// C: ITERATIONS words of an image; FOLDS words of a pixel; PE; ACC bits of a sum, SIGNED or not, ACT of a result,
// MULT of a multiplier, T of t; SHIFT, LEVELS, LOW; MARK bits of a mark, or 0.
#pragma once

#include "words.hpp"

namespace fpgan {

template <class C> int level_of(ap_int<C::ACC + 1> acc, int multiplier, long long offset,
                                const unsigned char marks[C::LEVELS + 1]) {
#pragma HLS INLINE
  const ap_uint<C::MULT> factor = multiplier;
  const ap_int<C::T> t = acc * factor + ap_int<C::T>(offset);
  const ap_int<C::T> n = t >> C::SHIFT;
  const int level = n < 0 ? 0 : n > C::LEVELS ? C::LEVELS : int(n);
  const ap_uint<C::SHIFT> rest = t.range(C::SHIFT - 1, 0);
  const ap_uint<C::MULT + C::MARK> limit = factor * ap_uint<C::MARK + 1>(marks[level]);
  const bool early = C::MARK > 0 && n == level && rest < limit;
  return level - int(early);
}

template <class C, int IN, int OUT>
int stream_requantize(hls::stream<ap_uint<IN>>& in, hls::stream<ap_uint<OUT>>& out,
                      const int multiplier[C::FOLDS][C::PE], const long long offset[C::FOLDS][C::PE],
                      const unsigned char marks[C::FOLDS][C::PE][C::LEVELS + 1]) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable=multiplier complete dim=2
#pragma HLS ARRAY_PARTITION variable=offset complete dim=2
#pragma HLS ARRAY_PARTITION variable=marks complete dim=2
  static_assert(IN >= C::PE * C::ACC && OUT >= C::PE * C::ACT, "a stream word holds PE elements");
  ap_uint<bits_for(C::FOLDS)> fold = 0;
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    const ap_uint<IN> taken = in.read();
    ap_uint<OUT> word = 0;
    for (int pe = 0; pe < C::PE; pe++) {
#pragma HLS UNROLL
      const ap_uint<C::ACC> bits = element<C::ACC>(taken, pe);
      const ap_int<C::ACC + 1> acc = C::SIGNED ? ap_int<C::ACC + 1>(ap_int<C::ACC>(bits)) : ap_int<C::ACC + 1>(bits);
      const int level = level_of<C>(acc, multiplier[int(fold)][pe], offset[int(fold)][pe], marks[int(fold)][pe]);
      set_element<C::ACT>(word, pe, ap_uint<C::ACT>(level + C::LOW));
    }
    out.write(word);
    fold = fold == C::FOLDS - 1 ? 0 : int(fold) + 1;
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
