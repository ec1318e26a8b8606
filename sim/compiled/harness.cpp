// SPDX-License-Identifier: Apache-2.0
// Streams images through the Verilated accelerator and records its output and when it came.
//
// Usage: harness IN OUT IMAGES IN_BEATS IN_BYTES OUT_BEATS OUT_BYTES STALL SEED RESET_AFTER WAVES WAVES_LIMIT
//                TRIAL WEIGHTS [STREAM...] [+plusargs]
//   IN, OUT       files of IMAGES * BEATS words of BYTES bytes, little-endian
//   STALL         probability in [0, 1) with which each side pauses in a cycle
//   SEED          of those pauses, and of what registers hold before a reset
//   RESET_AFTER   cycles after which a first, thrown away run is reset; 0: none
//   WAVES         file for a waveform, with FPGAN_ACTIVITY for the switching activity (SAIF); - for none
//   WAVES_LIMIT   bytes at which the waveform ends, the simulation does not; 0: none
//   TRIAL         seconds after which it ends, "starved", where its threads wait for each other; 0: never
//   WEIGHTS       with FPGAN_WEIGHTS, a file to load after each reset
//   STREAM        of each stream of weights, of which there are FPGAN_STREAMS: FILE:OFFSET:BYTES:BEAT:RATE:LATENCY,
//                 bytes of FILE that are sent over and over again, BEAT bytes each, tlast with the last; RATE beats
//                 per cycle are sent, from LATENCY cycles after a reset on, with pauses as on both sides
// Prints one line of JSON: cycles, threads, the share of their time in which they ran, how many cycles the
// waveform holds and whether it is whole, how long the weights took, and per image the cycles of its first input, first output and last output.
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
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
#elif defined(FPGAN_FST)
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#elif defined(FPGAN_WAVES)
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#endif
#ifndef FPGAN_HALF_PERIOD
#define FPGAN_HALF_PERIOD 1  // of the clock, in ps, as traces have it
#endif
#ifndef FPGAN_THREADS
#define FPGAN_THREADS 1
#endif

namespace {

constexpr uint64_t kResetCycles = 3;     // RESET_CYCLES of build/writers/rtl.py: the shortest that clears a top
constexpr uint32_t kSeeds = 0x7fffffff;  // that Verilator has; 0 is none of them
constexpr uint64_t kPatience = 2000000;  // cycles without a beat on either side that count as a hang
constexpr uint64_t kSettled = 10000;     // cycles from the last byte of weights until they are loaded, or refused
constexpr uint64_t kLook = 256;          // cycles between two looks at the clock and the waveform's size
constexpr double kStarved = 0.8;         // share of their time below which threads wait for each other

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

// Threads that wait spin: where every one has a core, they run all the time.
class Stopwatch {
  public:
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

    double share() const { return (cpu() - cpu_) / (seconds() * FPGAN_THREADS); }

  private:
    using Clock = std::chrono::steady_clock;

    static double cpu() {
        rusage used;
        getrusage(RUSAGE_SELF, &used);
        return double(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               1e-6 * double(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    }

    Clock::time_point start_ = Clock::now();
    double cpu_ = cpu();
};

#ifdef FPGAN_STREAMS
// A memory that is read over and over again: one stream of weights.
class Memory {
  public:
    struct Port {
        void* tdata;
        CData *tlast, *tvalid, *tready, *error;
    };

    Memory(const char* said, Port port, double stall, uint32_t seed) : port_(port), stall_(stall), random_(seed) {
        std::string path(said), numbers;
        for (int colons = 0; colons < 5; colons++) {
            const size_t at = path.rfind(':');
            numbers = path.substr(at + 1) + " " + numbers;
            path.resize(at);
        }
        unsigned long long offset, bytes, beat, latency;
        if (std::sscanf(numbers.c_str(), "%llu %llu %llu %lf %llu", &offset, &bytes, &beat, &rate_, &latency) != 5) {
            std::fprintf(stderr, "%s: no stream of weights\n", said);
            std::exit(2);
        }
        beat_ = beat;
        latency_ = latency;
        const std::vector<uint8_t> file = read_file(path.c_str(), offset + bytes);
        content_.assign(file.begin() + long(offset), file.end());
    }

    void reset() {
        at_ = cycle_ = 0;
        credit_ = 0;
        offering_ = false;
        *port_.tvalid = 0;
    }

    void offer() {
        offering_ = offering_ || (cycle_ >= latency_ && credit_ >= 1 && !pause());
        *port_.tvalid = offering_;
        if (offering_) std::memcpy(port_.tdata, &content_[at_], beat_);
        *port_.tlast = offering_ && at_ + beat_ == content_.size();
    }

    // Before the edge of a clock; false where the accelerator says that a round ended elsewhere.
    bool step() {
        credit_ = credit_ + rate_ > kSaved ? kSaved : credit_ + rate_;
        if (offering_ && *port_.tready) {
            at_ = (at_ + beat_) % content_.size();
            credit_ -= 1;
            offering_ = false;
        }
        cycle_++;
        return !*port_.error;
    }

  private:
    static constexpr double kSaved = 2;  // beats that come at once at most

    bool pause() { return stall_ > 0 && std::uniform_real_distribution<double>(0.0, 1.0)(random_) < stall_; }

    Port port_;
    double stall_, rate_ = 1, credit_ = 0;
    std::mt19937 random_;
    uint64_t beat_ = 1, latency_ = 0, cycle_ = 0;
    size_t at_ = 0;
    bool offering_ = false;
    std::vector<uint8_t> content_;
};
#endif

struct Limits {
    uint64_t waves;
    double trial;
};

class Bench {
  public:
    Bench(int argc, char** argv, const char* waves, Limits limits, uint32_t seed) : waves_(waves), limits_(limits) {
#if FPGAN_THREADS == 1
        context_.threads(1);  // else one for each core, idle
#endif
        context_.randReset(2);  // registers start at random values, so that a reset which is missing shows
        context_.randSeed(int(seed % kSeeds) + 1);
        context_.commandArgs(argc, argv);
        top_ = std::make_unique<Vfpgan_top>(&context_);
        std::memset(&top_->s_axis_0_tdata, 0, sizeof top_->s_axis_0_tdata);  // toggles are counted from 0
#ifdef FPGAN_WAVES
        context_.traceEverOn(true);
        top_->trace(&trace_, 99);
        trace_.open(waves);
#endif
    }

    ~Bench() {
        top_->final();
        end_waves();
    }

#ifdef FPGAN_STREAMS
    void attach(char** said, const Job& job) {
#define FPGAN_STREAM(k)                                                                                             \
    memories_.emplace_back(said[k],                                                                                 \
                           Memory::Port{&top_->s_axis_weights_##k##_tdata, &top_->s_axis_weights_##k##_tlast,       \
                                        &top_->s_axis_weights_##k##_tvalid, &top_->s_axis_weights_##k##_tready,     \
                                        &top_->weights_##k##_error},                                                \
                           job.stall, job.seed + k)
        FPGAN_STREAM(0);
#if FPGAN_STREAMS > 1
        FPGAN_STREAM(1);
#endif
#if FPGAN_STREAMS > 2
        FPGAN_STREAM(2);
#endif
#if FPGAN_STREAMS > 3
        FPGAN_STREAM(3);
#endif
#if FPGAN_STREAMS > 4
        FPGAN_STREAM(4);
#endif
#if FPGAN_STREAMS > 5
#error more streams of weights than a board has ports
#endif
    }
#endif

    void reset() {
        top_->ap_rst_n = 0;
        top_->s_axis_0_tvalid = 0;
        top_->m_axis_0_tready = 0;
#ifdef FPGAN_WEIGHTS
        top_->s_axis_weights_tvalid = 0;
#endif
        context_.assertOn(false);  // the reset takes some cycles to reach the layers
        for (uint64_t i = 0; i < kResetCycles; i++) tick();
        context_.assertOn(true);
        top_->ap_rst_n = 1;
        cycle_ = 0;
#ifdef FPGAN_STREAMS
        for (Memory& memory : memories_) memory.reset();
#endif
    }

#ifdef FPGAN_WEIGHTS
    // Loads a file of weights while images wait, with pauses as `run` has them.
    void load(const Job& job, const std::vector<uint8_t>& file) {
        std::mt19937 random(job.seed);
        std::uniform_real_distribution<double> uniform(0.0, 1.0);
        const uint64_t start = cycle_;
        size_t sent = 0;
        bool offering = false;
        context_.assertOn(false);  // memories hold anything before
        for (uint64_t idle = 0; !top_->weights_loaded && idle < kSettled; idle++) {
            offering = sent < file.size() && (offering || job.stall == 0 || uniform(random) >= job.stall);
            top_->s_axis_weights_tvalid = offering;
            top_->s_axis_weights_tdata = offering ? file[sent] : 0;
            top_->s_axis_weights_tlast = offering && sent + 1 == file.size();
            top_->s_axis_0_tvalid = 1;
            top_->m_axis_0_tready = 1;
            top_->eval();
            const bool send = offering && top_->s_axis_weights_tready;
            if (top_->s_axis_0_tready) fail("an image entered before the weights");
            tick();
            sent += send;
            offering = offering && !send;
            if (sent < file.size()) idle = 0;
        }
        top_->s_axis_weights_tvalid = 0;
        top_->s_axis_0_tvalid = 0;
        top_->m_axis_0_tready = 0;
        if (!top_->weights_loaded || top_->weights_errors) {
            std::printf("{\"refused\": %d}\n", int(top_->weights_errors));
            std::fflush(stdout);
            std::_Exit(0);
        }
        context_.assertOn(true);
        load_cycles = cycle_ - start;
        cycle_ = 0;
    }
#endif

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
            top_->s_axis_0_tvalid = offering;
            if (offering) std::memcpy(&top_->s_axis_0_tdata, &in[sent * job.in_bytes], job.in_bytes);
            top_->m_axis_0_tready = !pause();
#ifdef FPGAN_STREAMS
            for (Memory& memory : memories_) memory.offer();
#endif
            top_->eval();
            const bool send = offering && top_->s_axis_0_tready;
            const bool take = top_->m_axis_0_tvalid && top_->m_axis_0_tready;
            if (send && sent % job.in_beats == 0) first_in[sent / job.in_beats] = cycle_;
            if (take) {
                check_last(got, job);
                std::memcpy(&out[got * job.out_bytes], &top_->m_axis_0_tdata, job.out_bytes);
                if (got % job.out_beats == 0) first_out[got / job.out_beats] = cycle_;
                last_out[got / job.out_beats] = cycle_;
            }
#ifdef FPGAN_STREAMS
            for (Memory& memory : memories_)
                if (!memory.step()) fail("a round of weights ended elsewhere than in the accelerator");
#endif
            tick();
            sent += send;
            got += take;
            offering = offering && !send;
            if (cycle_ % kLook == 0) look();
            idle = send || take ? 0 : idle + 1;
            if (idle > kPatience) {
                std::fprintf(stderr, "the pipeline stopped after word %llu of %llu of image %llu of %llu; "
                             "%llu of %llu words went in\n",
                             (unsigned long long)(got % job.out_beats), (unsigned long long)job.out_beats,
                             (unsigned long long)(got / job.out_beats + 1), (unsigned long long)job.images,
                             (unsigned long long)sent, (unsigned long long)in_total);
                end_waves();
                std::exit(3);
            }
        }
        cycles += cycle_;
    }

    // The layers may hold words that the output did not need: let them come out.
    void drain(uint64_t count) {
        top_->s_axis_0_tvalid = 0;
        top_->m_axis_0_tready = 1;
        for (uint64_t i = 0; i < count; i++) tick();
    }

    uint64_t cycles = 0, waves_cycles = 0, load_cycles = 0;
    bool waves_whole = true;
    std::vector<uint64_t> first_in, first_out, last_out;
    Stopwatch watch;

  private:
#ifdef FPGAN_STREAMS
    std::vector<Memory> memories_;
#endif

    void fail(const char* what) {
        std::fprintf(stderr, "%s\n", what);
        end_waves();
        std::exit(4);
    }

    // tlast comes with the last word of each image and with no other.
    void check_last(uint64_t got, const Job& job) {
        const uint64_t word = got % job.out_beats + 1;
        if (bool(top_->m_axis_0_tlast) == (word == job.out_beats)) return;
        std::fprintf(stderr, "tlast is %d at word %llu of %llu of image %llu\n", int(top_->m_axis_0_tlast),
                     (unsigned long long)word, (unsigned long long)job.out_beats,
                     (unsigned long long)(got / job.out_beats + 1));
        end_waves();
        std::exit(4);
    }

    void look() {
        if (limits_.trial > 0 && watch.seconds() > limits_.trial) {
            if (watch.share() < kStarved) {
                std::printf("{\"starved\": true, \"threads_ran\": %.3f}\n", watch.share());
                std::fflush(stdout);
                std::_Exit(0);
            }
            limits_.trial = 0;
        }
        struct stat file;
        if (limits_.waves && waves_whole && stat(waves_, &file) == 0 && uint64_t(file.st_size) >= limits_.waves) {
            waves_whole = false;
            end_waves();
        }
    }

    void end_waves() {
#ifdef FPGAN_WAVES
        trace_.close();
#endif
    }

    void tick() {
        top_->ap_clk = 1;
#ifdef FPGAN_CLK2X
        top_->ap_clk2x = 1;
        top_->eval();
        top_->ap_clk2x = 0;
        top_->eval();
        dump();
        top_->ap_clk2x = 1;  // the edge in between
        top_->ap_clk = 0;
        top_->eval();
        top_->ap_clk2x = 0;
#else
        top_->eval();
        dump();
        top_->ap_clk = 0;
#endif
        top_->eval();
        dump();
        cycle_++;
#ifdef FPGAN_WAVES
        waves_cycles += trace_.isOpen();
#endif
    }

    void dump() {
        context_.timeInc(FPGAN_HALF_PERIOD);
#ifdef FPGAN_WAVES
        if (trace_.isOpen()) trace_.dump(context_.time());
#endif
    }

    const char* waves_;
    Limits limits_;
    VerilatedContext context_;
    std::unique_ptr<Vfpgan_top> top_;
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
    if (argc < 15) {
        std::fprintf(stderr, "harness: 14 arguments expected, %d given\n", argc - 1);
        return 2;
    }
    auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
    const Job job{number(3), number(4), number(5), number(6), number(7), std::strtod(argv[8], nullptr),
                  static_cast<uint32_t>(number(9))};
    const std::vector<uint8_t> in = read_file(argv[1], job.images * job.in_beats * job.in_bytes);
    std::vector<uint8_t> out(job.images * job.out_beats * job.out_bytes);
    Bench bench(argc, argv, argv[11], {number(12), std::strtod(argv[13], nullptr)}, job.seed);
#ifdef FPGAN_WEIGHTS
    std::FILE* weights = std::fopen(argv[14], "rb");
    if (!weights || std::fseek(weights, 0, SEEK_END)) return 2;
    const std::vector<uint8_t> loaded = read_file(argv[14], size_t(std::ftell(weights)));
    std::fclose(weights);
    auto load = [&] { bench.load(job, loaded); };
#else
    auto load = [] {};
#endif
#ifdef FPGAN_STREAMS
    bench.attach(argv + 15, job);
#endif
    if (number(10)) {
        bench.reset();
        load();
        bench.run(job, in, out, number(10));
        std::fill(out.begin(), out.end(), 0);
    }
    bench.reset();
    load();
    bench.run(job, in, out, 0);
#ifdef FPGAN_TAPS
    bench.drain(bench.cycles / job.images);
#endif
    std::FILE* file = std::fopen(argv[2], "wb");
    if (!file || std::fwrite(out.data(), 1, out.size(), file) != out.size()) {
        std::fprintf(stderr, "%s: cannot write %zu bytes\n", argv[2], out.size());
        return 2;
    }
    std::fclose(file);
    std::printf("{\"cycles\": %llu, \"threads\": %d, \"threads_ran\": %.3f, \"waves_cycles\": %llu, \"waves_whole\": %s, ",
                (unsigned long long)bench.cycles, FPGAN_THREADS, bench.watch.share(),
                (unsigned long long)bench.waves_cycles, bench.waves_whole ? "true" : "false");
    std::printf("\"load_cycles\": %llu, ", (unsigned long long)bench.load_cycles);
    print("first_in", bench.first_in, ", ");
    print("first_out", bench.first_out, ", ");
    print("last_out", bench.last_out, "}\n");
    return 0;
}
