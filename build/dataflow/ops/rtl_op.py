# SPDX-License-Identifier: Apache-2.0
"""What our ops have in common whose back end is a module of hw/rtl: a generated wrapper, simulation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finn.custom_op.fpgadataflow.rtlbackend import RTLBackend
from finn.util.settings import get_settings

from fpgan.build.dataflow.ops.base import StreamOp
from fpgan.hw.sources import sources

_TWO_CLOCKS = ("deconv",)  # modules with a port ap_clk2x
_FAST_CLOCK = """    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk2x CLK",
       X_INTERFACE_PARAMETER = "ASSOCIATED_RESET ap_rst_n" *)
    input  wire ap_clk2x,
"""


Parameter = int | str | tuple[int, ...]  # a tuple: 32 bits each, the first one lowest


class RtlOp(StreamOp, RTLBackend):
    """A stream op with a module in hw/rtl. Subclasses say which module with which parameters."""

    @abstractmethod
    def module(self) -> str:
        """Name of the SystemVerilog module."""

    def source_key(self) -> str:
        """Entry of hw/sources.py; the module's name where a module has one set of sources."""
        return self.module()

    @abstractmethod
    def parameters(self, fpgapart: str) -> Mapping[str, Parameter]:
        """Parameters of the module."""

    def pumped(self) -> bool:
        """The module has a port ap_clk2x that is used."""
        return False

    def get_verilog_top_module_intf_names(self) -> dict[str, Any]:
        names: dict[str, Any] = super().get_verilog_top_module_intf_names()
        return names | ({"clk2x": ["ap_clk2x"]} if self.pumped() else {})

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
        settings = ",\n      ".join(
            f".{key}({_literal(value)})" for key, value in self.parameters(fpgapart).items()
        )
        clocks = ".ap_clk(ap_clk), "
        if self.module() in _TWO_CLOCKS:
            clocks += ".ap_clk2x(ap_clk2x), " if self.pumped() else ".ap_clk2x(1'b0), "
        names = self.get_verilog_top_module_intf_names()
        sources, sinks = names["s_axis"], names["m_axis"]
        ports = [
            *(port for name, bits in sources for port in _ports(name, bits, "input ", "output")),
            *(port for name, bits in sinks for port in _ports(name, bits, "output", "input ")),
        ]
        streams = ",\n      ".join([_connected("s_axis", sources), _connected("m_axis", sinks)])
        declared = ",\n    ".join(ports)
        return f"""// SPDX-License-Identifier: Apache-2.0
// {self.onnx_node.name}: {self.module()} with FINN's port names.
module {self.onnx_node.name} (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk CLK",
       X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF {
            ":".join(name for name, _ in [*sources, *sinks])
        }, ASSOCIATED_RESET ap_rst_n" *)
    input  wire ap_clk,
{_FAST_CLOCK if self.pumped() else ""}    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire ap_rst_n,
    {declared}
);
  {self.module()} #(
      {settings}
  ) impl (
      {clocks}.ap_rst_n(ap_rst_n),
      {streams}
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


def _literal(value: Parameter) -> str:
    """In Verilog."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f"32'd{v}" for v in reversed(value)) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _ports(name: str, bits: int, given: str, taken: str) -> list[str]:
    return [
        f"{given} wire [{bits - 1}:0] {name}_TDATA",
        f"{given} wire {name}_TVALID",
        f"{taken} wire {name}_TREADY",
    ]


def _connected(port: str, streams: list[tuple[str, int]]) -> str:
    """Connections of a module's port to streams: several lie side by side, each as wide as the widest."""
    widest = max(bits for _, bits in streams)
    data = [
        f"{name}_TDATA" if bits == widest else f"{{{widest - bits}'d0, {name}_TDATA}}"
        for name, bits in streams
    ]
    signals = {"tdata": data} | {
        signal: [f"{name}_{signal.upper()}" for name, _ in streams] for signal in ("tvalid", "tready")
    }
    joined = {
        signal: names[0] if len(names) == 1 else "{" + ", ".join(reversed(names)) + "}"
        for signal, names in signals.items()
    }
    return ", ".join(f".{port}_{signal}({value})" for signal, value in joined.items())
