# SPDX-License-Identifier: Apache-2.0
"""The module around a module of hw/rtl that one node is: its parameters, and FINN's port names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_FAST_CLOCK = """    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk2x CLK",
       X_INTERFACE_PARAMETER = "ASSOCIATED_RESET ap_rst_n" *)
    input  wire ap_clk2x,
"""
_CHAIN = """    input  wire [9:0] load_in,
    output wire [9:0] load_out,
"""
_NO_CHAIN = """  wire [9:0] load_out;
  wire unused = &{1'b0, load_out};
"""
_WEIGHTS = """    input  wire [{bits}:0] in1_V_TDATA,
    input  wire in1_V_TLAST,
    input  wire in1_V_TVALID,
    output wire in1_V_TREADY,
    output wire weights_error,
"""
_NO_WEIGHTS = """  wire weights_ready, weights_error;
  wire unused_weights = &{1'b0, weights_ready, weights_error};
"""

Parameter = int | str | tuple[int, ...]  # a tuple: 32 bits each, the first one lowest


@dataclass(frozen=True)
class Wrapper:
    """fast_clock, chain: whether the port ap_clk2x, the chain of load_words, is used; None: there is none.

    weights: bits of a beat of weights that are streamed; 0 where they are not, None where there is no port.
    """

    name: str
    module: str
    parameters: Mapping[str, Parameter]
    fast_clock: bool | None = None
    chain: bool | None = None
    weights: int | None = None

    def text(self, names: Mapping[str, Any]) -> str:
        """Verilog-2001: a block design of Vivado's takes no SystemVerilog module.

        names: the interfaces' names and bits, as FINN's get_verilog_top_module_intf_names gives them.
        """
        settings = ",\n      ".join(f".{key}({_literal(value)})" for key, value in self.parameters.items())
        clocks = ".ap_clk(ap_clk), "
        if self.fast_clock is not None:
            clocks += ".ap_clk2x(ap_clk2x), " if self.fast_clock else ".ap_clk2x(1'b0), "
        sources, sinks = names["s_axis"], names["m_axis"]
        ports = [
            *(port for name, bits in sources for port in _ports(name, bits, "input ", "output")),
            *(port for name, bits in sinks for port in _ports(name, bits, "output", "input ")),
        ]
        streams = ",\n      ".join([_connected("s_axis", sources), _connected("m_axis", sinks)])
        if self.chain is not None:
            given = "load_in" if self.chain else "10'd0"
            streams += f",\n      .load_in({given}), .load_out(load_out)"
        if self.weights is not None:
            streams += f",\n      {_weights(self.weights)}"
        declared = ",\n    ".join(ports)
        return f"""// SPDX-License-Identifier: Apache-2.0
// {self.name}: {self.module} with FINN's port names.
module {self.name} (
    (* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ap_clk CLK",
       X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF {
            ":".join(name for name, _ in [*sources, *sinks])
        }, ASSOCIATED_RESET ap_rst_n" *)
    input  wire ap_clk,
{_FAST_CLOCK if self.fast_clock else ""}    (* X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)
    input  wire ap_rst_n,
{_CHAIN if self.chain else ""}{_WEIGHTS.format(bits=self.weights - 1) if self.weights else ""}    {declared}
);
{_NO_CHAIN if self.chain is False else ""}{_NO_WEIGHTS if self.weights == 0 else ""}  {self.module} #(
      {settings}
  ) impl (
      {clocks}.ap_rst_n(ap_rst_n),
      {streams}
  );
endmodule
"""


def _weights(bits: int) -> str:
    """Connections of a stream of weights."""
    signals = {"tdata": "8'd0", "tlast": "1'b0", "tvalid": "1'b0", "tready": "weights_ready"}
    if bits:
        signals = {signal: f"in1_V_{signal.upper()}" for signal in signals}
    joined = ", ".join(f".s_axis_weights_{signal}({value})" for signal, value in signals.items())
    return f"{joined},\n      .weights_error(weights_error)"


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
