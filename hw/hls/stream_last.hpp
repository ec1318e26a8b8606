// SPDX-License-Identifier: Apache-2.0
// tlast with the last word of an image, for what takes images from the port by it, as a DMA does.
#pragma once

#include <ap_axi_sdata.h>

#include "words.hpp"

namespace fpgan {

// A word of the port, BITS wide.
template <int BITS> using Marked = ap_axiu<BITS, 0, 0, 0>;

// One image of BEATS words. II = 1: a word depends on no other.
template <int BITS, int BEATS>
void stream_last(hls::stream<ap_uint<BITS>>& in, hls::stream<Marked<BITS>>& out) {
  for (int i = 0; i < BEATS; i++) {
#pragma HLS PIPELINE II=1
    Marked<BITS> word;
    word.data = in.read();
    word.keep = -1;
    word.strb = -1;
    word.last = i == BEATS - 1;
    out.write(word);
  }
}

}  // namespace fpgan
