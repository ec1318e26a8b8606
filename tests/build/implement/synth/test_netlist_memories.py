# SPDX-License-Identifier: Apache-2.0
"""Netlists of memories and delay lines at gate level, against their RTL."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpgan.build.implement.synth.yosys import synth_module
from fpgan.hw.sources import cells, rtl_file
from fpgan.sim.benches.runner import run_cocotb

pytestmark = [pytest.mark.verilator, pytest.mark.yosys]

# One write port, one registered read port (with a reset that gives 5), or one port for both; or weight_ram.
MEMORY = """
module memory #(
    parameter int W = 8, D = 16, LANES = 1, parameter STYLE = "auto",
    parameter bit ROM = 0, SINGLE = 0, FIRST = 0, WEIGHTS = 0
) (
    input logic clk, en, rst, input logic [LANES-1:0] we, input logic [31:0] ra, wa, input logic [159:0] d,
    output logic [W-1:0] q
);
  (* ram_style = STYLE *) logic [W-1:0] words[D];
  logic [$clog2(D)-1:0] r, w;
  assign w = wa[$clog2(D)-1:0];
  assign r = SINGLE ? w : ra[$clog2(D)-1:0];
  if (WEIGHTS) begin : gen_weights
    weight_ram #(.WIDTH(W), .DEPTH(D), .STYLE(STYLE)) ram (
        .clk, .address(r), .data(q), .write(we[0]), .write_address(w), .write_data(d[W-1:0]));
  end else if (ROM) begin : gen_rom
    initial $readmemh($sformatf("rom%0dx%0d.dat", W, D), words);
  end else begin : gen_ram
    always_ff @(posedge clk)
      for (int i = 0; i < LANES; i++) if (we[i]) words[w][i*(W/LANES)+:W/LANES] <= d[i*(W/LANES)+:W/LANES];
  end
  if (!WEIGHTS) always_ff @(posedge clk)
    if (STYLE == "distributed") q <= words[r];
    else if (en) begin
      if (rst) q <= W'(5);
      else q <= FIRST && SINGLE && we[0] ? d[W-1:0] : words[r];
    end
endmodule

module delay #(parameter int D = 40) (input logic clk, d, input logic [3:0] s, output logic [1:0] q);
  logic [D-1:0] line;
  logic taps[15:0];
  always_ff @(posedge clk) begin
    line <= {line[D-2:0], d};
    taps[0] <= d;
    for (int i = 1; i < 16; i++) taps[i] <= taps[i-1];
  end
  assign q = {line[D-1], taps[s]};
endmodule
"""

# bits, words, lanes, style, other parameters -> the primitive that it must become, in xcup and in xc7
MEMORIES = [
    (36, 256, 1, "block", "ROM(1)", "RAMB18E2 RAMB18E1"),
    (72, 512, 1, "block", "ROM(1)", "RAMB36E2 RAMB36E1"),
    (7, 1024, 1, "block", "ROM(1)", "RAMB18E2 RAMB18E1"),
    (5, 512, 1, "distributed", "ROM(1)", "LUT3 LUT3"),
    (4, 1024, 1, "distributed", "ROM(1)", "MUXF8 MUXF8"),
    (3, 1100, 1, "distributed", "ROM(1)", "MUXF8 MUXF8"),
    (36, 512, 1, "block", "", "RAMB18E2 RAMB18E1"),
    (70, 300, 1, "block", "", "RAMB36E2 RAMB36E1"),
    (18, 2048, 1, "block", "", "RAMB36E2 RAMB36E1"),
    (4, 4096, 1, "block", "", "RAMB18E2 RAMB18E1"),
    (32, 512, 4, "block", "", "RAMB18E2 RAMB18E1"),
    (18, 1024, 1, "block", "SINGLE(1)", "RAMB18E2 RAMB18E1"),
    (9, 2048, 1, "block", "SINGLE(1), .FIRST(1)", "RAMB18E2 RAMB18E1"),
    (36, 64, 1, "distributed", "", "RAM64M8 RAM64M"),
    (14, 32, 1, "distributed", "", "RAM32M16 RAM32M"),
    (3, 200, 1, "distributed", "", "RAM64M8 RAM64M"),
    (5, 128, 1, "distributed", "SINGLE(1)", "RAM128X1S RAM128X1S"),
    (72, 4096, 1, "ultra", "", "URAM288"),
    (144, 2048, 18, "ultra", "SINGLE(1)", "URAM288"),
    (143, 2048, 1, "ultra", "WEIGHTS(1)", "URAM288"),
]  # fmt: skip
_SWEEP = 4096  # cycles in which every word is written


@pytest.mark.parametrize("family", ["xcup", "xc7"])
def test_memories_and_delay_lines_equal_their_rtl(tmp_path: Path, family: str) -> None:
    chosen = [m for m in MEMORIES if family == "xcup" or m[3] != "ultra"]
    rtl, bench = memories(chosen)
    source = rtl_file("weight_ram.sv").read_text(encoding="utf-8")
    (tmp_path / "memories.sv").write_text(source + MEMORY + rtl)
    for width, depth, *_ in (m for m in chosen if "ROM" in m[4]):
        words = [pow(7, i + 1, 2**89 - 1) % 2**width for i in range(depth)]
        (tmp_path / f"rom{width}x{depth}.dat").write_text("\n".join(f"{word:x}" for word in words))
    found = synth_module(tmp_path, ["memories.sv"], "memories", family, tmp_path / "work")
    for _, _, _, _, _, primitives in chosen:
        assert primitives.split()[-1 if family == "xc7" else 0] in found["cells"]
    assert {"SRL16E", "SRLC32E"} <= set(found["cells"])
    if family == "xcup":
        assert found["URAM"] == 1 + 2 + 1  # 144 bits by one port take two, the 143 of weight_ram by both one
    netlist, top = tmp_path / "netlist.v", tmp_path / "bench.sv"
    netlist.write_text(renamed((tmp_path / "work/memories.v").read_text()))
    top.write_text(bench)
    run_cocotb(
        "bench", [*cells(), netlist, tmp_path / "memories.sv", top], "fpgan.sim.benches.tb_selfcheck",
        tmp_path / "build", plusargs=[f"+cycles={_SWEEP + 4000}"], run_dir=tmp_path, warnings=False,
        optimize=False,
    )  # fmt: skip


def renamed(netlist: str) -> str:
    assert netlist.count("module memories(") == 1
    return netlist.replace("module memories(", "module netlist(")


def memories(chosen: list[tuple]) -> tuple[str, str]:
    """The top with all memories, and a bench that compares it with its netlist."""
    odd = [depth for _, depth, *_ in chosen if depth & (depth - 1)]  # address bits alone would go beyond
    ports = (
        "input logic clk, en, rst, input logic [17:0] we, input logic [159:0] d, input logic [31:0] ra, wa"
    )
    ports += "".join(f", ra{depth}, wa{depth}" for depth in odd)
    total = sum(m[0] for m in chosen) + 2
    body, at, checks = [], 0, []
    for n, (width, depth, lanes, style, extra, _) in enumerate(chosen):
        more, own = f", .{extra}" if extra else "", depth if depth in odd else ""
        body.append(
            f'memory #(.W({width}), .D({depth}), .LANES({lanes}), .STYLE("{style}"){more}) m{n} (.clk(clk),'
            f" .en(en), .rst(rst), .we(we[{lanes - 1}:0]), .ra(ra{own}), .wa(wa{own}), .d(d),"
            f" .q(q[{at}+:{width}]));"
        )
        checks.append((at, width))
        at += width
    body.append(f"delay line (.clk(clk), .d(d[0]), .s(wa[3:0]), .q(q[{at}+:2]));")
    checks.append((at, 2))
    inside = "\n".join(body)
    rtl = f"module memories({ports}, output logic [{total - 1}:0] q);\n{inside}\nendmodule\n"
    compare = "\n".join(
        f"    if (count > {_SWEEP} + 64 && a[{at}+:{width}] != b[{at}+:{width}]) errors[{n}] <= 1'b1;"
        for n, (at, width) in enumerate(checks)
    )
    reduced = "".join(f"  wire [31:0] ra{depth} = ra % {depth}, wa{depth} = wa % {depth};\n" for depth in odd)
    bench = f"""module bench (input logic clk, output logic [{len(checks) - 1}:0] errors = '0);
  logic [{total - 1}:0] a, b;
  logic en = 1, rst = 0;
  logic [17:0] we = '1;
  logic [31:0] ra = 0, wa = 0, count = 0;
  logic [159:0] d = 0;
{reduced}  memories rtl (.q(a), .*);
  netlist mapped (.q(b), .*);
  always @(posedge clk) begin
    count <= count + 1;
    en <= $urandom % 4 != 0 || count < {_SWEEP};
    rst <= $urandom % 16 == 0;
    we <= count < {_SWEEP} ? '1 : 18'($urandom & $urandom);
    wa <= count < {_SWEEP} ? count : $urandom;
    ra <= $urandom % 4 == 0 ? wa : $urandom;
    d <= {{$urandom, $urandom, $urandom, $urandom, $urandom}};
{compare}
  end
endmodule
"""
    return rtl, bench
