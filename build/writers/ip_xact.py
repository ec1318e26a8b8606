# SPDX-License-Identifier: Apache-2.0
"""component.xml of a BUILD: with it the folder is an IP that Vivado's catalogue takes as it is.

IP-XACT of IEEE 1685-2009, with the buses, views and extensions that Vivado gives its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

COMPONENT = "component.xml"
_SPIRIT = "http://www.spiritconsortium.org/XMLSchema/SPIRIT/1685-2009"
_XILINX = "http://www.xilinx.com"
_VENDOR, _LIBRARY, _VERSION = "fpgan", "accelerators", "1.0"
_TYPES = {
    ".sv": "systemVerilogSource",
    ".v": "verilogSource",
    ".svh": "systemVerilogSource",
    ".vh": "verilogSource",
}
_VIEWS = {"synthesis": "xilinx_anylanguagesynthesis", "simulation": "xilinx_anylanguagebehavioralsimulation"}
_FAMILIES = {"xcup": "zynquplus", "xc7": "zynq"}  # Vivado's names
_STREAMS = {"s_axis_0": ("input", "slave"), "m_axis_0": ("output", "master")}
_WEIGHTS = "s_axis_weights"
_LOADING = (  # what a design has besides whose weights are loaded: name, direction, bits of a vector
    (f"{_WEIGHTS}_tdata", "in", 8), (f"{_WEIGHTS}_tlast", "in", 0), (f"{_WEIGHTS}_tvalid", "in", 0),
    (f"{_WEIGHTS}_tready", "out", 0), ("weights_loaded", "out", 0), ("weights_errors", "out", 3),
)  # fmt: skip


def component_xml(design: dict[str, Any], data: list[str]) -> str:
    """Text of component.xml. design: what design.json says. data: files beside the sources that they read."""
    Xml.register_namespace("spirit", _SPIRIT)
    Xml.register_namespace("xilinx", _XILINX)
    root = Xml.Element(f"{{{_SPIRIT}}}component")
    _identified(root, re.sub(r"\W", "_", f"fpgan_{design['name']}", flags=re.ASCII))
    buses = _add(root, "busInterfaces")
    for name in _STREAMS:
        _stream(buses, name, design)
    if "weights" in design:
        ports = {signal.upper(): f"{_WEIGHTS}_{signal}" for signal in ("tdata", "tlast", "tvalid", "tready")}
        _bus(buses, _WEIGHTS, ("interface", "axis"), "slave", ports, TDATA_NUM_BYTES="1")
    streamed = [f"{_WEIGHTS}_{k}" for k in range(len(design.get("streams", {}).get("layers", ())))]
    for name in streamed:
        ports = {signal.upper(): f"{name}_{signal}" for signal in ("tdata", "tlast", "tvalid", "tready")}
        beat = str(design["streams"]["beat_bits"] // 8)
        _bus(buses, name, ("interface", "axis"), "slave", ports, TDATA_NUM_BYTES=beat)
    _clocks(buses, design["pumped"], [*_STREAMS, *([_WEIGHTS] if "weights" in design else []), *streamed])
    _model(_add(root, "model"), design)
    sets = _add(root, "fileSets")
    for view in _VIEWS.values():
        _files(_add(sets, "fileSet"), view, [*design["sources"], *data])
    _add(root, "description", f"FPGAN accelerator {design['name']}, {design['clock_mhz']:g} MHz")
    _extensions(_add(root, "vendorExtensions"), design)
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def write_component(design: dict[str, Any], build: Path) -> None:
    """BUILD/component.xml of a design of RTL whose sources are in BUILD/rtl."""
    data = sorted(path.name for path in (build / "rtl").glob("*.dat"))
    (build / COMPONENT).write_text(component_xml(design, data), encoding="utf-8")


def _add(parent: Xml.Element, tag: str, text: str | None = None, **attributes: str) -> Xml.Element:
    child = Xml.SubElement(parent, f"{{{_SPIRIT}}}{tag}")
    for name, value in attributes.items():
        child.set(f"{{{_SPIRIT}}}{name}", value)
    child.text = text
    return child


def _identified(root: Xml.Element, name: str) -> None:
    for tag, text in (("vendor", _VENDOR), ("library", _LIBRARY), ("name", name), ("version", _VERSION)):
        _add(root, tag, text)


def _bus(
    buses: Xml.Element, name: str, kind: tuple[str, str], side: str, ports: dict[str, str], **values: str
) -> None:
    """A bus interface of Vivado's: its type (library, name), ports by logical name, parameters."""
    bus, (library, of) = _add(buses, "busInterface"), kind
    _add(bus, "name", name)
    for tag, type_name in (("busType", of), ("abstractionType", f"{of}_rtl")):
        _add(bus, tag, vendor="xilinx.com", library=library, name=type_name, version="1.0")
    _add(bus, side)
    maps = _add(bus, "portMaps")
    for logical, physical in ports.items():
        port = _add(maps, "portMap")
        for tag, text in (("logicalPort", logical), ("physicalPort", physical)):
            _add(_add(port, tag), "name", text)
    if values:
        parameters = _add(bus, "parameters")
        for key, value in values.items():
            parameter = _add(parameters, "parameter")
            _add(parameter, "name", key)
            _add(parameter, "value", value, id=f"BUSIFPARAM_VALUE.{name.upper()}.{key}")


def _stream(buses: Xml.Element, name: str, design: dict[str, Any]) -> None:
    which, side = _STREAMS[name]
    signals = ("tdata", *(["tlast"] if side == "master" else []), "tvalid", "tready")
    ports = {signal.upper(): f"{name}_{signal}" for signal in signals}
    _bus(
        buses, name, ("interface", "axis"), side, ports, TDATA_NUM_BYTES=str(design[which]["tdata_bits"] // 8)
    )


def _clocks(buses: Xml.Element, pumped: bool, streams: Sequence[str]) -> None:
    associated = {"ASSOCIATED_BUSIF": ":".join(streams), "ASSOCIATED_RESET": "ap_rst_n"}
    _bus(buses, "ap_clk", ("signal", "clock"), "slave", {"CLK": "ap_clk"}, **associated)
    if pumped:
        _bus(buses, "ap_clk2x", ("signal", "clock"), "slave", {"CLK": "ap_clk2x"})
    _bus(buses, "ap_rst_n", ("signal", "reset"), "slave", {"RST": "ap_rst_n"}, POLARITY="ACTIVE_LOW")


def _model(model: Xml.Element, design: dict[str, Any]) -> None:
    views = _add(model, "views")
    for purpose, name in _VIEWS.items():
        view = _add(views, "view")
        _add(view, "name", name)
        _add(view, "envIdentifier", f":vivado.xilinx.com:{purpose}")
        _add(view, "language", "SystemVerilog")
        _add(view, "modelName", design["top"])
        _add(_add(view, "fileSetRef"), "localName", name)
    ports = _add(model, "ports")
    for name in ("ap_clk", *(["ap_clk2x"] if design["pumped"] else []), "ap_rst_n"):
        _port(ports, name, "in")
    for name, direction, bits in _LOADING if "weights" in design else ():
        _port(ports, name, direction, bits)
    for k in range(len(design.get("streams", {}).get("layers", ()))):
        _port(ports, f"{_WEIGHTS}_{k}_tdata", "in", design["streams"]["beat_bits"])
        for signal, direction in (("tlast", "in"), ("tvalid", "in"), ("tready", "out")):
            _port(ports, f"{_WEIGHTS}_{k}_{signal}", direction)
        _port(ports, f"weights_{k}_error", "out")
    for name, (which, side) in _STREAMS.items():
        inwards, outwards = ("in", "out") if side == "slave" else ("out", "in")
        _port(ports, f"{name}_tdata", inwards, design[which]["tdata_bits"])
        for signal in ("tlast", "tvalid") if side == "master" else ("tvalid",):
            _port(ports, f"{name}_{signal}", inwards)
        _port(ports, f"{name}_tready", outwards)


def _port(ports: Xml.Element, name: str, direction: str, bits: int = 0) -> None:
    port = _add(ports, "port")
    _add(port, "name", name)
    wire = _add(port, "wire")
    _add(wire, "direction", direction)
    if bits:
        vector = _add(wire, "vector")
        _add(vector, "left", str(bits - 1), format="long")
        _add(vector, "right", "0", format="long")
    kind = _add(_add(wire, "wireTypeDefs"), "wireTypeDef")
    _add(kind, "typeName", "logic")
    for view in _VIEWS.values():
        _add(kind, "viewNameRef", view)


def _files(files: Xml.Element, name: str, names: list[str]) -> None:
    _add(files, "name", name)
    for source in names:
        suffix = Path(source).suffix
        file = _add(files, "file")
        _add(file, "name", f"rtl/{source}")
        _add(file, "fileType", _TYPES.get(suffix, "unknown"))
        if suffix in (".svh", ".vh"):
            _add(file, "isIncludeFile", "true")


def _extensions(extensions: Xml.Element, design: dict[str, Any]) -> None:
    core = Xml.SubElement(extensions, f"{{{_XILINX}}}coreExtensions")
    families = Xml.SubElement(core, f"{{{_XILINX}}}supportedFamilies")
    family = Xml.SubElement(families, f"{{{_XILINX}}}family")
    family.set(f"{{{_XILINX}}}lifeCycle", "Production")
    family.text = _FAMILIES[design["family"]]
    taxonomies = Xml.SubElement(core, f"{{{_XILINX}}}taxonomies")
    Xml.SubElement(taxonomies, f"{{{_XILINX}}}taxonomy").text = "/UserIP"
    Xml.SubElement(core, f"{{{_XILINX}}}displayName").text = f"FPGAN {design['name']}"
    Xml.SubElement(core, f"{{{_XILINX}}}coreRevision").text = "1"
