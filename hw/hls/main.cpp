// SPDX-License-Identifier: Apache-2.0
// Test bench of fpgan_top for C simulation: main LATENT IMAGE [OUTPUT]
//
// LATENT, IMAGE: stream words of input and expected output, whole bytes each, least significant first, image
// after image. Runs the accelerator image by image, then all images through one layer after the other, which
// shows each loop's iterations when its input never runs dry. Prints a line of JSON. Without OUTPUT a wrong
// word makes the program fail, as Vitis HLS expects of a test bench; with it the accelerator's words are
// written there and judged by the caller.
#include "top.hpp"

#include <cstdio>
#include <exception>

#include "bench.hpp"

using fpgan::Bytes;
using fpgan::put_words;
using fpgan::read_file;

// Words of whole images, each with tlast at its end and nowhere else.
static void take_images(hls::stream<fpgan::Marked<OUT_BITS>>& out, Bytes& taken) {
  hls::stream<ap_uint<OUT_BITS>> words("words");
  for (int i = 1; !out.empty(); i++) {
    const fpgan::Marked<OUT_BITS> word = out.read();
    if ((word.last == 1) != (i % OUT_BEATS == 0))
      throw std::runtime_error("tlast is wrong at word " + std::to_string(i) + " of " + std::to_string(OUT_BEATS));
    words.write(word.data);
  }
  fpgan::take_words<OUT_BITS>(words, taken);
}

static Bytes by_image(const Bytes& latent, int images) {
  hls::stream<ap_uint<IN_BITS>> in("s_axis_0");
  hls::stream<fpgan::Marked<OUT_BITS>> out("m_axis_0");
  Bytes taken;
  for (int i = 0; i < images; i++) {
    put_words<IN_BITS>(in, &latent[std::size_t(i) * IN_BEATS * (IN_BITS / 8)], IN_BEATS);
    fpgan_top(in, out);
    take_images(out, taken);
  }
  return taken;
}

static Bytes by_layer(const Bytes& latent, int images) {
  hls::stream<ap_uint<IN_BITS>> in("s_axis_0");
  hls::stream<fpgan::Marked<OUT_BITS>> out("m_axis_0");
  put_words<IN_BITS>(in, &latent[0], images * IN_BEATS);
  fpgan::iterations().clear();
  fpgan_layers(in, out, images);
  Bytes taken;
  take_images(out, taken);
  return taken;
}

static int compare(int argc, char** argv) {
  if (argc < 3) throw std::runtime_error("usage: main LATENT IMAGE [OUTPUT]");
  const Bytes latent = read_file(argv[1]), image = read_file(argv[2]);
  const int images = int(latent.size() / (IN_BEATS * (IN_BITS / 8)));
  const Bytes output = by_image(latent, images), again = by_layer(latent, images);
  long wrong = output.size() == image.size() ? 0 : 1;
  for (std::size_t i = 0; i < output.size() && i < image.size(); i++) wrong += output[i] != image[i];
  std::printf("{\"images\": %d, \"wrong_bytes\": %ld, \"passes_agree\": %s, \"iterations\": %s}\n", images, wrong,
              output == again ? "true" : "false", fpgan::iterations_json().c_str());
  if (argc > 3) std::ofstream(argv[3], std::ios::binary).write((const char*)output.data(), output.size());
  return output != again || (argc == 3 && wrong) ? 1 : 0;
}

int main(int argc, char** argv) {
  try {
    return compare(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
