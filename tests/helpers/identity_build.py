# SPDX-License-Identifier: Apache-2.0
"""A hand-made BUILD: two modules of ours whose truth is the identity."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from fpgan.hw.build_files import VERSION
from fpgan.hw.sources import rtl_file

IMAGES = 12
TOP = """
module fpgan_top (
    input  logic ap_clk, ap_rst_n,
    input  logic [15:0] s_axis_0_tdata, input logic s_axis_0_tvalid, output logic s_axis_0_tready,
    output logic [31:0] m_axis_0_tdata, output logic m_axis_0_tlast, m_axis_0_tvalid,
    input logic m_axis_0_tready
);
  logic [31:0] data, held;
  logic valid, ready, held_valid, held_ready;
  width_convert #(.IN_ELEMS(2), .OUT_ELEMS(4), .ELEM_BITS(8)) widen_1 (
      .s_axis_tdata(s_axis_0_tdata), .s_axis_tvalid(s_axis_0_tvalid), .s_axis_tready(s_axis_0_tready),
      .m_axis_tdata(data), .m_axis_tvalid(valid), .m_axis_tready(ready), .*);
  fifo #(.WIDTH(32), .DEPTH(4)) fifo_1 (
      .s_axis_tdata(data), .s_axis_tvalid(valid), .s_axis_tready(ready),
      .m_axis_tdata(held), .m_axis_tvalid(held_valid), .m_axis_tready(held_ready), .*);
  stream_last #(.WIDTH(32), .BEATS(15)) last_1 (
      .s_axis_tdata(held), .s_axis_tvalid(held_valid), .s_axis_tready(held_ready),
      .m_axis_tdata(m_axis_0_tdata), .m_axis_tlast(m_axis_0_tlast), .m_axis_tvalid(m_axis_0_tvalid),
      .m_axis_tready(m_axis_0_tready), .*);
endmodule
"""


def make_build(build: Path, top: str = TOP, wrong_pixels: int = 0) -> Path:
    """Images of 3 x 5 pixels with 4 channels, 2 channels per beat in and 4 out.

    wrong_pixels: of PyTorch's image 0, one step off.
    """
    (build / "rtl").mkdir(parents=True)
    for name in ("width_convert.sv", "fifo.sv", "stream_last.sv"):
        (build / "rtl" / name).write_text(rtl_file(name).read_text())
    (build / "rtl" / "fpgan_top.sv").write_text(top)
    stream = {"shape": [1, 3, 5, 4], "datatype": "INT8"}
    design = {
        "version": VERSION, "backend": "rtl", "name": "identity", "top": "fpgan_top", "board": "ultra96",
        "part": "xczu3eg-sbva484-1-e",
        "family": "xcup", "clock_mhz": 300.0,
        "sources": ["width_convert.sv", "fifo.sv", "stream_last.sv", "fpgan_top.sv"],
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
