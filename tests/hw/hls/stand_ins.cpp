// SPDX-License-Identifier: Apache-2.0
// What the kernels rely on in ap_int.h, hls_stream.h and ap_axi_sdata.h; compiles with Vitis HLS' own headers too.
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

#include <cstdio>
#include <cstdlib>

#define HOLDS(what)                                          \
  do {                                                       \
    if (!(what)) {                                           \
      std::printf("line %d: %s does not hold\n", __LINE__, #what); \
      std::exit(1);                                          \
    }                                                        \
  } while (0)

static void widths_and_signs() {
  HOLDS(int(ap_int<4>(7)) == 7 && int(ap_int<4>(8)) == -8 && int(ap_int<4>(-9)) == 7);
  HOLDS(int(ap_uint<4>(15)) == 15 && int(ap_uint<4>(16)) == 0 && int(ap_uint<4>(-1)) == 15);
  HOLDS(int(ap_int<1>(1)) == -1 && int(ap_uint<1>(3)) == 1);
  const ap_uint<4> bits = 13;
  HOLDS(int(ap_int<4>(bits)) == -3);           // same bits, read as signed
  HOLDS(int(ap_int<5>(bits)) == 13);           // an unsigned source extends with zeros
  HOLDS(int(ap_uint<6>(ap_int<4>(-3))) == 61);  // a signed one with its sign
  HOLDS((long long)ap_int<64>(-5) == -5);
  const ap_int<100> wide = ap_int<7>(-2);
  HOLDS(int(ap_int<10>(wide.range(99, 90))) == -1 && int(ap_uint<3>(wide.range(2, 0))) == 6);
  HOLDS(int(ap_uint<10>(ap_uint<100>(wide).range(99, 90))) == 1023);
  HOLDS(ap_int<100>(ap_int<70>(-2)) == wide && ap_int<100>(ap_uint<70>(ap_int<70>(-2))) != wide);
}

static void arithmetic_wraps() {
  ap_int<5> sum = 15;
  sum += 1;
  HOLDS(int(sum) == -16);
  sum -= 1;
  HOLDS(int(sum) == 15);
  ap_uint<3> count = 7;
  count += ap_uint<3>(2);
  HOLDS(int(count) == 1);
  const ap_int<9> product = ap_int<5>(-16) * ap_int<4>(-8);
  HOLDS(int(product) == 128);
  HOLDS(ap_int<5>(-1) < 0 && ap_uint<5>(ap_int<5>(-1)) == 31 && ap_int<8>(-3) >= ap_int<8>(-3));
  HOLDS(int(ap_uint<4>(ap_uint<4>(9) << 1)) == 2 && int(ap_uint<4>(ap_uint<4>(9) >> 3)) == 1);
  HOLDS(int(ap_int<4>(ap_int<4>(-7) >> 1)) == -4);
}

static void slices() {
  ap_uint<200> word = 0;
  for (int i = 0; i < 40; i++) word.range(5 * i + 4, 5 * i) = i % 32;  // some cross a limb
  for (int i = 0; i < 40; i++) HOLDS(int(ap_uint<5>(word.range(5 * i + 4, 5 * i))) == i % 32);
  const ap_uint<200> before = word;
  word.range(66, 61) = ap_int<6>(-1);
  HOLDS(int(ap_uint<8>(word.range(67, 60))) == ((int(ap_uint<8>(before.range(67, 60))) & 0x81) | 0x7e));
  word.range(66, 61) = before.range(66, 61);
  HOLDS(word == before);
  const ap_uint<130> middle = before.range(160, 31);
  HOLDS(int(ap_uint<9>(middle.range(129, 121))) == int(ap_uint<9>(before.range(160, 152))));
  HOLDS(ap_uint<200>(before >> 31).range(129, 0) == middle.range(129, 0));
  HOLDS(ap_uint<200>(before << 170).range(199, 170) == before.range(29, 0));
  HOLDS(ap_uint<200>(before << 170) == ap_uint<200>((before << 170) | ap_uint<200>(0)));
  HOLDS(ap_uint<200>(before >> 100 << 100 | ap_uint<200>(before.range(99, 0))) == before);
  ap_int<6> narrow = 0;
  narrow.range(5, 5) = 1;
  HOLDS(int(narrow) == -32);
}

static void streams() {
  hls::stream<ap_uint<7>> queue("queue");
  ap_uint<7> word = 99;
  HOLDS(queue.empty() && !queue.read_nb(word));
  for (int i = 0; i < 3; i++) queue.write(i);
  HOLDS(queue.size() == 3 && int(queue.read()) == 0 && queue.read_nb(word) && int(word) == 1);
  HOLDS(!queue.empty() && int(queue.read()) == 2 && queue.empty());
}

static void side_channels() {
  ap_axiu<12, 0, 0, 0> word;
  word.data = 0xfff;
  word.keep = word.strb = -1;
  word.last = 1;
  HOLDS(int(word.data) == 4095 && int(word.keep) == 3 && int(word.strb) == 3 && word.last == 1);
}

int main() {
  widths_and_signs();
  arithmetic_wraps();
  slices();
  streams();
  side_channels();
  std::printf("all hold\n");
}
