# SPDX-License-Identifier: Apache-2.0
"""component.xml: in IEEE 1685-2009's order, and of nothing but what stands in the BUILD."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as Xml

import pytest

from fpgan.build.writers.ip_xact import component_xml
from fpgan.hw.design import Design
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, verilator_env

S = "{http://www.spiritconsortium.org/XMLSchema/SPIRIT/1685-2009}"
X = "{http://www.xilinx.com}"
# Sequences of the standard's schema, as far as this file has them: element -> its children's order.
ORDER = {
    "component": "vendor library name version busInterfaces model fileSets description vendorExtensions",
    "busInterface": "name busType abstractionType master slave portMaps parameters",
    "portMap": "logicalPort physicalPort", "parameter": "name value", "model": "views ports",
    "view": "name envIdentifier language modelName fileSetRef", "port": "name wire",
    "wire": "direction vector wireTypeDefs", "vector": "left right", "wireTypeDef": "typeName viewNameRef",
    "fileSet": "name file", "file": "name fileType isIncludeFile",
    "busInterfaces": "busInterface", "portMaps": "portMap", "logicalPort": "name", "physicalPort": "name",
    "parameters": "parameter", "views": "view", "fileSetRef": "localName", "ports": "port",
    "wireTypeDefs": "wireTypeDef", "fileSets": "fileSet", "vendorExtensions": "coreExtensions",
}  # fmt: skip


@pytest.fixture(scope="module")
def build(build_preset):
    return build_preset("tiny", target_fps=150_000, vectors=64)


@pytest.fixture(scope="module")
def root(build):
    return Xml.parse(build / "component.xml").getroot()


def bare(element):
    return element.tag.rpartition("}")[2]


def test_elements_stand_in_the_standards_order(root):
    for element in root.iter():
        if element.tag.startswith(S):
            order = ORDER.get(bare(element), "").split()
            found = [bare(child) for child in element]
            assert found == sorted(found, key=order.index), bare(element)
            assert (
                (element.text or "").strip()
                or found
                or bare(element) in ("master", "slave")
                or element.attrib
            )


def test_ports_and_buses_are_those_of_the_top(build, root):
    """Every port of fpgan_top, with its width and direction; each is part of one bus."""
    text = (build / "rtl/fpgan_top.sv").read_text().partition(");")[0]
    ports = re.findall(r"(input|output)\s+logic (?:\[(\d+):0\] )?(\w+)", text)
    found = [
        (f"{port.findtext(f'{S}wire/{S}direction')}put", port.findtext(f"{S}wire/{S}vector/{S}left") or "",
         port.findtext(f"{S}name"))
        for port in root.iter(f"{S}port")
    ]  # fmt: skip
    assert sorted(found) == sorted(ports)
    mapped = [port.findtext(f"{S}name") for port in root.iter(f"{S}physicalPort")]
    assert sorted(mapped) == sorted(name for _, _, name in ports)
    kinds = {
        bus.findtext(f"{S}name"): (bus.find(f"{S}busType").get(f"{S}name"), bare(bus[3]))
        for bus in root.iter(f"{S}busInterface")
    }
    assert kinds == {
        "s_axis_0": ("axis", "slave"), "m_axis_0": ("axis", "master"), "ap_clk": ("clock", "slave"),
        "ap_rst_n": ("reset", "slave"),
    }  # fmt: skip
    values = {p.findtext(f"{S}name"): p.findtext(f"{S}value") for p in root.iter(f"{S}parameter")}
    assert values["ASSOCIATED_BUSIF"] == "s_axis_0:m_axis_0" and values["POLARITY"] == "ACTIVE_LOW"
    assert root.findtext(f".//{X}family") == "zynquplus"


@pytest.mark.verilator
def test_its_files_are_the_whole_design(build, root, tmp_path):
    """All that is listed is there, and what is listed, in that order, is a design with that top."""
    design = Design.load(build)
    for files in root.iter(f"{S}fileSet"):
        names = [file.findtext(f"{S}name") for file in files.iter(f"{S}file")]
        assert all((build / name).is_file() for name in names)
        assert {name for name in names if name.endswith(".dat")} == {
            f"rtl/{path.name}" for path in design.rtl.glob("*.dat")
        }
    sources = [str(build / name) for name in names if not name.endswith(".dat")]
    top = root.findtext(f".//{S}modelName")
    command = [str(find_tool("verilator")), "--lint-only", "-Wno-fatal", "-Wno-lint", "--top-module", top]
    run([*command, *sources], design.rtl, tmp_path / "lint.log", "lint", env=verilator_env())


def test_a_second_clock_and_a_name_of_any_letters(build):
    facts = json.loads((build / "design.json").read_text()) | {
        "pumped": True,
        "name": "größe 1.5",
        "family": "xc7",
    }
    root = Xml.fromstring(component_xml(facts, []).partition("\n")[2])
    assert root.findtext(f"{S}name") == "fpgan_gr__e_1_5" and root.findtext(f".//{X}family") == "zynq"
    assert "ap_clk2x" in [port.findtext(f"{S}name") for port in root.iter(f"{S}port")]
