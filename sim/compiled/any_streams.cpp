// SPDX-License-Identifier: Apache-2.0
// Drives every stream of a Verilated top at once: words go in as they are taken, what comes out is kept.
//
// Before this text stand two lists, FPGAN_SOURCES(X) and FPGAN_SINKS(X): X(name, tdata, tvalid, tready) for each
// stream of the top; and FPGAN_CLK2X where it has a port ap_clk2x, FPGAN_CLK and FPGAN_RESET the clock's and the
// reset's ports.
//
// Usage: any_streams FOLDER PATIENCE BYTES_OF_SOURCES.. WORDS_OF_SINKS.. (in the order of the lists)
//   FOLDER    NAME.in of each source that has words (BYTES each, little-endian); NAME.out is written for each sink
//   PATIENCE  cycles without a word on any side that count as a hang
// Prints one line of JSON: cycles from the end of the reset to the last word, bytes of a word of each sink.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

constexpr int kResetCycles = 64;

struct Source {
    const char* name;
    void* data;
    size_t room;
    uint8_t* valid;
    const uint8_t* ready;
    size_t bytes = 0, sent = 0;
    std::vector<uint8_t> words;

    void offer() {
        *valid = sent * bytes < words.size();
        if (*valid) std::memcpy(data, &words[sent * bytes], bytes < room ? bytes : room);
    }
};

struct Sink {
    const char* name;
    const void* data;
    size_t bytes;
    const uint8_t* valid;
    uint8_t* ready;
    size_t wanted = 0, got = 0;
    std::vector<uint8_t> words;
};

std::vector<uint8_t> read_all(const std::string& path) {
    std::vector<uint8_t> data;
    if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
        std::fseek(file, 0, SEEK_END);
        data.resize(std::ftell(file));
        std::rewind(file);
        if (std::fread(data.data(), 1, data.size(), file) != data.size()) std::exit(2);
        std::fclose(file);
    }
    return data;
}

}  // namespace

int main(int argc, char** argv) {
    VerilatedContext context;
    context.threads(1);
    context.randReset(2);
    context.randSeed(1);
    context.commandArgs(argc, argv);
    auto top = std::make_unique<Vtop>(&context);
#define FPGAN_SOURCE(name, tdata, tvalid, tready) \
    Source{#name, &top->tdata, sizeof top->tdata, &top->tvalid, &top->tready},
#define FPGAN_SINK(name, tdata, tvalid, tready) Sink{#name, &top->tdata, sizeof top->tdata, &top->tvalid, &top->tready},
    std::vector<Source> sources{FPGAN_SOURCES(FPGAN_SOURCE)};
    std::vector<Sink> sinks{FPGAN_SINKS(FPGAN_SINK)};
    if (argc < int(3 + sources.size() + sinks.size())) return 2;
    const std::string folder = argv[1];
    const uint64_t patience = std::strtoull(argv[2], nullptr, 10);
    int next = 3;
    for (Source& source : sources) {
        source.bytes = std::strtoull(argv[next++], nullptr, 10);
        source.words = read_all(folder + "/" + source.name + ".in");
    }
    for (Sink& sink : sinks) sink.wanted = std::strtoull(argv[next++], nullptr, 10);

    uint64_t cycle = 0, idle = 0;
    auto tick = [&] {
        top->FPGAN_CLK = 1;
#ifdef FPGAN_CLK2X
        top->ap_clk2x = 1;
        top->eval();
        top->ap_clk2x = 0;
        top->eval();
        top->ap_clk2x = 1;
        top->FPGAN_CLK = 0;
        top->eval();
        top->ap_clk2x = 0;
#else
        top->eval();
        top->FPGAN_CLK = 0;
#endif
        top->eval();
        context.timeInc(1);
        cycle++;
    };
    top->FPGAN_RESET = 0;
    context.assertOn(false);
    for (int i = 0; i < kResetCycles; i++) tick();
    context.assertOn(true);
    top->FPGAN_RESET = 1;
    cycle = 0;
    auto wanting = [&] {
        for (const Sink& sink : sinks)
            if (sink.got < sink.wanted) return true;
        return false;
    };
    while (wanting()) {
        for (Source& source : sources) source.offer();
        for (Sink& sink : sinks) *sink.ready = sink.got < sink.wanted;
        top->eval();
        bool moved = false;
        std::vector<size_t> taken;
        for (size_t i = 0; i < sources.size(); i++)
            if (*sources[i].valid && *sources[i].ready) taken.push_back(i);
        for (Sink& sink : sinks) {
            if (!(*sink.valid && *sink.ready)) continue;
            const uint8_t* word = static_cast<const uint8_t*>(sink.data);
            sink.words.insert(sink.words.end(), word, word + sink.bytes);
            sink.got++;
            moved = true;
        }
        tick();
        for (size_t i : taken) sources[i].sent++;
        idle = moved || !taken.empty() ? 0 : idle + 1;
        if (idle > patience) {
            for (const Sink& sink : sinks)
                std::fprintf(stderr, "Error: %s stopped after word %zu of %zu\n", sink.name, sink.got, sink.wanted);
            return 3;
        }
    }
    std::printf("{\"cycles\": %llu, \"bytes\": {", (unsigned long long)cycle);
    for (size_t i = 0; i < sinks.size(); i++) {
        std::printf("%s\"%s\": %zu", i ? ", " : "", sinks[i].name, sinks[i].bytes);
        std::FILE* file = std::fopen((folder + "/" + sinks[i].name + ".out").c_str(), "wb");
        if (!file || std::fwrite(sinks[i].words.data(), 1, sinks[i].words.size(), file) != sinks[i].words.size())
            return 2;
        std::fclose(file);
    }
    std::printf("}}\n");
    top->final();
    return 0;
}
