# SPDX-License-Identifier: Apache-2.0
"""The compiled simulation on a hand-made build: two modules of ours whose truth is the identity."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from fpgan.hw.sources import rtl_file
from fpgan.hw.system.tools import ToolError
from fpgan.sim.simulate import simulate

IMAGES = 12
TOP = """
module fpgan_top (
    input  logic ap_clk, ap_rst_n,
    input  logic [15:0] s_axis_0_tdata, input logic s_axis_0_tvalid, output logic s_axis_0_tready,
    output logic [31:0] m_axis_0_tdata, output logic m_axis_0_tvalid, input logic m_axis_0_tready
);
  logic [31:0] data;
  logic valid, ready;
  width_convert #(.IN_ELEMS(2), .OUT_ELEMS(4), .ELEM_BITS(8)) widen_1 (
      .s_axis_tdata(s_axis_0_tdata), .s_axis_tvalid(s_axis_0_tvalid), .s_axis_tready(s_axis_0_tready),
      .m_axis_tdata(data), .m_axis_tvalid(valid), .m_axis_tready(ready), .*);
  fifo #(.WIDTH(32), .DEPTH(4)) fifo_1 (
      .s_axis_tdata(data), .s_axis_tvalid(valid), .s_axis_tready(ready),
      .m_axis_tdata(m_axis_0_tdata), .m_axis_tvalid(m_axis_0_tvalid), .m_axis_tready(m_axis_0_tready), .*);
endmodule
"""


def make_build(build, top=TOP, wrong_pixels=0):
    """Images of 3 x 5 pixels with 4 channels, 2 channels per beat in and 4 out."""
    (build / "rtl").mkdir(parents=True)
    for name in ("width_convert.sv", "fifo.sv"):
        (build / "rtl" / name).write_text(rtl_file(name).read_text())
    (build / "rtl" / "fpgan_top.sv").write_text(top)
    stream = {"shape": [1, 3, 5, 4], "datatype": "INT8"}
    design = {
        "version": 1, "backend": "rtl", "name": "identity", "top": "fpgan_top", "board": "ultra96",
        "part": "xczu3eg-sbva484-1-e", "family": "xcup", "clock_mhz": 300.0,
        "sources": ["width_convert.sv", "fifo.sv", "fpgan_top.sv"],
        "input": stream | {"elements_per_beat": 2, "tdata_bits": 16, "beats": 30},
        "output": stream | {"elements_per_beat": 4, "tdata_bits": 32, "beats": 15},
        "layers": [], "fifos": {"fifo_1": 4}, "golden": "pytorch", "pumped": False,
    }  # fmt: skip
    (build / "design.json").write_text(json.dumps(design))
    (build / "report.json").write_text(json.dumps({"useful_macs_per_image": 60, "mac_lanes": 2}))
    latent = np.random.default_rng(0).integers(-128, 128, (IMAGES, 4, 3, 5))
    image = latent.copy()
    image.reshape(-1)[:wrong_pixels] ^= 1
    np.savez(build / "golden.npz", latent=latent, image=image, latent_scale=1.0, image_scale=1.0)
    return build


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    return make_build(tmp_path_factory.mktemp("identity") / "build")


@pytest.mark.verilator
def test_cycles_and_pixels(build):
    result = simulate(build, images=6)
    assert result["mismatches"] == 0 and result["pixels"] == 6 * 60
    assert result["cycles_per_image"] == 30 and result["efficiency"] == 1.0
    # 30 beats in, the last one at the 30th cycle; 1 cycle in width_convert and 2 in fifo until it is out
    assert result["latency_cycles"] == 33
    assert result["fifo_depths"] == {"fifo_1": 4}
    assert json.loads((build / "sim.json").read_text()) == result
    assert (build / "sim.png").stat().st_size > 1000


@pytest.mark.verilator
@pytest.mark.parametrize("stall", [0.1, 0.8])
def test_stalls_and_reset_change_only_the_time(build, stall):
    result = simulate(build, images=IMAGES, seed=5, stall=stall, reset_first=True)
    assert result["mismatches"] == 0 and result["cycles_per_image"] > 30


@pytest.mark.verilator
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: nothing to run two threads on")
def test_threads_change_nothing_but_the_program(build):
    one, two = (simulate(build, images=6, threads=threads) for threads in (1, 2))
    assert (one["threads"], two["threads"]) == (1, 2)
    for key in ("mismatches", "cycles_per_image", "latency_cycles"):
        assert one[key] == two[key]
    (model,) = build.glob(".verilator/*/Vfpgan_top.cpp")
    assert "threads() const { return 2; }" in model.read_text()


@pytest.mark.verilator
def test_wrong_golden_pixels_are_counted(tmp_path):
    assert simulate(make_build(tmp_path / "build", wrong_pixels=3), images=IMAGES)["mismatches"] == 3


@pytest.mark.verilator
def test_hang_is_one_line_with_the_words(tmp_path):
    stuck = TOP.replace(".m_axis_tvalid(m_axis_0_tvalid)", ".m_axis_tvalid()")
    stops = "the pipeline stopped after word 0 of 15 of image 1 of 2; 60 of 60 words went in"
    with pytest.raises(ToolError, match=rf"^simulating: {stops} \(log: .*simulate.log\)$") as error:
        simulate(make_build(tmp_path / "build", top=stuck), images=2)
    assert error.value.log and error.value.log.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": IMAGES + 1}, rf"images={IMAGES + 1}.*1 to {IMAGES}"),
        ({"images": 0}, "images=0"),
        ({"stall": 1.0}, r"stall=1.0.*\[0, 1\)"),
        ({"threads": 0}, "threads=0: must be from 1 to"),
        ({"threads": 1000}, "threads=1000: must be from 1 to"),
    ],
)
def test_bad_arguments(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(build, **arguments)


def test_no_build(tmp_path):
    with pytest.raises(ValueError, match="no build here"):
        simulate(tmp_path)
