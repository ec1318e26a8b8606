// SPDX-License-Identifier: Apache-2.0
// What test benches share: stream words from and to files, whole bytes each, least significant first.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "words.hpp"

namespace fpgan {

typedef std::vector<unsigned char> Bytes;

inline Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

template <int W> void put_words(hls::stream<ap_uint<W>>& stream, const unsigned char* bytes, int count) {
  for (int i = 0; i < count; i++) {
    ap_uint<W> word = 0;
    for (int lo = 0; lo < W; lo += 8) word.range(lo + 7 < W ? lo + 7 : W - 1, lo) = int(*bytes++);
    stream.write(word);
  }
}

template <int W> void take_words(hls::stream<ap_uint<W>>& stream, Bytes& bytes) {
  while (!stream.empty()) {
    const ap_uint<W> word = stream.read();
    for (int lo = 0; lo < W; lo += 8)
      bytes.push_back(ap_uint<8>(word.range(lo + 7 < W ? lo + 7 : W - 1, lo)).to_int());
  }
}

// Layer: iterations of its last call.
inline std::string iterations_json() {
  std::string text;
  for (const auto& layer : iterations())
    text += (text.empty() ? "\"" : ", \"") + layer.first + "\": " + std::to_string(layer.second.back());
  return "{" + text + "}";
}

}  // namespace fpgan
