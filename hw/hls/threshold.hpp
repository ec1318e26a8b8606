// SPDX-License-Identifier: Apache-2.0
// Quantizes accumulators: counts the thresholds of the channel that are reached.
//
//   y[c] = #{t : acc[c] >= thresholds[c][t]} + OFFSET, thresholds ascending
//
// Raster order in and out, CHANNELS/PE words per pixel, PE elements per word. The count is found bit by bit,
// highest first, so each stage compares once and has a table of its own. II = 1: no iteration needs another's
// result.
//
// C: ITERATIONS words of an image; FOLDS = CHANNELS/PE; PE; ACC bits of an accumulator, ACT of a result;
// VALUE bits of a threshold (signed); BITS = stages; THRESHOLDS per channel; TABLE entries of a stage at most:
// stage s has those of fold f from f * 2^s on; OFFSET.
#pragma once

#include "words.hpp"

namespace fpgan {

template <class C>
int count_reached(ap_int<C::VALUE> acc, int pe, int fold,
                  const ap_int<C::VALUE> thresholds[C::BITS][C::PE][C::TABLE]) {
#pragma HLS INLINE
  ap_uint<C::BITS> count = 0;
  for (int stage = 0; stage < C::BITS; stage++) {
#pragma HLS UNROLL
    const int bit = C::BITS - 1 - stage, candidate = int(count) + (1 << bit);
    const int prefix = int(count) >> (bit + 1);
    const bool reached = acc >= thresholds[stage][pe][(fold << stage) + prefix];
    if (candidate <= C::THRESHOLDS && reached) count = candidate;
  }
  return int(count);
}

// One image. Returns the iterations of its loop.
template <class C, int IN, int OUT>
int threshold(hls::stream<ap_uint<IN>>& in, hls::stream<ap_uint<OUT>>& out,
              const ap_int<C::VALUE> thresholds[C::BITS][C::PE][C::TABLE]) {
#pragma HLS INLINE
#pragma HLS ARRAY_PARTITION variable=thresholds complete dim=1
#pragma HLS ARRAY_PARTITION variable=thresholds complete dim=2
  static_assert(IN >= C::PE * C::ACC && OUT >= C::PE * C::ACT, "a stream word holds PE elements");
  ap_uint<bits_for(C::FOLDS)> fold = 0;
  for (int i = 0; i < C::ITERATIONS; i++) {
#pragma HLS PIPELINE II=1 style=flp
    const ap_uint<IN> taken = in.read();
    ap_uint<OUT> word = 0;
    for (int pe = 0; pe < C::PE; pe++) {
#pragma HLS UNROLL
      const ap_int<C::ACC> acc = element<C::ACC>(taken, pe);
      set_element<C::ACT>(word, pe, count_reached<C>(acc, pe, int(fold), thresholds) + C::OFFSET);
    }
    out.write(word);
    fold = fold == C::FOLDS - 1 ? 0 : int(fold) + 1;
  }
  return C::ITERATIONS;
}

}  // namespace fpgan
