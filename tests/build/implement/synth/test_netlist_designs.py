# SPDX-License-Identifier: Apache-2.0
"""Netlists of whole designs at gate level, against the truth, in the cycles of the RTL."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from own_files import check_own_build
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.dataflow.ops import register
from fpgan.build.folding.limits import MOST_MHZ
from fpgan.build.folding.schedule import timing as schedule
from fpgan.build.implement.synth.fanout import LIMIT
from fpgan.build.implement.synth.yosys import netlists, synth_layers
from fpgan.hw.build_files import VERSION
from fpgan.hw.design import Design
from fpgan.hw.sources import rtl_file
from fpgan.sim.simulate import simulate

pytestmark = [pytest.mark.verilator, pytest.mark.yosys]

BOARDS = {"xcup": "ultra96", "xc7": "pynq-z2"}

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
    output logic [7:0] m_axis_0_tdata, output logic m_axis_0_tlast, m_axis_0_tvalid,
    input logic m_axis_0_tready
);
  logic [7:0] data;
  logic valid, ready;
  layer_1 layer_1_i (
      .s_axis_tdata(s_axis_0_tdata), .s_axis_tvalid(s_axis_0_tvalid), .s_axis_tready(s_axis_0_tready),
      .m_axis_tdata(data), .m_axis_tvalid(valid), .m_axis_tready(ready), .*);
  stream_last #(.WIDTH(8), .BEATS(60)) stream_last_i (
      .s_axis_tdata(data), .s_axis_tvalid(valid), .s_axis_tready(ready),
      .m_axis_tdata(m_axis_0_tdata), .m_axis_tlast(m_axis_0_tlast), .m_axis_tvalid(m_axis_0_tvalid),
      .m_axis_tready(m_axis_0_tready), .*);
endmodule
"""


@pytest.fixture
def one_layer(tmp_path: Path) -> Path:
    """A build of one layer that gives each byte exclusive-or itself rotated by a bit."""
    build = tmp_path / "build"
    (build / "rtl").mkdir(parents=True)
    (build / "rtl/layer_1.sv").write_text(LAYER)
    (build / "rtl/stream_last.sv").write_text(rtl_file("stream_last.sv").read_text())
    (build / "rtl/fpgan_top.sv").write_text(TOP)
    stream = {
        "shape": [1, 3, 5, 4], "datatype": "UINT8", "elements_per_beat": 1, "tdata_bits": 8, "beats": 60
    }  # fmt: skip
    design = {
        "version": VERSION, "backend": "rtl", "name": "one", "top": "fpgan_top", "board": "ultra96",
        "part": "xczu3eg-sbva484-1-e", "family": "xcup", "clock_mhz": 300.0,
        "sources": ["layer_1.sv", "stream_last.sv", "fpgan_top.sv"],
        "input": stream, "output": stream, "fifos": {},
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
    clock = {"clock_mhz": MOST_MHZ["dsp2x"]} if "dsp2x" in cores else {}
    made = build_preset("tiny", board=BOARDS[family], target_fps=60_000, cores=cores, **clock)
    shutil.copytree(made, build)
    result = simulate(build, images=3, netlists=netlists)
    assert result["mismatches"] == 0 and result["pixels"] == 3 * 256
    register()
    timing = schedule.run(ModelWrapper(str(build / "dataflow.onnx")), images=3)  # the RTL's, see tests/e2e
    assert result["latency_cycles"] == timing.latency
    assert result["cycles_per_image"] == timing.period
    assert simulate(build, images=2, stall=0.3, reset_first=True, netlists=netlists)["mismatches"] == 0
    check_handshakes(build)
    layers = synth_layers(Design.load(build), jobs=1)  # known from before
    assert 32 < max(layer["fanout"]["loads"] for layer in layers) <= LIMIT


def check_handshakes(build: Path) -> None:
    """No tready comes from another layer's but through one LUT of a width converter: FIFOs, convolutions and
    thresholds are the register slices between layers. So is their tvalid, of all layers."""
    registers = {"FDRE", "FDSE", "INV", "LUT1"}  # what passes on a register's value or its complement
    for layer in Design.load(build).layers:
        netlist = (build / "netlist" / f"{layer.module}.v").read_text()
        ready = {"LUT2", "LUT3"} if layer.op == "WidthConvert_rtl" else registers
        assert driver(netlist, "in0_V_TREADY") in ready, layer.name
        assert driver(netlist, "out0_V_TVALID") in registers, layer.name


def driver(netlist: str, port: str) -> str:
    """The primitive that drives an output port of a netlist's module."""
    (kind,) = re.findall(rf"^  (\w+) (?:#\([^;]*?)?\S+ \([^;]*?\.[OQ]\({port}\)", netlist, re.MULTILINE)
    return str(kind)
