# SPDX-License-Identifier: Apache-2.0
"""What our FINN custom ops have in common: streams, a generated wrapper, execution in numpy."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.rtlbackend import RTLBackend
from finn.util.data_packing import npy_to_rtlsim_input, rtlsim_output_to_npy
from finn.util.settings import get_settings
from numpy.typing import NDArray
from qonnx.core.datatype import BaseDataType, DataType

from fpgan.hw.sources import sources

_TWO_CLOCKS = ("deconv",)  # modules with a port ap_clk2x
_FAST_CLOCK = """    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk2x CLK",
       X_INTERFACE_PARAMETER = "ASSOCIATED_RESET ap_rst_n" *)
    input  wire ap_clk2x,
"""


class StreamOp(RTLBackend):
    """A hardware op with one input stream and one output stream, backed by a module in hw/rtl.

    Subclasses say which module with which parameters; its numpy function is `compute`.
    """

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {
            "inputDataType": ("s", True, ""),
            "outputDataType": ("s", True, ""),
        }
        return attrs

    @abstractmethod
    def compute(self, x: NDArray[np.int64], *initializers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The op on integers: x (N,H,W,C) and the node's other inputs -> (N,OH,OW,OC)."""

    @abstractmethod
    def module(self) -> str:
        """Name of the SystemVerilog module."""

    def source_key(self) -> str:
        """Entry of hw/sources.py; the module's name where a module has one set of sources."""
        return self.module()

    @abstractmethod
    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        """Parameters of the module."""

    def pumped(self) -> bool:
        """The module has a port ap_clk2x that is used."""
        return False

    def get_verilog_top_module_intf_names(self) -> dict[str, Any]:
        names: dict[str, Any] = super().get_verilog_top_module_intf_names()
        return names | ({"clk2x": ["ap_clk2x"]} if self.pumped() else {})

    # -- types, shapes, widths ----------------------------------------------------------------------
    def get_input_datatype(self, ind: int = 0) -> BaseDataType:
        return DataType[self.get_nodeattr("inputDataType")]

    def get_output_datatype(self, ind: int = 0) -> BaseDataType:
        return DataType[self.get_nodeattr("outputDataType")]

    def get_instream_width(self, ind: int = 0) -> int:
        return (
            int(self.get_folded_input_shape()[-1]) * self.get_input_datatype().bitwidth() if ind == 0 else 0
        )

    def get_outstream_width(self, ind: int = 0) -> int:
        return int(self.get_folded_output_shape()[-1]) * self.get_output_datatype().bitwidth()

    def infer_node_datatype(self, model: Any) -> None:
        self.set_nodeattr("inputDataType", model.get_tensor_datatype(self.onnx_node.input[0]).name)
        model.set_tensor_datatype(self.onnx_node.output[0], self.get_output_datatype())

    # -- execution ------------------------------------------------------------------------------------
    def execute_node(self, context: dict[str, np.ndarray], graph: Any) -> None:
        """In numpy; with exec_mode rtlsim in Vivado's simulator, as FINN's verification asks for."""
        node = self.onnx_node
        arrays = [np.rint(context[name]).astype(np.int64) for name in node.input]
        run = self._rtlsim if self.get_nodeattr("exec_mode") == "rtlsim" else self.compute
        context[node.output[0]] = run(*arrays).astype(np.float32)

    def _rtlsim(self, x: NDArray[np.int64], *_: NDArray[np.int64]) -> NDArray[np.int64]:
        """What RTLBackend does, which takes every input of a node for a stream, weights too."""
        folded = x.astype(np.float32).reshape(self.get_folded_input_shape())
        words = npy_to_rtlsim_input(folded, self.get_input_datatype(), self.get_instream_width())
        streams: dict[str, Any] = {"inputs": {"in0": words}, "outputs": {"out0": []}}
        sim = self.get_rtlsim()
        self.reset_rtlsim(sim)
        self.rtlsim_multi_io(sim, streams)
        self.close_rtlsim(sim)
        kind, shape = self.get_output_datatype(), self.get_folded_output_shape()
        y = rtlsim_output_to_npy(
            streams["outputs"]["out0"], None, kind, shape, self.get_outstream_width(), kind.bitwidth()
        )
        return np.rint(y).astype(np.int64).reshape(self.get_normal_output_shape())

    # -- code generation --------------------------------------------------------------------------------
    def write_data(self, model: Any, folder: Path) -> None:
        """Write the files that the module reads with $readmemh; none by default."""

    def generate_hdl(self, model: Any, fpgapart: str, clk: float) -> None:
        folder = Path(self.get_nodeattr("code_gen_dir_ipgen"))
        self.set_nodeattr("gen_top_module", self.onnx_node.name)
        for name in ("ipgen_path", "ip_path"):  # where FINN's stitching looks
            self.set_nodeattr(name, str(folder))
        self.write_data(model, folder)
        (folder / self._wrapper_file()).write_text(self._wrapper(fpgapart))

    def _wrapper_file(self) -> str:
        return f"{self.get_nodeattr('gen_top_module')}.v"  # FINN renames nodes after their code is generated

    def _wrapper(self, fpgapart: str) -> str:
        """Verilog-2001: a block design of Vivado's takes no SystemVerilog module."""
        values = {
            key: f'"{value}"' if isinstance(value, str) else str(value)
            for key, value in self.parameters(fpgapart).items()
        }
        settings = ",\n      ".join(f".{key}({value})" for key, value in values.items())
        clocks = ".ap_clk(ap_clk), "
        if self.module() in _TWO_CLOCKS:
            clocks += ".ap_clk2x(ap_clk2x), " if self.pumped() else ".ap_clk2x(1'b0), "
        in_bits, out_bits = self.get_instream_width_padded(), self.get_outstream_width_padded()
        return f"""// SPDX-License-Identifier: Apache-2.0
// {self.onnx_node.name}: {self.module()} with FINN's port names.
module {self.onnx_node.name} (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk CLK",
       X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF in0_V:out0_V, ASSOCIATED_RESET ap_rst_n" *)
    input  wire ap_clk,
{_FAST_CLOCK if self.pumped() else ""}    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire ap_rst_n,
    input  wire [{in_bits - 1}:0] in0_V_TDATA,
    input  wire in0_V_TVALID,
    output wire in0_V_TREADY,
    output wire [{out_bits - 1}:0] out0_V_TDATA,
    output wire out0_V_TVALID,
    input  wire out0_V_TREADY
);
  {self.module()} #(
      {settings}
  ) impl (
      {clocks}.ap_rst_n(ap_rst_n),
      .s_axis_tdata(in0_V_TDATA), .s_axis_tvalid(in0_V_TVALID), .s_axis_tready(in0_V_TREADY),
      .m_axis_tdata(out0_V_TDATA), .m_axis_tvalid(out0_V_TVALID), .m_axis_tready(out0_V_TREADY)
  );
endmodule
"""

    def get_rtl_file_list(self, abspath: bool = False) -> list[str]:
        folder = Path(self.get_nodeattr("code_gen_dir_ipgen"))
        paths = [
            *sources(self.source_key(), Path(get_settings().finn_rtllib)),
            folder / self._wrapper_file(),
        ]
        return [str(p) if abspath else p.name for p in paths]

    def code_generation_ipi(self) -> list[str]:
        add = [f"add_files -norecurse {path}" for path in self.get_rtl_file_list(abspath=True)]
        module = self.get_nodeattr("gen_top_module")
        return [*add, f"create_bd_cell -type module -reference {module} {self.onnx_node.name}"]
