# SPDX-License-Identifier: Apache-2.0
"""A Verilog module around the host interface whose attributes tell Vivado its bus interfaces."""

from __future__ import annotations

from fpgan.hw.host.emit import Host
from fpgan.hw.host.ports import Port
from fpgan.hw.host.top import host_ports

IP = "fpgan_accelerator"
_BUSES = {
    "s_axil": "PROTOCOL AXI4LITE, ADDR_WIDTH 14, DATA_WIDTH 32",
    "m_axi": "PROTOCOL AXI4, ADDR_WIDTH {address_bits}, DATA_WIDTH {data_bits}, ID_WIDTH 1, "
    "MAX_BURST_LENGTH {max_burst}, SUPPORTS_NARROW_BURST 0",
}


def ip_wrapper(host: Host) -> str:
    """Verilog-2001: Vivado's packager takes no SystemVerilog top."""
    ports = host_ports(host.options, host.pumped)
    declared = ",\n".join(f"    {_attribute(port, host)}\n    {_declared(port)}" for port in ports)
    connected = ",\n      ".join(f".{port.name}({port.name})" for port in ports)
    return f"""// SPDX-License-Identifier: Apache-2.0
// {host.top} as Vivado packages it.
module {IP} (
{declared}
);
  {host.top} host (
      {connected}
  );
endmodule
"""


def _declared(port: Port) -> str:
    vector = f"[{port.bits - 1}:0] " if port.bits else ""
    return f"{port.way} wire {vector}{port.name}"


def _attribute(port: Port, host: Host) -> str:
    signals = {
        "ap_clk": ("clock", "CLK", f"ASSOCIATED_BUSIF {':'.join(_buses(host))}, ASSOCIATED_RESET ap_rst_n"),
        "ap_clk2x": ("clock", "CLK", ""),
        "ap_rst_n": ("reset", "RST", "POLARITY ACTIVE_LOW"),
        "irq": ("interrupt", "INTERRUPT", "SENSITIVITY LEVEL_HIGH"),
    }
    if port.name in signals:
        kind, role, parameter = signals[port.name]
        return _text(f"xilinx.com:signal:{kind}:1.0 {port.name} {role}", parameter)
    bus, _, role = port.name.rpartition("_")
    # parameters of a bus stand on one of its ports
    parameter = _BUSES[bus].format(**vars(host.options)) if role == "awaddr" else ""
    return _text(f"xilinx.com:interface:aximm:1.0 {bus} {role.upper()}", parameter)


def _buses(host: Host) -> list[str]:
    return ["s_axil", *(["m_axi"] if host.options.bus == "axi" else [])]


def _text(info: str, parameter: str) -> str:
    more = f', X_INTERFACE_PARAMETER = "{parameter}"' if parameter else ""
    return f'(* X_INTERFACE_INFO = "{info}"{more} *)'
