# SPDX-License-Identifier: Apache-2.0
"""Ports of the module that holds an accelerator and its host interface."""

from __future__ import annotations

from dataclasses import dataclass

from fpgan.hw.host.registers import ADDRESS_BITS


@dataclass(frozen=True)
class Port:
    """A port: `way` is input or output; bits of a vector, 0 for a single wire."""

    name: str
    way: str
    bits: int = 0


def control_ports() -> list[Port]:
    """`s_axil`, the AXI4-Lite registers and windows."""
    ports = [("awaddr", "input", ADDRESS_BITS), ("awvalid", "input", 0), ("awready", "output", 0)]
    ports += [("wdata", "input", 32), ("wstrb", "input", 4), ("wvalid", "input", 0), ("wready", "output", 0)]
    ports += [("bresp", "output", 2), ("bvalid", "output", 0), ("bready", "input", 0)]
    ports += [("araddr", "input", ADDRESS_BITS), ("arvalid", "input", 0), ("arready", "output", 0)]
    ports += [("rdata", "output", 32), ("rresp", "output", 2), ("rvalid", "output", 0)]
    ports += [("rready", "input", 0)]
    return [Port(f"s_axil_{name}", way, bits) for name, way, bits in ports]


def memory_ports(data_bits: int, address_bits: int) -> list[Port]:
    """`m_axi`, the AXI4 memory master."""
    request = [("id", 1), ("addr", address_bits), ("len", 8), ("size", 3), ("burst", 2), ("valid", 0)]
    request += [("cache", 4), ("prot", 3)]
    ports = [(f"{channel}{name}", "output", bits) for channel in ("ar", "aw") for name, bits in request]
    ports += [("arready", "input", 0), ("awready", "input", 0), ("rid", "input", 1), ("bid", "input", 1)]
    ports += [("rdata", "input", data_bits), ("rresp", "input", 2), ("rlast", "input", 0)]
    ports += [("rvalid", "input", 0), ("rready", "output", 0)]
    ports += [("wdata", "output", data_bits), ("wstrb", "output", data_bits // 8)]
    ports += [("wlast", "output", 0), ("wvalid", "output", 0), ("wready", "input", 0)]
    ports += [("bresp", "input", 2), ("bvalid", "input", 0), ("bready", "output", 0)]
    return [Port(f"m_axi_{name}", way, bits) for name, way, bits in ports]
