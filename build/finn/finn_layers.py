# SPDX-License-Identifier: Apache-2.0
"""FINN's own RTL layers in a stitched design: each with its weights' memory, streams its only ports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from finn.util.settings import get_settings

from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import rtl_file

_LITE = ("AWVALID", "AWADDR", "WVALID", "WDATA", "WSTRB", "BREADY", "ARVALID", "ARADDR", "RREADY")
_WITH_LITE = ("FMPadding_rtl",)  # layers that can be set while they run, which nobody does here
# Of FINN's matrix unit, the files that another design of ours alters: under names of their own.
_OWN = {"mvu.sv": "finn_mvu.sv", "mvu_vvu_axi.sv": "finn_mvu_vvu_axi.sv"}
_OWN_TEXT = {
    "mvu.sv": (
        # The 100 ns watchdog needs --timing in Verilator and is no RTL; our harness holds reset that long.
        (
            "\tif(1) begin : blkRecoveryWatch\n",
            "`ifdef FPGAN_DSP_WATCHDOG\n\tif(1) begin : blkRecoveryWatch\n",
        ),
        ("\tend : blkRecoveryWatch\n", "\tend : blkRecoveryWatch\n`endif\n"),
        ("module mvu #(\n", "module finn_mvu #(\n"),
        ("endmodule : mvu\n", "endmodule : finn_mvu\n"),
    ),
    "mvu_vvu_axi.sv": (("\t\t\tmvu #(\n", "\t\t\tfinn_mvu #(\n"),),
}
_NO_USE = ("mvu_vvu_8sx9_dsp58.sv",)  # of Versal alone


def layer_files(op: Any, rtl: Path) -> tuple[str, list[str]]:
    """Put what a generated layer needs into `rtl`; returns the module to instantiate and the files in order.

    Raises ValueError where FINN's sources are others than those that are altered.
    """
    paths = [Path(name) for name in op.get_rtl_file_list(abspath=True)]
    if _decoupled(op):
        folder, memory = Path(op.get_nodeattr("code_gen_dir_ipgen")), _library() / "memstream" / "hdl"
        paths += [
            _library() / "axi" / "hdl" / "axilite.sv",
            memory / "memstream.sv",
            memory / "memstream_axi.sv",
        ]
        paths.append(folder / f"{op.onnx_node.name}_memstream_wrapper.v")
    names = copy_layer_sources(paths, rtl)
    shell = f"{op.onnx_node.name}_layer"
    (rtl / f"{shell}.sv").write_text(_shell(op, shell), encoding="utf-8")
    return shell, [*names, f"{shell}.sv"]


def copy_layer_sources(paths: Sequence[Path], rtl: Path) -> list[str]:
    """Copy what FINN's layers are made of, altered where Verilator does not take it; their names, each once.

    Its matrix unit gets other names than that of our engine, which stands in the same design. Raises
    ValueError where FINN's sources are others than those that are altered.
    """
    names = list[str]()
    for path in paths:
        if path.name in _NO_USE:
            continue
        if path.name == "add_multi.sv":  # Verilator takes FINN's for none
            path = rtl_file(path.name)
        names += [_own(path, rtl)] if path.name in _OWN else copy_finn_sources([path], rtl)
    return list(dict.fromkeys(names))


def is_finns(paths: Sequence[Path]) -> bool:
    """Whether FINN's own matrix unit is among these sources, and not only what our engine takes of it."""
    return any(path.name == "mvu_vvu_axi.sv" for path in paths)


def _library() -> Path:
    return Path(get_settings().finn_rtllib)


def _decoupled(op: Any) -> bool:
    """Whether its weights come as a stream, of a memory beside it."""
    return bool(op.onnx_node.op_type == "MVAU_rtl" and op.get_nodeattr("mem_mode") == "internal_decoupled")


def _own(path: Path, rtl: Path) -> str:
    text = path.read_text(encoding="utf-8")
    for old, new in _OWN_TEXT[path.name]:
        if text.count(old) != 1:
            raise ValueError(f"{path}: {text.count(old)} places hold {old.strip()!r}; exactly 1 is expected")
        text = text.replace(old, new)
    (rtl / _OWN[path.name]).write_text(text, encoding="utf-8")
    return _OWN[path.name]


def _shell(op: Any, name: str) -> str:
    """A module with in0_V and out0_V, clock and reset."""
    module, taken, given = (
        op.onnx_node.name,
        op.get_instream_width_padded(0),
        op.get_outstream_width_padded(0),
    )
    ports = [".ap_clk(ap_clk)", ".ap_rst_n(ap_rst_n)"]
    ports += [
        f".{port}_{s}({port}_{s})" for port in ("in0_V", "out0_V") for s in ("TDATA", "TVALID", "TREADY")
    ]
    if op.onnx_node.op_type in _WITH_LITE:
        ports += [f".s_axilite_{signal}('0)" for signal in _LITE]
    body = ""
    if op.onnx_node.op_type == "MVAU_rtl":
        ports += [".ap_clk2x(ap_clk)"]
    if _decoupled(op):
        ports += [f".in1_V_{signal}(weights_{signal.lower()})" for signal in ("TDATA", "TVALID", "TREADY")]
        lite = ", ".join(f".s_axilite_{signal}('0)" for signal in (*_LITE, "AWPROT", "ARPROT"))
        body = f"""  logic [{op.get_instream_width_padded(1) - 1}:0] weights_tdata;
  logic weights_tvalid, weights_tready;
  {module}_memstream_wrapper weights (
      .ap_clk(ap_clk), .ap_clk2x(ap_clk), .ap_rst_n(ap_rst_n), {lite},
      .s_axis_0_tvalid(1'b0), .s_axis_0_tdata('0),
      .m_axis_0_tdata(weights_tdata), .m_axis_0_tvalid(weights_tvalid), .m_axis_0_tready(weights_tready)
  );
"""
    connected = ",\n      ".join(ports)
    return f"""// SPDX-License-Identifier: Apache-2.0
// FINN's {module} with streams as its only ports.
module {name} (
    input  logic ap_clk,
    input  logic ap_rst_n,
    input  logic [{taken - 1}:0] in0_V_TDATA,
    input  logic in0_V_TVALID,
    output logic in0_V_TREADY,
    output logic [{given - 1}:0] out0_V_TDATA,
    output logic out0_V_TVALID,
    input  logic out0_V_TREADY
);
{body}  {module} impl (
      {connected}
  );
endmodule
"""
