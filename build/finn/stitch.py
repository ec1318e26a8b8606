# SPDX-License-Identifier: Apache-2.0
"""FINN's stitched IP without Vivado: every layer's RTL in one folder, and a top that connects the layers."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.dataflow.ops.base import StreamOp
from fpgan.build.dataflow.ops.thresholding import Thresholding_rtl
from fpgan.build.finn import simulator
from fpgan.build.finn.finn_layers import layer_files
from fpgan.build.writers.rtl import emit_layer, emit_rtl
from fpgan.hw.system.files import make_folder, write_json, write_text

TOP = "finn_design_wrapper"  # FINN's name for it
LAYERS = "layers.json"  # name, op, module and sources of each
_LIST = "all_verilog_srcs.txt"
_FOLDER, _WRAPPER, _PORTS = "vivado_stitch_proj", "wrapper_filename", "vivado_stitch_ifnames"  # FINN's keys
_STREAM = "fpgan_stream"  # ours: beats, elements, datatype of the input, beats of the output


@dataclass(frozen=True)
class Stitched:
    """A stitched design: folder, its input (words of an image, elements of a word, datatype), its output."""

    folder: Path
    beats: int
    elements: int
    datatype: str
    made: int
    widths: tuple[int, int]

    def note(self, model: ModelWrapper) -> None:
        """Let a model say where it is, as FINN's CreateStitchedIP does."""
        ports = {
            "clk": ["ap_clk"], "rst": ["ap_rst_n"], "s_axis": [("s_axis_0", self.widths[0])],
            "m_axis": [("m_axis_0", self.widths[1])], "aximm": [], "axilite": [], "ap_none": [],
        }  # fmt: skip
        model.set_metadata_prop(_FOLDER, str(self.folder))
        model.set_metadata_prop(_WRAPPER, str(self.folder / "rtl" / f"{TOP}.v"))
        model.set_metadata_prop(_PORTS, str(ports))
        model.set_metadata_prop(
            _STREAM, repr((self.beats, self.elements, self.datatype, self.made, self.widths))
        )

    @classmethod
    def noted(cls, model: ModelWrapper) -> Stitched:
        """The one that a model says it has. ValueError where it says none."""
        facts = model.get_metadata_prop(_STREAM)
        if facts is None:
            raise ValueError(
                "no stitched design; run step_create_stitched_ip, with stitched_ip in generate_outputs"
            )
        return cls(Path(model.get_metadata_prop(_FOLDER)), *ast.literal_eval(facts))

    def cycles(self, rng: np.random.Generator, images: int, patience: int = simulator.PATIENCE) -> int:
        """From the first word in to the last word out of so many images of any values.

        patience: cycles without a word that count as a hang. ToolError then.
        """
        out = self.folder / "simulation"
        program = out / simulator.PROGRAM_FOLDER / TOP / "program"
        if not program.exists():
            names = (self.folder / _LIST).read_text(encoding="utf-8").split()
            simulator.compile_sim_obj(TOP, names, out)
        kind: Any = DataType[self.datatype]
        bits, count = kind.bitwidth(), images * self.beats
        values = rng.integers(0, 1 << min(bits, 30), (count, self.elements))
        words = [sum(int(v) << i * bits for i, v in enumerate(row)) for row in values]
        given: dict[str, dict[str, list[int]]] = {"inputs": {"s_axis_0": words}, "outputs": {"m_axis_0": []}}
        sim = simulator.load_sim_obj(out, program.relative_to(out))
        return simulator.rtlsim_multi_io(sim, given, images * self.made, "", patience)


def stitch(model: ModelWrapper, part: str, period_ns: float, folder: Path) -> Stitched:
    """Write FOLDER/rtl, every file that it needs, and lists of files and layers; `model` loses its code."""
    make_folder(folder)
    described = emit_rtl(model, part, 1000 / period_ns, folder / "rtl", _emit)
    source, sink = described["input"], described["output"]
    wrapper = _wrapper(described["top"], source["tdata_bits"], sink["tdata_bits"])
    write_text(folder / "rtl" / f"{TOP}.v", wrapper)
    names = [*described["sources"], f"{TOP}.v"]
    write_json(folder / LAYERS, {"layers": described["layers"]})
    write_text(folder / _LIST, "".join(f"{folder / 'rtl' / name}\n" for name in names))
    return Stitched(
        folder, source["beats"], source["elements_per_beat"], source["datatype"], sink["beats"],
        (source["tdata_bits"], sink["tdata_bits"]),
    )  # fmt: skip


def _emit(model: ModelWrapper, op: Any, part: str, period_ns: float, rtl: Path) -> tuple[str, list[str]]:
    """One of ours as in a BUILD; FINN's in a folder of its own, where its memories stay."""
    if isinstance(op, (StreamOp, Thresholding_rtl)):
        return emit_layer(model, op, part, period_ns, rtl)
    folder = rtl / op.onnx_node.name
    folder.mkdir()
    op.set_nodeattr("code_gen_dir_ipgen", str(folder))
    op.code_generation_ipgen(model, part, period_ns)
    return layer_files(op, rtl)


def _wrapper(top: str, taken: int, given: int) -> str:
    """Verilog-2001: a block design of Vivado's takes no SystemVerilog module."""
    return f"""// SPDX-License-Identifier: Apache-2.0
// The accelerator with the name and the ports of FINN's stitched IP.
module {TOP} (
    input  wire ap_clk,
    input  wire ap_rst_n,
    input  wire [{taken - 1}:0] s_axis_0_tdata,
    input  wire s_axis_0_tvalid,
    output wire s_axis_0_tready,
    output wire [{given - 1}:0] m_axis_0_tdata,
    output wire m_axis_0_tlast,
    output wire m_axis_0_tvalid,
    input  wire m_axis_0_tready
);
  {top} impl (
      .ap_clk(ap_clk), .ap_rst_n(ap_rst_n),
      .s_axis_0_tdata(s_axis_0_tdata), .s_axis_0_tvalid(s_axis_0_tvalid), .s_axis_0_tready(s_axis_0_tready),
      .m_axis_0_tdata(m_axis_0_tdata), .m_axis_0_tlast(m_axis_0_tlast), .m_axis_0_tvalid(m_axis_0_tvalid),
      .m_axis_0_tready(m_axis_0_tready)
  );
endmodule
"""
