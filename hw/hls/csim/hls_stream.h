// SPDX-License-Identifier: Apache-2.0
// hls::stream for C simulation where Vitis HLS is not installed: a queue without an end, as in its own.
#ifndef FPGAN_CSIM_HLS_STREAM_H
#define FPGAN_CSIM_HLS_STREAM_H

#include <cstddef>
#include <deque>
#include <stdexcept>
#include <string>

namespace hls {

// Percent of the words that are there which read_nb misses: hardware finds a word when it has come, not before.
inline int& csim_misses() {
  static int percent = 0;
  return percent;
}

template <class T, int DEPTH = 0> class stream {
 public:
  stream() : name_("stream") {}
  explicit stream(const char* name) : name_(name) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  bool empty() const { return words_.empty(); }
  bool full() const { return false; }
  std::size_t size() const { return words_.size(); }

  void write(const T& word) { words_.push_back(word); }

  // The oldest word; on hardware this waits, here nothing else could bring a word, so it throws.
  T read() {
    if (words_.empty()) throw std::runtime_error("hls::stream " + name_ + ": read while empty");
    const T word = words_.front();
    words_.pop_front();
    return word;
  }
  bool read_nb(T& word) {
    if (words_.empty() || missed()) return false;
    word = read();
    return true;
  }

 private:
  bool missed() {
    random_ = random_ * 1103515245u + 12345u;
    return int((random_ >> 16) % 100) < csim_misses();
  }

  unsigned random_ = 1;
  std::deque<T> words_;
  std::string name_;
};

}  // namespace hls

#endif
