// SPDX-License-Identifier: Apache-2.0
// A board around the Verilated accelerator: a processor's register accesses and a memory, told what to do.
//
// Usage: harness DATA_BYTES MEMORY_BASE MEMORY_BYTES LATENCY
// Commands come on stdin, little-endian: op (1 byte), a, b (4 bytes each), data; answers go to stdout:
//   r offset -        -> word                   w offset word
//   R offset count    -> words of a window      W offset count words     into a window
//   M address size    -> bytes of the memory    m address size bytes
//   s permille seed   pause each bus channel with that probability
//   e address resp    answer memory accesses from `address` on with that response (0: as usual)
//   h on -            the memory answers nothing while on
//   p cycles -        let time pass             x - -    reset
//   c - -             -> cycles, beats read, beats written, most reads and writes outstanding (8 bytes each)
// Breaking a rule of AXI ends it with status 3 and a line on stderr.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "Vhost.h"
#include "verilated.h"

namespace {

constexpr uint64_t kResetCycles = 64;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(3);
}

void require(bool rule, const char* what) {
    if (!rule) fail(what);
}

struct Options {
    uint64_t data_bytes, base, bytes, latency;
};

struct Burst {
    uint64_t address, beats, due;
};

class Board {
  public:
    explicit Board(const Options& options) : o_(options), memory_(options.bytes) {}
    ~Board() { top_.final(); }

    void reset() {
        top_.ap_rst_n = 0;
        top_.s_axil_awvalid = top_.s_axil_wvalid = top_.s_axil_arvalid = 0;
        top_.s_axil_bready = top_.s_axil_rready = 0;
        reads_.clear();
        writes_.clear();
        responses_.clear();
        held_read_ = held_response_ = waiting_ar_ = waiting_aw_ = waiting_w_ = false;
        worst_ = 0;
        Verilated::defaultContextp()->assertOn(false);  // the reset takes some cycles to reach the layers
        for (uint64_t i = 0; i < kResetCycles; i++) step();
        Verilated::defaultContextp()->assertOn(true);
        top_.ap_rst_n = 1;
    }

    void write(uint32_t offset, uint32_t word) {
        top_.s_axil_awaddr = offset;
        top_.s_axil_wdata = word;
        top_.s_axil_wstrb = 15;
        bool address = true, data = true, response = true;
        while (address || data || response) {
            top_.s_axil_awvalid = address && (top_.s_axil_awvalid || !pause());
            top_.s_axil_wvalid = data && (top_.s_axil_wvalid || !pause());
            top_.s_axil_bready = !pause();
            top_.eval();
            address = address && !(top_.s_axil_awvalid && top_.s_axil_awready);
            data = data && !(top_.s_axil_wvalid && top_.s_axil_wready);
            response = response && !(top_.s_axil_bvalid && top_.s_axil_bready);
            step();
        }
        top_.s_axil_bready = 0;
    }

    uint32_t read(uint32_t offset) {
        top_.s_axil_araddr = offset;
        uint32_t word = 0;
        bool address = true, data = true;
        while (address || data) {
            top_.s_axil_arvalid = address && (top_.s_axil_arvalid || !pause());
            top_.s_axil_rready = !pause();
            top_.eval();
            address = address && !(top_.s_axil_arvalid && top_.s_axil_arready);
            if (top_.s_axil_rvalid && top_.s_axil_rready) {
                word = top_.s_axil_rdata;
                data = false;
            }
            step();
        }
        top_.s_axil_rready = 0;
        return word;
    }

    void step() {
#ifdef FPGAN_AXI
        if (top_.ap_rst_n) {
            serve_reads();
            serve_writes();
        } else {
            top_.m_axi_arready = top_.m_axi_awready = top_.m_axi_wready = 0;
            top_.m_axi_rvalid = top_.m_axi_bvalid = 0;
        }
#endif
        tick();
    }

    uint8_t* at(uint64_t address, uint64_t size) {
        require(address >= o_.base && address - o_.base + size <= memory_.size(), "no such memory");
        return &memory_[address - o_.base];
    }

    void stall(double share, uint32_t seed) {
        share_ = share;
        random_.seed(seed);
    }

    uint64_t cycles = 0, beats_read = 0, beats_written = 0, most_reads = 0, most_writes = 0;
    uint64_t bad_from = ~0ull;
    uint32_t bad_response = 0;
    bool hung = false;

  private:
    bool pause() { return share_ > 0 && uniform_(random_) < share_; }

    bool there(uint64_t address) const {
        return address >= o_.base && address - o_.base + o_.data_bytes <= memory_.size();
    }

    uint32_t response(uint64_t address) const {
        if (!there(address)) return 3;
        return address >= bad_from ? bad_response : 0;
    }

#ifdef FPGAN_AXI
    Burst request(uint64_t address, uint64_t length, uint64_t size, uint64_t kind) const {
        const uint64_t bytes = (length + 1) * o_.data_bytes;
        require((1ull << size) == o_.data_bytes && kind == 1, "a burst is not of whole words, or not rising");
        require(address % o_.data_bytes == 0, "a burst is not aligned");
        require(address / 4096 == (address + bytes - 1) / 4096, "a burst crosses 4 KiB");
        return {address, length + 1, cycles + o_.latency};
    }

    void serve_reads() {
        top_.m_axi_arready = !hung && !pause();
        const bool ready = !reads_.empty() && reads_.front().due <= cycles;
        held_read_ = held_read_ || (!hung && ready && !pause());
        top_.m_axi_rvalid = held_read_;
        if (held_read_) {
            const Burst& burst = reads_.front();
            top_.m_axi_rresp = response(burst.address);
            top_.m_axi_rlast = burst.beats == 1;
            if (there(burst.address))  // an error's data may be right
                std::memcpy(&top_.m_axi_rdata, at(burst.address, o_.data_bytes), o_.data_bytes);
        }
        top_.eval();
        require(!waiting_ar_ || (top_.m_axi_arvalid && top_.m_axi_araddr == waiting_ar_address_), "AR changed");
        waiting_ar_ = top_.m_axi_arvalid && !top_.m_axi_arready;
        waiting_ar_address_ = top_.m_axi_araddr;
        const bool take = held_read_ && top_.m_axi_rready;
        if (top_.m_axi_arvalid && top_.m_axi_arready)
            reads_.push_back(request(top_.m_axi_araddr, top_.m_axi_arlen, top_.m_axi_arsize, top_.m_axi_arburst));
        most_reads = std::max<uint64_t>(most_reads, reads_.size());
        if (take) {
            beats_read++;
            held_read_ = false;
            reads_.front().address += o_.data_bytes;
            if (--reads_.front().beats == 0) reads_.pop_front();
        }
    }

    void serve_writes() {
        top_.m_axi_awready = !hung && !pause();
        top_.m_axi_wready = !hung && !writes_.empty() && !pause();
        held_response_ = held_response_ || (!hung && !responses_.empty() && !pause());
        top_.m_axi_bvalid = held_response_;
        if (held_response_) top_.m_axi_bresp = responses_.front();
        top_.eval();
        require(!waiting_aw_ || (top_.m_axi_awvalid && top_.m_axi_awaddr == waiting_aw_address_), "AW changed");
        waiting_aw_ = top_.m_axi_awvalid && !top_.m_axi_awready;
        waiting_aw_address_ = top_.m_axi_awaddr;
        std::vector<uint8_t> word(o_.data_bytes);
        std::memcpy(word.data(), &top_.m_axi_wdata, o_.data_bytes);
        require(!waiting_w_ || (top_.m_axi_wvalid && word == waiting_word_), "W changed");
        waiting_w_ = top_.m_axi_wvalid && !top_.m_axi_wready;
        waiting_word_ = word;
        if (held_response_ && top_.m_axi_bready) {
            responses_.pop_front();
            held_response_ = false;
        }
        if (top_.m_axi_wvalid && top_.m_axi_wready) store(word);
        if (top_.m_axi_awvalid && top_.m_axi_awready)
            writes_.push_back(request(top_.m_axi_awaddr, top_.m_axi_awlen, top_.m_axi_awsize, top_.m_axi_awburst));
        most_writes = std::max<uint64_t>(most_writes, writes_.size() + responses_.size());
    }

    void store(const std::vector<uint8_t>& word) {
        Burst& burst = writes_.front();
        require(top_.m_axi_wlast == (burst.beats == 1), "wlast is not at the burst's end");
        const uint32_t found = response(burst.address);
        for (uint64_t i = 0; i < o_.data_bytes && found == 0; i++)
            if (top_.m_axi_wstrb >> i & 1) *at(burst.address + i, 1) = word[i];
        worst_ = std::max(worst_, found);
        burst.address += o_.data_bytes;
        beats_written++;
        if (--burst.beats == 0) {
            responses_.push_back(worst_);
            worst_ = 0;
            writes_.pop_front();
        }
    }
#endif

    void tick() {
        top_.ap_clk = 1;
#ifdef FPGAN_CLK2X
        top_.ap_clk2x = 1;
        top_.eval();
        top_.ap_clk2x = 0;
        top_.eval();
        context_.timeInc(1);
        top_.ap_clk2x = 1;  // the edge in between
        top_.ap_clk = 0;
        top_.eval();
        top_.ap_clk2x = 0;
#else
        top_.eval();
        context_.timeInc(1);
        top_.ap_clk = 0;
#endif
        top_.eval();
        context_.timeInc(1);
        cycles++;
    }

    Options o_;
    std::vector<uint8_t> memory_;
    VerilatedContext context_;
    Vhost top_{&context_};
    double share_ = 0;
    std::mt19937 random_{1};
    std::uniform_real_distribution<double> uniform_{0.0, 1.0};
    std::deque<Burst> reads_, writes_;
    std::deque<uint32_t> responses_;
    uint32_t worst_ = 0;
    bool held_read_ = false, held_response_ = false, waiting_ar_ = false, waiting_aw_ = false, waiting_w_ = false;
    uint64_t waiting_ar_address_ = 0, waiting_aw_address_ = 0;
    std::vector<uint8_t> waiting_word_;
};

template <typename T>
std::vector<T> take(size_t count) {
    std::vector<T> data(count);
    require(std::fread(data.data(), sizeof(T), count, stdin) == count, "a command is cut short");
    return data;
}

template <typename T>
void give(const T* data, size_t count) {
    std::fwrite(data, sizeof(T), count, stdout);
    std::fflush(stdout);
}

void obey(Board& board, char op, uint32_t a, uint32_t b) {
    if (op == 'r') {
        const uint32_t word = board.read(a);
        give(&word, 1);
    } else if (op == 'w') {
        board.write(a, b);
    } else if (op == 'R') {
        std::vector<uint32_t> words;
        for (uint32_t i = 0; i < b; i++) words.push_back(board.read(a + 4 * i));
        give(words.data(), words.size());
    } else if (op == 'W') {
        for (uint32_t word : take<uint32_t>(b)) board.write(a, word);
    } else if (op == 'M') {
        give(board.at(a, b), b);
    } else if (op == 'm') {
        const std::vector<uint8_t> data = take<uint8_t>(b);
        std::copy(data.begin(), data.end(), board.at(a, b));
    } else if (op == 's') {
        board.stall(a / 1000.0, b);
    } else if (op == 'e') {
        board.bad_from = b ? a : ~0ull;
        board.bad_response = b;
    } else if (op == 'h') {
        board.hung = a;
    } else if (op == 'p') {
        for (uint32_t i = 0; i < a; i++) board.step();
    } else if (op == 'x') {
        board.reset();
    } else if (op == 'c') {
        const uint64_t counts[] = {board.cycles, board.beats_read, board.beats_written, board.most_reads,
                                   board.most_writes};
        give(counts, 5);
    } else {
        fail(std::string("unknown command ") + op);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) fail("4 arguments expected");
    Verilated::defaultContextp()->randReset(2);  // registers start at random values
    Verilated::defaultContextp()->randSeed(1);
    auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
    Board board({number(1), number(2), number(3), number(4)});
    board.reset();
    for (int op = std::getchar(); op != EOF; op = std::getchar()) {
        const std::vector<uint32_t> values = take<uint32_t>(2);
        obey(board, static_cast<char>(op), values[0], values[1]);
    }
    return 0;
}
