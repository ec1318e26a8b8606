// SPDX-License-Identifier: Apache-2.0
// What the kernels share: elements of stream words, counters, and what C simulation counts.
//
// Element i of a word of elements of BITS bits is at bits i*BITS and up: the stream order of the RTL.
#pragma once

#include <ap_int.h>
#include <hls_stream.h>

#ifndef __SYNTHESIS__
#include <map>
#include <stdexcept>
#include <string>
#include <vector>
#endif

namespace fpgan {

// Bits of a counter from 0 to `last`.
constexpr int bits_for(int last) { return last < 2 ? 1 : 1 + bits_for(last / 2); }

template <int BITS, int W> ap_uint<BITS> element(const ap_uint<W>& word, int i) {
#pragma HLS INLINE
  return ap_uint<BITS>(word.range((i + 1) * BITS - 1, i * BITS));
}

template <int BITS, int W> void set_element(ap_uint<W>& word, int i, const ap_uint<BITS>& value) {
#pragma HLS INLINE
  word.range((i + 1) * BITS - 1, i * BITS) = value;
}

#ifndef __SYNTHESIS__
// Iterations of each call of each layer's loop, by layer.
inline std::map<std::string, std::vector<int>>& iterations() {
  static std::map<std::string, std::vector<int>> counted;
  return counted;
}
#define FPGAN_RECORD(layer, call) fpgan::iterations()[layer].push_back(call)
#else
#define FPGAN_RECORD(layer, call) call
#endif

// In C simulation nothing arrives while a loop runs: one that waits for an empty stream would wait for ever.
struct Stall {
#ifndef __SYNTHESIS__
  int idle = 0;
  void check(bool busy, bool empty) {
    idle = busy ? 0 : idle + 1;
    if (empty && idle > 16) throw std::runtime_error("an image ends before its last word");
  }
#else
  void check(bool, bool) {}
#endif
};

}  // namespace fpgan
