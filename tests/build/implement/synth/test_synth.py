# SPDX-License-Identifier: Apache-2.0
"""Synthesis with Yosys: what is counted, how memories map, the cache, and what failures say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import finn
import pytest

from fpgan.build.implement.synth import cells, vivado
from fpgan.build.implement.synth import yosys as yosys_module
from fpgan.build.implement.synth.yosys import synth_layers, synth_module
from fpgan.build.implement.synthesize import synth
from fpgan.hw.build_files import VERSION
from fpgan.hw.design import Design
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import rtl_file
from fpgan.hw.system.tools import ToolError

pytestmark = pytest.mark.yosys

MEMORY = """
module memory #(
    parameter int W = 8, parameter int D = 16, parameter STYLE = "auto", parameter bit WRITE = 0
) (
    input logic clk, en, we,
    input logic [$clog2(D)-1:0] a, wa,
    input logic [W-1:0] d,
    output logic [W-1:0] q
);
  (* ram_style = STYLE *) logic [W-1:0] words[D];
  if (WRITE) begin : gen_write
    always_ff @(posedge clk) if (we) words[wa] <= d;
  end else begin : gen_rom
    initial $readmemh("words.dat", words);
  end
  always_ff @(posedge clk) if (en) q <= words[a];
endmodule
"""


def memory(folder: Path, family: str, width: int, depth: int, style: str, write: bool) -> dict[str, Any]:
    """Synthesize one memory with a registered read and pseudo-random contents."""
    words = [(pow(7, i + 1, 2**31 - 1) * 0x9E3779B97F4A7C15F39CC0605CEDC834) % 2**width for i in range(depth)]
    (folder / "words.dat").write_text("\n".join(f"{word:x}" for word in words))
    (folder / "memory.sv").write_text(MEMORY)
    ports = "input logic clk, en, we, input logic [31:0] a, wa, input logic [{0}:0] d, output logic [{0}:0] q"
    (folder / "top.sv").write_text(
        f"module top({ports.format(width - 1)});\n"
        f'memory #(.W({width}), .D({depth}), .STYLE("{style}"), .WRITE({int(write)})) m ('
        ".clk(clk), .en(en), .we(we), .a(a[$clog2(" + str(depth) + ")-1:0]), "
        ".wa(wa[$clog2(" + str(depth) + ")-1:0]), .d(d), .q(q));\nendmodule\n"
    )
    return synth_module(folder, ["memory.sv", "top.sv"], "top", family, folder / "work")


# family, width, depth, style, written to -> (BRAM18, LUTRAM, URAM, logic LUTs at most)
MEMORIES = [
    ("xcup", 36, 64, "auto", False, (0, 0, 0, 40)),  # a shallow ROM is logic
    ("xcup", 36, 256, "auto", False, (0, 0, 0, 148)),  # so is one read in one level; 4 for its address
    ("xcup", 36, 512, "auto", False, (1, 0, 0, 0)),  # a deeper one is block RAM
    ("xcup", 72, 512, "auto", False, (2, 0, 0, 0)),
    ("xcup", 16, 64, "block", False, (1, 0, 0, 0)),
    ("xcup", 16, 256, "distributed", False, (0, 0, 0, 130)),
    ("xcup", 36, 64, "auto", True, (0, 48, 0, 0)),  # a shallow RAM is LUT RAM
    ("xcup", 36, 512, "auto", True, (1, 0, 0, 0)),
    ("xcup", 72, 4096, "ultra", True, (0, 0, 1, 0)),
    ("xc7", 36, 256, "auto", False, (0, 0, 0, 148)),
    ("xc7", 36, 64, "auto", True, (0, 48, 0, 0)),
]


@pytest.mark.parametrize("family,width,depth,style,write,expected", MEMORIES)
def test_memories(
    tmp_path: Path, family: str, width: int, depth: int, style: str, write: bool, expected: tuple[int, ...]
) -> None:
    found = memory(tmp_path, family, width, depth, style, write)
    bram, lutram, uram, logic = expected
    assert (found["BRAM18"], found["LUTRAM"], found["URAM"]) == (bram, lutram, uram)
    assert found["LUT"] - found["LUTRAM"] <= logic


def test_luts_of_a_rom_are_out_of_sight_of_the_mapping(tmp_path: Path) -> None:
    """Mapped with the rest of a wide layer, they took Yosys gigabytes."""
    found = memory(tmp_path, "xcup", 4, 2048, "distributed", False)
    assert found["cells"]["MUXF8"] == 2 * 8 and found["cells"]["LUT6"] == 2 * (32 + 2)  # two bits are 0
    log = (tmp_path / "work" / "top.log").read_text(encoding="utf-8")
    assert log.index("Deleting now unused module rom") > log.rindex("Executing ABC9 pass")


def mvu(folder: Path, family: str, **override: int) -> dict[str, Any]:
    """FINN's matrix-vector unit, 4 x 9, W4A4, with instantiated DSP slices."""
    rtllib = Path(next(iter(finn.__path__))) / "finn-rtllib"
    files = [rtllib / "mvu" / "mvu_pkg.sv", rtl_file("add_multi.sv"), rtllib / "mvu" / "mvu.sv"]
    names = copy_finn_sources(files, folder)
    parameters = {
        "VERSION": {"xc7": 1, "xcup": 2}[family], "PE": 4, "SIMD": 9, "WEIGHT_WIDTH": 4,
        "ACTIVATION_WIDTH": 4, "ACCU_WIDTH": 16, "NARROW_WEIGHTS": 1, **override,
    }  # fmt: skip
    return synth_module(folder, names, "mvu", family, folder / "work", parameters)


@pytest.mark.parametrize("family,dsp", [("xcup", "DSP48E2"), ("xc7", "DSP48E1")])
def test_mvu_keeps_its_dsp_slices_and_their_parameters(tmp_path: Path, family: str, dsp: str) -> None:
    found = mvu(tmp_path, family)
    assert found["DSP"] == found["cells"][dsp] == 9  # 4 products per slice
    assert 500 < found["LUT"] < 800
    netlist = json.loads((tmp_path / "work" / "mvu.json").read_text())["modules"]["mvu"]["cells"].values()
    slices = [cell for cell in netlist if cell["type"] == dsp]
    for cell in slices:  # a front end that drops parameters leaves the defaults
        assert int(cell["parameters"]["ADREG"], 2) == 1 and int(cell["parameters"]["AREG"], 2) == 0
        assert int(cell["parameters"]["MASK"], 2) == 2**48 - 1


DELAY_LINE = """
module top(input logic clk, input logic [3:0] d, input logic [3:0] s, output logic [3:0] q);
  logic [3:0] line[15:0];
  always_ff @(posedge clk) begin
    line[0] <= d;
    for (int i = 1; i < 16; i++) line[i] <= line[i-1];
  end
  assign q = line[s];
endmodule
"""


def test_delay_lines_become_shift_registers(tmp_path: Path) -> None:
    (tmp_path / "top.sv").write_text(DELAY_LINE)
    found = synth_module(tmp_path, ["top.sv"], "top", "xcup", tmp_path / "work")
    assert found["SRL"] == 4 and found["FF"] == 0


def test_unmapped_cells_are_refused() -> None:
    with pytest.raises(ValueError, match=r"3 cells of type \$mul are no Xilinx primitive"):
        cells.count({"LUT6": 2, "$mul": 3})


def test_count_of_sites() -> None:
    found = cells.count({"LUT6_2": 2, "RAM64M8": 1, "SRL16E": 3, "CARRY8": 1, "RAMB36E2": 2, "MUXF7": 9})
    assert found == {
        "LUT": 13, "FF": 0, "CARRY": 2, "DSP": 0, "BRAM18": 4, "URAM": 0, "LUTRAM": 8, "SRL": 3,
    }  # fmt: skip


def make_build(root: Path, board: str = "ultra96", family: str = "xcup") -> Path:
    """Two layers, a register of 8 bits and an inverter of 4, the second without any board file."""
    rtl = root / "rtl"
    rtl.mkdir(parents=True)
    (rtl / "a.sv").write_text(
        "module a(input logic clk, input logic [7:0] d, output logic [7:0] q);\n"
        'logic [7:0] r[4]; initial $readmemh("a_words.dat", r);\n'
        "always_ff @(posedge clk) q <= d ^ r[d[1:0]];\nendmodule\n"
    )
    (rtl / "a_words.dat").write_text("0f\n33\n55\n81\n")
    (rtl / "b.sv").write_text(
        "module b(input logic clk, input logic [3:0] d, output logic [3:0] q);\n"
        "always_ff @(posedge clk) q <= ~d;\nendmodule\n"
    )
    stream = {"shape": [1, 1, 1, 1], "datatype": "INT8", "elements_per_beat": 1, "tdata_bits": 8, "beats": 1}
    layers = [{"name": f"layer_{n}", "op": "X", "module": n, "sources": [f"{n}.sv"]} for n in ("a", "b")]
    design = {
        "version": VERSION, "backend": "rtl", "name": "t", "top": "t", "board": board, "part": "p",
        "family": family, "clock_mhz": 100.0, "sources": ["a.sv", "b.sv"], "layers": layers,
        "input": stream, "output": stream, "fifos": {}, "golden": "pytorch", "pumped": False,
    }  # fmt: skip
    (root / "design.json").write_text(json.dumps(design))
    (root / "report.json").write_text(json.dumps({"totals": {"LUT": 11}}))
    return root


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(yosys_module, "cache_dir", lambda: folder)
    return folder


@pytest.mark.parametrize("board,family", [("ultra96", "xcup"), ("pynq-z2", "xc7")])
def test_build_is_summed_and_set_against_the_board(
    tmp_path: Path, cache: Path, board: str, family: str
) -> None:
    build = make_build(tmp_path / "b", board, family)
    said: list[str] = []
    result = synth(build, jobs=2, progress=said.append)
    assert [layer["name"] for layer in result["layers"]] == ["layer_a", "layer_b"]
    assert result["totals"]["FF"] == 12 == sum(layer["FF"] for layer in result["layers"])
    assert result["utilization"]["FF"] == 12 / result["budget"]["FF"]
    assert result["estimates"] == {"LUT": 11}
    assert 0 < result["timing"]["estimated_ns"] < 8 and "estimate" in result["timing"]["how"]
    assert len(said) == 2 and said[-1].endswith("(2 of 2 layers)")
    assert json.loads((build / "synth.json").read_text()) == result


def test_only_what_changed_is_synthesized_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    real = yosys_module.synth_module

    def counted(rtl: Path, sources: list[str], top: str, *rest: Any) -> dict[str, Any]:
        ran.append(top)
        return real(rtl, sources, top, *rest)

    monkeypatch.setattr(yosys_module, "synth_module", counted)
    build = make_build(tmp_path / "b")
    first = synth_layers(Design.load(build), 1)
    assert synth_layers(Design.load(build), 1) == first and ran == ["a", "b"]
    (build / "rtl" / "a_words.dat").write_text("00\n00\n00\n00\n")
    again = synth_layers(Design.load(build), 1)
    assert ran == ["a", "b", "a"]
    assert again[0]["LUT"] < first[0]["LUT"]


def test_broken_source_is_one_line_with_the_log(tmp_path: Path, cache: Path) -> None:
    build = make_build(tmp_path / "b")
    (build / "rtl" / "b.sv").write_text("module b(;")
    with pytest.raises(ToolError, match=r"^synthesis of b: .*failed.*log: .*b\.log\)$") as error:
        synth(build, jobs=1)
    assert error.value.log is not None and error.value.log.exists()
    assert not (build / "synth.json").exists()


def test_no_build_no_jobs_and_unknown_tool(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="run fpgan build"):
        synth(tmp_path)
    with pytest.raises(ValueError, match="tool 'quartus' is not known; choose yosys or vivado"):
        synth(make_build(tmp_path / "b"), tool="quartus")
    with pytest.raises(ValueError, match="jobs=0: must be at least 1"):
        synth(tmp_path / "b", jobs=0)


def test_vivado_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vivado, "find_tool", lambda name: None)
    with pytest.raises(ToolError, match=r"^vivado not found on PATH; install AMD Vivado .*--tool yosys$"):
        synth(make_build(tmp_path / "b"), tool="vivado")


UTILIZATION = """
+-----------+--------+------------+------------+---------+------+-----+--------+--------+------+------------+
|  Instance | Module | Total LUTs | Logic LUTs | LUTRAMs | SRLs | FFs | RAMB36 | RAMB18 | URAM | DSP Blocks |
+-----------+--------+------------+------------+---------+------+-----+--------+--------+------+------------+
| t         |  (top) |        112 |         90 |      12 |   10 |  41 |      2 |      1 |    0 |          9 |
|   a_i     |      a |        100 |         80 |      10 |   10 |  33 |      2 |      1 |    0 |          9 |
|   b_i     |      b |         12 |         10 |       2 |    0 |   8 |      0 |      0 |    0 |          0 |
+-----------+--------+------------+------------+---------+------+-----+--------+--------+------+------------+
"""
SLACK = """
    WNS(ns)      TNS(ns)  TNS Failing Endpoints
    -------      -------  ---------------------
     -2.500        0.000                      0
"""


def test_vivado_reports_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(command: list[str], cwd: Path, log: Path, what: str, timeout: float) -> str:
        script = Path(command[-1]).read_text()
        assert re.search(r"read_verilog -sv .*a\.sv$", script, re.M) and "-mode out_of_context" in script
        (log.parent / "utilization.rpt").write_text(UTILIZATION)
        (log.parent / "timing.rpt").write_text(SLACK)
        return ""

    monkeypatch.setattr(vivado, "find_tool", lambda name: Path("/opt/vivado"))
    monkeypatch.setattr(vivado, "run", fake)
    result = synth(make_build(tmp_path / "b"), tool="vivado")
    assert result["layers"][0] == {
        "name": "layer_a", "LUT": 100, "FF": 33, "CARRY": 0, "DSP": 9, "BRAM18": 5, "URAM": 0, "LUTRAM": 10,
        "SRL": 10,
    }  # fmt: skip
    assert result["totals"]["LUT"] == 112
    assert result["timing"]["routed_mhz"] == 80.0  # 10 ns + 2.5 ns


@pytest.mark.parametrize(
    ("mhz", "pumped", "periods"),
    [
        (150.0, True, (6.666, 3.333)),
        (125.0, True, (8.0, 4.0)),
        (300.0, False, (3.333,)),
        (90.0, True, (11.11, 5.555)),
    ],
)
def test_clocks_stand_before_synthesis_and_have_a_common_period(tmp_path, mhz, pumped, periods):
    """6.667 and 3.333 ns are clocks without one, between which Vivado can meet no path."""
    build = make_build(tmp_path / "b")
    facts = json.loads((build / "design.json").read_text()) | {"clock_mhz": mhz, "pumped": pumped}
    (build / "design.json").write_text(json.dumps(facts))
    design = Design.load(build)
    found = re.findall(r"-name (\S+) -period (\S+) \[get_ports (\S+)\]", vivado.clocks_xdc(design))
    assert tuple(float(period) for _, period, _ in found) == periods
    assert [(name, port) for name, _, port in found] == [("ap_clk",) * 2, ("ap_clk2x",) * 2][: 1 + pumped]
    script = vivado.ooc_tcl(design, build)
    assert script.index("clocks.xdc") < script.index("synth_design") and "create_clock" not in script
    routed = vivado.parse_timing(SLACK, design)["routed_mhz"]
    assert routed == round(1000 / (periods[0] + 2.5 * (1 + pumped)), 1)
