# SPDX-License-Identifier: Apache-2.0
"""Test bench of the host interface: an accelerator whose images are its latents, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from fpgan.hw.build_files import VERSION
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host, HostOptions, emit_host
from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.runner import run_cocotb

_CORE = """// SPDX-License-Identifier: Apache-2.0
module fpgan_top (
    input  logic ap_clk, ap_rst_n,
    input  logic [{bits_in}:0] s_axis_0_tdata, input logic s_axis_0_tvalid, output logic s_axis_0_tready,
    output logic [{bits_out}:0] m_axis_0_tdata, output logic m_axis_0_tlast, m_axis_0_tvalid,
    input logic m_axis_0_tready
);
  logic [{bits_out}:0] data, held;
  logic valid, ready, held_valid, held_ready;
`ifdef VERILATOR
  logic [6:0] reset_q;  // cycles that the reset has lasted, up to those of call_control
  always_ff @(posedge ap_clk) begin
    reset_q <= ap_rst_n ? '0 : reset_q + 7'(!reset_q[6]);
    if (ap_rst_n) reset_lasts : assert (reset_q == 0 || reset_q[6])
    else $error("a reset of %0d cycles", reset_q);
  end
`endif
  width_convert #(.IN_ELEMS({given}), .OUT_ELEMS({taken}), .ELEM_BITS(8)) convert_1 (
      .s_axis_tdata(s_axis_0_tdata), .s_axis_tvalid(s_axis_0_tvalid), .s_axis_tready(s_axis_0_tready),
      .m_axis_tdata(data), .m_axis_tvalid(valid), .m_axis_tready(ready), .*);
  fifo #(.WIDTH({bits_out} + 1), .DEPTH(8)) fifo_1 (
      .s_axis_tdata(data), .s_axis_tvalid(valid), .s_axis_tready(ready),
      .m_axis_tdata(held), .m_axis_tvalid(held_valid), .m_axis_tready(held_ready), .*);
  stream_last #(.WIDTH({bits_out} + 1), .BEATS({beats})) last_1 (
      .s_axis_tdata(held), .s_axis_tvalid(held_valid), .s_axis_tready(held_ready),
      .m_axis_tdata(m_axis_0_tdata), .m_axis_tlast(m_axis_0_tlast), .m_axis_tvalid(m_axis_0_tvalid),
      .m_axis_tready(m_axis_0_tready), .*);
endmodule
"""


def identity_build(folder: Path, given: int, taken: int, beats: int) -> Path:
    """A BUILD whose images are its latents: `given` bytes per beat in, `taken` out, `beats` beats out."""
    total = taken * beats
    if total % given:
        raise ValueError(f"{total} bytes of an image are no whole number of beats of {given} bytes")
    rtl = folder / "rtl"
    rtl.mkdir(parents=True)
    names = ["width_convert.sv", "fifo.sv", "stream_last.sv"]
    for name in names:
        (rtl / name).write_bytes(rtl_file(name).read_bytes())
    bits = {"bits_in": 8 * given - 1, "bits_out": 8 * taken - 1}
    text = _CORE.format(**bits, given=given, taken=taken, beats=beats)
    (rtl / "fpgan_top.sv").write_text(text, encoding="utf-8")

    def stream(shape: list[int], elements: int) -> dict[str, object]:
        return {
            "shape": shape, "datatype": "INT8", "elements_per_beat": elements, "tdata_bits": 8 * elements,
            "beats": total // elements,
        }  # fmt: skip

    design = {
        "version": VERSION, "name": "identity", "backend": "rtl", "top": "fpgan_top", "board": "ultra96",
        "part": "xczu3eg-sbva484-1-e", "family": "xcup", "clock_mhz": 300.0,
        "sources": [*names, "fpgan_top.sv"],
        "input": stream([1, 1, 1, total], given), "output": stream([1, 1, beats, taken], taken),
        "layers": [], "fifos": {}, "golden": "pytorch", "pumped": False,
    }  # fmt: skip
    (folder / "design.json").write_text(json.dumps(design), encoding="utf-8")
    latent = np.random.default_rng(0).integers(-128, 128, (8, total, 1, 1))
    image = latent.reshape(8, 1, beats, taken).transpose(0, 3, 1, 2)
    np.savez(folder / "golden.npz", latent=latent, image=image, latent_scale=2.0**-5, image_scale=2.0**-7)
    return folder


def run_host_bench(host: Host, build_dir: Path, seed: int = 1) -> int:
    """Run every cocotb test that fits the host's bus; returns how many there were."""
    modules = [
        "fpgan.sim.benches.tb_host",
        *(["fpgan.sim.benches.tb_host_memory"] if host.options.bus == "axi" else []),
    ]
    return run_cocotb(
        host.top, [host.root / name for name in host.sources], ",".join(modules), build_dir,
        plusargs=[f"+host={host.root}"], run_dir=host.root, seeds=(seed,),
    )  # fmt: skip


def identity_host(folder: Path, given: int, taken: int, beats: int, options: HostOptions) -> Host:
    """The host interface around an identity accelerator, in folder/host."""
    build = identity_build(folder / "build", given, taken, beats)
    return emit_host(Design.load(build), folder / "host", options)
