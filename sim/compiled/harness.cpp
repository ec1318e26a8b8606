// SPDX-License-Identifier: Apache-2.0
// Streams images through the Verilated accelerator and records its output and when it came.
//
// Usage: harness IN OUT IMAGES IN_BEATS IN_BYTES OUT_BEATS OUT_BYTES STALL SEED RESET_AFTER WAVES
//   IN, OUT       files of IMAGES * BEATS words of BYTES bytes, little-endian
//   STALL         probability in [0, 1) with which each side pauses in a cycle
//   RESET_AFTER   cycles after which a first, thrown away run is reset; 0: none
//   WAVES         file for a waveform, with FPGAN_ACTIVITY for the switching activity (SAIF); - for none
// Prints one line of JSON: cycles, and per image the cycles of its first input, first output and last output.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vfpgan_top.h"
#include "verilated.h"
#ifdef FPGAN_ACTIVITY
#include "verilated_saif_c.h"
using Trace = VerilatedSaifC;
#elif defined(FPGAN_WAVES)
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#endif
#ifndef FPGAN_HALF_PERIOD
#define FPGAN_HALF_PERIOD 1  // of the clock, in ps, as traces have it
#endif

namespace {

constexpr uint64_t kResetCycles = 64;
constexpr uint64_t kPatience = 2000000;  // cycles without a beat on either side that count as a hang

std::vector<uint8_t> read_file(const char* path, size_t expected) {
    std::vector<uint8_t> data(expected);
    std::FILE* file = std::fopen(path, "rb");
    if (!file || std::fread(data.data(), 1, expected, file) != expected) {
        std::fprintf(stderr, "%s: cannot read %zu bytes\n", path, expected);
        std::exit(2);
    }
    std::fclose(file);
    return data;
}

struct Job {
    uint64_t images, in_beats, in_bytes, out_beats, out_bytes;
    double stall;
    uint32_t seed;
};

class Bench {
  public:
    explicit Bench(const char* waves) {
#ifdef FPGAN_WAVES
        context_.traceEverOn(true);
        top_.trace(&trace_, 99);
        trace_.open(waves);
#else
        (void)waves;
#endif
    }

    ~Bench() {
        top_.final();
#ifdef FPGAN_WAVES
        trace_.close();
#endif
    }

    void reset() {
        top_.ap_rst_n = 0;
        top_.s_axis_0_tvalid = 0;
        top_.m_axis_0_tready = 0;
        for (uint64_t i = 0; i < kResetCycles; i++) tick();
        top_.ap_rst_n = 1;
        cycle_ = 0;
    }

    // Runs until every output beat came, or for `limit` cycles where that is not 0.
    void run(const Job& job, const std::vector<uint8_t>& in, std::vector<uint8_t>& out, uint64_t limit) {
        std::mt19937 random(job.seed);
        std::uniform_real_distribution<double> uniform(0.0, 1.0);
        auto pause = [&] { return job.stall > 0 && uniform(random) < job.stall; };
        const uint64_t in_total = job.images * job.in_beats, out_total = job.images * job.out_beats;
        uint64_t sent = 0, got = 0, idle = 0;
        bool offering = false;
        first_in.assign(job.images, 0);
        first_out.assign(job.images, 0);
        last_out.assign(job.images, 0);
        while (got < out_total && (limit == 0 || cycle_ < limit)) {
            offering = sent < in_total && (offering || !pause());
            top_.s_axis_0_tvalid = offering;
            if (offering) std::memcpy(&top_.s_axis_0_tdata, &in[sent * job.in_bytes], job.in_bytes);
            top_.m_axis_0_tready = !pause();
            top_.eval();
            const bool send = offering && top_.s_axis_0_tready;
            const bool take = top_.m_axis_0_tvalid && top_.m_axis_0_tready;
            if (send && sent % job.in_beats == 0) first_in[sent / job.in_beats] = cycle_;
            if (take) {
                std::memcpy(&out[got * job.out_bytes], &top_.m_axis_0_tdata, job.out_bytes);
                if (got % job.out_beats == 0) first_out[got / job.out_beats] = cycle_;
                last_out[got / job.out_beats] = cycle_;
            }
            tick();
            sent += send;
            got += take;
            offering = offering && !send;
            idle = send || take ? 0 : idle + 1;
            if (idle > kPatience) {
                std::fprintf(stderr, "the pipeline stopped after word %llu of %llu of image %llu of %llu; "
                             "%llu of %llu words went in\n",
                             (unsigned long long)(got % job.out_beats), (unsigned long long)job.out_beats,
                             (unsigned long long)(got / job.out_beats + 1), (unsigned long long)job.images,
                             (unsigned long long)sent, (unsigned long long)in_total);
                std::exit(3);
            }
        }
        cycles += cycle_;
    }

    uint64_t cycles = 0;
    std::vector<uint64_t> first_in, first_out, last_out;

  private:
    void tick() {
        top_.ap_clk = 1;
#ifdef FPGAN_CLK2X
        top_.ap_clk2x = 1;
        top_.eval();
        top_.ap_clk2x = 0;
        top_.eval();
        dump();
        top_.ap_clk2x = 1;  // the edge in between
        top_.ap_clk = 0;
        top_.eval();
        top_.ap_clk2x = 0;
#else
        top_.eval();
        dump();
        top_.ap_clk = 0;
#endif
        top_.eval();
        dump();
        cycle_++;
    }

    void dump() {
        context_.timeInc(FPGAN_HALF_PERIOD);
#ifdef FPGAN_WAVES
        trace_.dump(context_.time());
#endif
    }

    VerilatedContext context_;
    Vfpgan_top top_{&context_};
    uint64_t cycle_ = 0;
#ifdef FPGAN_WAVES
    Trace trace_;
#endif
};

void print(const char* name, const std::vector<uint64_t>& values, const char* end) {
    std::printf("\"%s\": [", name);
    for (size_t i = 0; i < values.size(); i++) std::printf("%s%llu", i ? ", " : "", (unsigned long long)values[i]);
    std::printf("]%s", end);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 12) {
        std::fprintf(stderr, "harness: 11 arguments expected, %d given\n", argc - 1);
        return 2;
    }
    auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
    const Job job{number(3), number(4), number(5), number(6), number(7), std::strtod(argv[8], nullptr),
                  static_cast<uint32_t>(number(9))};
    const std::vector<uint8_t> in = read_file(argv[1], job.images * job.in_beats * job.in_bytes);
    std::vector<uint8_t> out(job.images * job.out_beats * job.out_bytes);
    Bench bench(argv[11]);
    if (number(10)) {
        bench.reset();
        bench.run(job, in, out, number(10));
        std::fill(out.begin(), out.end(), 0);
    }
    bench.reset();
    bench.run(job, in, out, 0);
    std::FILE* file = std::fopen(argv[2], "wb");
    if (!file || std::fwrite(out.data(), 1, out.size(), file) != out.size()) {
        std::fprintf(stderr, "%s: cannot write %zu bytes\n", argv[2], out.size());
        return 2;
    }
    std::fclose(file);
    std::printf("{\"cycles\": %llu, ", (unsigned long long)bench.cycles);
    print("first_in", bench.first_in, ", ");
    print("first_out", bench.first_out, ", ");
    print("last_out", bench.last_out, "}\n");
    return 0;
}
