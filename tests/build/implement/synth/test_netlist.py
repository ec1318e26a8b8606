# SPDX-License-Identifier: Apache-2.0
"""Netlists at gate level: memories against their RTL, layers and whole designs against the truth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from own_files import check_own_build
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.ops import RTL_DOMAIN, register
from fpgan.build.folding.schedule import timing as schedule
from fpgan.build.implement.synth.yosys import netlists, synth_module
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.geometry import DeconvGeometry
from fpgan.hw.sources import cells, sources
from fpgan.sim.benches.runner import run_cocotb
from fpgan.sim.benches.stream_bench import Ports, StreamCase, bench_source, run_bench
from fpgan.sim.golden import deconv, threshold, zero_insert
from fpgan.sim.packing import pack
from fpgan.sim.simulate import simulate

pytestmark = [pytest.mark.verilator, pytest.mark.yosys]

BOARDS = {"xcup": "ultra96", "xc7": "pynq-z2"}
IMAGES = 3

# ---- memories -------------------------------------------------------------------------------------------
# One write port, one registered read port (with a reset that gives 5), or one port for both.
MEMORY = """
module memory #(
    parameter int W = 8, D = 16, LANES = 1, parameter STYLE = "auto",
    parameter bit ROM = 0, SINGLE = 0, FIRST = 0
) (
    input logic clk, en, rst, input logic [LANES-1:0] we, input logic [31:0] ra, wa, input logic [159:0] d,
    output logic [W-1:0] q
);
  (* ram_style = STYLE *) logic [W-1:0] words[D];
  logic [$clog2(D)-1:0] r, w;
  assign w = wa[$clog2(D)-1:0];
  assign r = SINGLE ? w : ra[$clog2(D)-1:0];
  if (ROM) begin : gen_rom
    initial $readmemh($sformatf("rom%0dx%0d.dat", W, D), words);
  end else begin : gen_ram
    always_ff @(posedge clk)
      for (int i = 0; i < LANES; i++) if (we[i]) words[w][i*(W/LANES)+:W/LANES] <= d[i*(W/LANES)+:W/LANES];
  end
  always_ff @(posedge clk)
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
]  # fmt: skip
_SWEEP = 4096  # cycles in which every word is written


@pytest.mark.parametrize("family", ["xcup", "xc7"])
def test_memories_and_delay_lines_equal_their_rtl(tmp_path: Path, family: str) -> None:
    chosen = [m for m in MEMORIES if family == "xcup" or m[3] != "ultra"]
    rtl, bench = memories(chosen)
    (tmp_path / "memories.sv").write_text(MEMORY + rtl)
    for width, depth, *_ in (m for m in chosen if "ROM" in m[4]):
        words = [pow(7, i + 1, 2**89 - 1) % 2**width for i in range(depth)]
        (tmp_path / f"rom{width}x{depth}.dat").write_text("\n".join(f"{word:x}" for word in words))
    found = synth_module(tmp_path, ["memories.sv"], "memories", family, tmp_path / "work")
    for _, _, _, _, _, primitives in chosen:
        assert primitives.split()[-1 if family == "xc7" else 0] in found["cells"]
    assert {"SRL16E", "SRLC32E"} <= set(found["cells"])
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


# ---- layers ---------------------------------------------------------------------------------------------
THRESHOLD = """
module threshold_case (
    input  logic ap_clk, ap_rst_n,
    input  logic [{inputs}:0] s_axis_tdata, input logic s_axis_tvalid, output logic s_axis_tready,
    output logic [{outputs}:0] m_axis_tdata, output logic m_axis_tvalid, input logic m_axis_tready
);
  threshold_1 layer (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n),
      .in0_V_TDATA(s_axis_tdata), .in0_V_TVALID(s_axis_tvalid), .in0_V_TREADY(s_axis_tready),
      .out0_V_TDATA(m_axis_tdata), .out0_V_TVALID(m_axis_tvalid), .out0_V_TREADY(m_axis_tready),
      .s_axilite_AWVALID('0), .s_axilite_AWADDR('0), .s_axilite_WVALID('0), .s_axilite_WDATA('0),
      .s_axilite_WSTRB('0), .s_axilite_BREADY('0), .s_axilite_ARVALID('0), .s_axilite_ARADDR('0),
      .s_axilite_RREADY('0), .in1_V_TVALID('0), .in1_V_TDATA('0));
endmodule
"""


def deconv_case(core: str, part: str, folder: Path) -> tuple[StreamCase, list[Path]]:
    """4 x 4 stride 2 on 3 x 3 pixels, 4 to 4 channels at 2 x 2 per cycle."""
    rng = np.random.default_rng(1)
    weights = rng.integers(-7, 8, (4, 4, 4, 4))
    geometry = DeconvGeometry.make((3, 3), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0))
    node = helper.make_node(
        "Deconv_rtl", ["x", "w"], ["y"], name=f"deconv_{core}", domain=RTL_DOMAIN, backend="fpgadataflow",
        size=[3, 3], kernel=[4, 4], stride=[2, 2], pad=[1, 1], out=[6, 6], CI=4, CO=4, PE=2, SIMD=2,
        core=core,
        inputDataType="UINT4", weightDataType="INT4", outputDataType="INT12", useful_macs=1, narrow_weights=1,
    )  # fmt: skip
    graph = helper.make_graph(
        [node], "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6, 6, 4])],
    )  # fmt: skip
    model = ModelWrapper(qonnx_make_model(graph))
    model.set_initializer("w", weights.astype(np.float32))
    model.set_tensor_datatype("w", DataType["INT4"])
    op = getCustomOp(model.graph.node[0])
    op.write_data(model, folder)
    x = rng.integers(0, 16, (IMAGES, 3, 3, 4))
    case = StreamCase(
        op.parameters(part), pack(x, 2, 4), pack(deconv(x, weights, geometry), 2, 12), module="deconv"
    )
    return case, finn_sources(op.source_key())


def finn_sources(module: str) -> list[Path]:
    import finn

    return sources(module, Path(next(iter(finn.__path__))) / "finn-rtllib")


def stream_cases(tiny: Path, part: str, folder: Path) -> tuple[list[StreamCase], list[str]]:
    """A case for every kind of layer, and their sources' names in `folder`."""
    rng = np.random.default_rng(2)
    paths = [path for module in ("fifo", "width_convert", "pixel_pad") for path in finn_sources(module)]
    cases = []
    for core in ("dsp", "lut"):
        case, needed = deconv_case(core, part, folder)
        cases.append(case)
        paths += [path for path in needed if path not in paths]
    for taken, given in ((2, 6), (6, 2), (3, 2)):
        values = rng.integers(0, 16, 40 * 6)
        parameters: dict[str, int | str] = {"IN_ELEMS": taken, "OUT_ELEMS": given, "ELEM_BITS": 4}
        cases.append(
            StreamCase(parameters, pack(values, taken, 4), pack(values, given, 4), module="width_convert")
        )
    words = pack(rng.integers(0, 2**12, 200), 1, 12)
    cases.append(StreamCase({"WIDTH": 12, "DEPTH": 40}, words, words, module="fifo"))
    x = rng.integers(0, 16, (IMAGES, 3, 4, 4))
    parameters = {"H": 3, "W": 4, "CF": 2, "WIDTH": 8, "SH": 2, "SW": 2, "OPH": 1, "OPW": 1}
    cases.append(
        StreamCase(parameters, pack(x, 2, 4), pack(zero_insert(x, (2, 2), (6, 8)), 2, 4), module="pixel_pad")
    )
    names = copy_finn_sources(paths, folder)
    return [*cases, threshold_case(tiny, folder, names)], names


def threshold_case(tiny: Path, folder: Path, names: list[str]) -> StreamCase:
    """The second thresholding of a built design, fed at random; adds its sources to `names`."""
    design = Design.load(tiny)
    layer = next(x for x in design.layers if x.name == "threshold_1")
    for path in [*(design.rtl / name for name in layer.sources), *design.rtl.glob("threshold_1_*.dat")]:
        shutil.copy(path, folder / path.name)
    model = ModelWrapper(str(tiny / "dataflow.onnx"))
    node = next(n for n in model.graph.node if n.name == "threshold_1")
    op = getCustomOp(node)
    idt, odt, pe = op.get_input_datatype(), op.get_output_datatype(), op.get_nodeattr("PE")
    x = np.random.default_rng(3).integers(
        int(idt.min()), int(idt.max()) + 1, (IMAGES, 4, 4, op.get_nodeattr("NumChannels"))
    )
    steps = np.rint(model.get_initializer(node.input[1])).astype(np.int64)
    y = threshold(x, steps, op.get_nodeattr("ActVal"))
    inputs, outputs = pack(x, pe, idt.bitwidth()), pack(y, pe, odt.bitwidth())
    (folder / "threshold_case.sv").write_text(
        THRESHOLD.format(inputs=8 * inputs.shape[1] - 1, outputs=8 * outputs.shape[1] - 1)
    )
    names += [*layer.sources, "threshold_case.sv"]
    return StreamCase({}, inputs, outputs, module="threshold_case")


@pytest.fixture(scope="session")
def tiny(build_preset):
    return build_preset("tiny", target_fps=150_000)


@pytest.mark.parametrize("family", ["xcup", "xc7"])
def test_every_kind_of_layer_equals_numpy(tiny, tmp_path, family):
    register()
    cases, names = stream_cases(tiny, get_board(BOARDS[family]).part, tmp_path)
    (tmp_path / "bench.sv").write_text(bench_source("", cases, Ports()))
    found = synth_module(tmp_path, [*names, "bench.sv"], "bench", family, tmp_path / "work")
    assert found["cells"].get("DSP48E2" if family == "xcup" else "DSP48E1")
    run_bench(
        [*cells(), tmp_path / "work/bench.v"], cases, tmp_path / "build", warnings=False, optimize=False
    )


# ---- whole designs --------------------------------------------------------------------------------------
LAYER = """
module layer_1 (
    input  logic ap_clk, ap_rst_n,
    input  logic [7:0] s_axis_tdata, input logic s_axis_tvalid, output logic s_axis_tready,
    output logic [7:0] m_axis_tdata, output logic m_axis_tvalid, input logic m_axis_tready
);
  assign s_axis_tready = m_axis_tready;
  assign m_axis_tvalid = s_axis_tvalid;
  assign m_axis_tdata = s_axis_tdata ^ {s_axis_tdata[0], s_axis_tdata[7:1]};
endmodule
"""
TOP = """
module fpgan_top (
    input  logic ap_clk, ap_rst_n,
    input  logic [7:0] s_axis_0_tdata, input logic s_axis_0_tvalid, output logic s_axis_0_tready,
    output logic [7:0] m_axis_0_tdata, output logic m_axis_0_tvalid, input logic m_axis_0_tready
);
  layer_1 layer_1_i (
      .s_axis_tdata(s_axis_0_tdata), .s_axis_tvalid(s_axis_0_tvalid), .s_axis_tready(s_axis_0_tready),
      .m_axis_tdata(m_axis_0_tdata), .m_axis_tvalid(m_axis_0_tvalid), .m_axis_tready(m_axis_0_tready), .*);
endmodule
"""


@pytest.fixture
def one_layer(tmp_path: Path) -> Path:
    """A build of one layer that gives each byte exclusive-or itself rotated by a bit."""
    build = tmp_path / "build"
    (build / "rtl").mkdir(parents=True)
    (build / "rtl/layer_1.sv").write_text(LAYER)
    (build / "rtl/fpgan_top.sv").write_text(TOP)
    stream = {
        "shape": [1, 3, 5, 4], "datatype": "UINT8", "elements_per_beat": 1, "tdata_bits": 8, "beats": 60
    }  # fmt: skip
    design = {
        "version": 1, "backend": "rtl", "name": "one", "top": "fpgan_top", "board": "ultra96",
        "part": "xczu3eg-sbva484-1-e", "family": "xcup", "clock_mhz": 300.0,
        "sources": ["layer_1.sv", "fpgan_top.sv"], "input": stream, "output": stream, "fifos": {},
        "golden": "pytorch", "pumped": False,
        "layers": [{"name": "layer_1", "op": "X", "module": "layer_1", "sources": ["layer_1.sv"]}],
    }  # fmt: skip
    (build / "design.json").write_text(json.dumps(design))
    (build / "report.json").write_text(json.dumps({"useful_macs_per_image": 60, "mac_lanes": 1}))
    latent = np.random.default_rng(0).integers(0, 256, (4, 4, 3, 5))
    image = latent ^ (latent >> 1 | (latent & 1) << 7)
    np.savez(build / "golden.npz", latent=latent, image=image, latent_scale=1.0, image_scale=1.0)
    return build


def test_a_flipped_bit_of_a_lut_is_seen(one_layer: Path) -> None:
    rtl, mapped = (simulate(one_layer, images=4, netlists=mapped) for mapped in (None, netlists))
    timing = ("latency_cycles", "cycles_per_image")
    assert mapped["mismatches"] == 0 and [mapped[k] for k in timing] == [rtl[k] for k in timing]
    assert json.loads((one_layer / "sim.json").read_text()) == rtl
    assert json.loads((one_layer / "netlist_sim.json").read_text()) == mapped
    assert (one_layer / "netlist_sim.png").stat().st_size > 1000
    assert simulate(one_layer, images=4, netlists=netlists)["build_seconds"] == 0
    check_own_build(one_layer)
    netlist = one_layer / "netlist/layer_1.v"
    text = netlist.read_text()
    assert text.count(".INIT(4'h6)") == 8  # the exclusive-or of every bit
    netlist.write_text(text.replace(".INIT(4'h6)", ".INIT(4'h7)", 1))
    assert simulate(one_layer, images=4, netlists=netlists)["mismatches"] > 0


def test_netlists_follow_the_rtl(one_layer: Path) -> None:
    design = Design.load(one_layer)
    (path,) = netlists(design)
    time, text = path.stat().st_mtime_ns, path.read_text()
    assert netlists(design) == [path] and path.stat().st_mtime_ns == time
    source = design.rtl / "layer_1.sv"
    source.write_text(source.read_text().replace("s_axis_tdata ^", "s_axis_tdata |"))
    netlists(design)
    assert path.read_text() != text


@pytest.mark.parametrize(
    "family, cores",
    [
        ("xcup", ("lut", "dsp")),
        pytest.param("xcup", ("dsp2x",), marks=pytest.mark.slow),
        pytest.param("xc7", ("lut", "dsp"), marks=pytest.mark.slow),
    ],
)
def test_whole_design_equals_pytorch_in_the_cycles_of_the_rtl(build_preset, tmp_path, family, cores):
    build = tmp_path / "build"
    shutil.copytree(build_preset("tiny", board=BOARDS[family], target_fps=60_000, cores=cores), build)
    result = simulate(build, images=4, netlists=netlists)
    assert result["mismatches"] == 0 and result["pixels"] == 4 * 256
    register()
    timing = schedule.run(ModelWrapper(str(build / "dataflow.onnx")), images=3)  # the RTL's, see tests/e2e
    assert result["latency_cycles"] == timing.latency
    assert result["cycles_per_image"] == timing.period
    assert simulate(build, images=4, stall=0.3, reset_first=True, netlists=netlists)["mismatches"] == 0
