// SPDX-License-Identifier: Apache-2.0
// Joins images channel by channel: of each pixel all words of the first input, then of the second, ...
//
// One word per iteration, II = 1: an iteration needs of the one before it only counters.
//
// C: INPUTS; PE elements of a word, BITS each when they leave; per input IN_BITS of an element, IN_SIGNED, WORDS
// of a pixel; ITERATIONS words of an image that leave.
#pragma once

#include "words.hpp"

namespace fpgan {

// The next word of input K, its elements widened.
template <class C, int K, int IN> ap_uint<C::PE * C::BITS> widened_word(hls::stream<ap_uint<IN>>& in) {
#pragma HLS INLINE
  static const int NARROW = C::IN_BITS[K];
  static_assert(IN >= C::PE * NARROW, "a stream word holds PE elements");
  const ap_uint<IN> taken = in.read();
  ap_uint<C::PE * C::BITS> word = 0;
  for (int e = 0; e < C::PE; e++) {
#pragma HLS UNROLL
    const ap_uint<NARROW> narrow = element<NARROW>(taken, e);
    const ap_int<C::BITS> wide = C::IN_SIGNED[K] ? ap_int<C::BITS>(ap_int<NARROW>(narrow)) : ap_int<C::BITS>(narrow);
    set_element<C::BITS>(word, e, ap_uint<C::BITS>(wide));
  }
  return word;
}

template <class C, int K, int IN>
ap_uint<C::PE * C::BITS> word_of(int, hls::stream<ap_uint<IN>>& in) {
#pragma HLS INLINE
  return widened_word<C, K>(in);
}

template <class C, int K, int IN, class... More>
ap_uint<C::PE * C::BITS> word_of(int turn, hls::stream<ap_uint<IN>>& in, More&... more) {
#pragma HLS INLINE
  if (turn == K) return widened_word<C, K>(in);
  return word_of<C, K + 1>(turn, more...);
}

template <class C, int OUT, class... Ins> int stream_concat(hls::stream<ap_uint<OUT>>& out, Ins&... ins) {
#pragma HLS INLINE
  static_assert(OUT >= C::PE * C::BITS && sizeof...(Ins) == C::INPUTS, "a stream word holds PE elements");
  ap_uint<bits_for(C::INPUTS)> turn = 0;
  ap_uint<16> word = 0;
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    out.write(ap_uint<OUT>(word_of<C, 0>(int(turn), ins...)));
    const bool input_end = word == C::WORDS[int(turn)] - 1;
    word = input_end ? 0 : int(word) + 1;
    if (input_end) turn = turn == C::INPUTS - 1 ? 0 : int(turn) + 1;
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
