# SPDX-License-Identifier: Apache-2.0
"""A ROM of 4,096 words of 9 bits is two RAMB18: contents, addresses and the choice between them.

Would catch: a row of the contents in the wrong half, a swapped or missing bit of the choice, and a RAM with a
port that writes taken for a ROM.
"""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from fpgan.build.implement.route.netlist import for_router, yosys

pytestmark = pytest.mark.yosys
_LEFT = {
    "writes": ".READ_WIDTH_A(9), .WRITE_WIDTH_A(9)",
    "wide": ".READ_WIDTH_A(18)",
    "registered": ".READ_WIDTH_A(9), .DOA_REG(1)",
}


@pytest.fixture(scope="module")
def rows() -> dict[str, int]:
    made = random.Random(1)
    names = [f"INIT_{i:02X}" for i in range(128)] + [f"INITP_{i:02X}" for i in range(16)]
    return {name: made.getrandbits(256) for name in names}


@pytest.fixture(scope="module")
def modules(rows, tmp_path_factory):
    """What Yosys leaves of a module for each RAM, by name."""
    folder = tmp_path_factory.mktemp("ramb36")
    contents = ", ".join(f".{name}(256'h{row:064X})" for name, row in rows.items())
    ports = (
        ".CLKARDCLK(clk), .ENARDEN(en), .RSTRAMARSTRAM(1'b0), .ADDRARDADDR({1'b1, a, 3'b0}), .DOADO(q[7:0]),"
        " .DOPADOP(q[8])"
    )
    text = "".join(
        f"module {name}(input clk, en, input [11:0] a, output [8:0] q);"
        f" RAMB36E1 #({widths}, {contents}) ram ({ports}); endmodule\n"
        for name, widths in {"rom": ".READ_WIDTH_A(9)", **_LEFT}.items()
    )
    (folder / "top.v").write_text(text)
    script = [
        ("read_verilog", "-lib", "+/xilinx/cells_sim.v", "+/xilinx/cells_xtra.v"),
        ("read_verilog", folder / "top.v"),
        *for_router(),
        ("opt_clean",),
        ("blackbox", "=A:whitebox"),
        ("write_json", folder / "top.json"),
    ]
    yosys(script, folder, "ramb36")
    return json.loads((folder / "top.json").read_text())["modules"]


def test_each_half_has_its_rows(modules, rows):
    cells = modules["rom"]["cells"].values()
    assert Counter(cell["type"] for cell in cells) == {"RAMB18E1": 2, "FDRE": 1, "LUT3": 9}
    found = [
        {key: int(value, 2) for key, value in half["parameters"].items() if key in rows}
        for half in _halves(modules, rows)
    ]
    for half, got in enumerate(found):
        assert got == {f"INIT_{i:02X}": rows[f"INIT_{64 * half + i:02X}"] for i in range(64)} | {
            f"INITP_{i:02X}": rows[f"INITP_{8 * half + i:02X}"] for i in range(8)
        }


def test_the_halves_are_read_together_and_chosen_between(modules, rows):
    ports = {name: port["bits"] for name, port in modules["rom"]["ports"].items()}
    low, high = _halves(modules, rows)
    for half in (low, high):
        assert half["connections"]["ADDRARDADDR"] == ["0", "0", "0", *ports["a"][:11]]
        assert half["connections"]["ENARDEN"] == ports["en"]
    (register,) = _of("FDRE", modules)
    assert [register["connections"][pin] for pin in "CD"] == [ports["clk"], [ports["a"][11]]]
    assert register["connections"]["CE"] == ports["en"]
    chosen = {cell["connections"]["O"][0]: cell for cell in _of("LUT3", modules)}
    for i, bit in enumerate(ports["q"]):
        assert int(chosen[bit]["parameters"]["INIT"], 2) == 0xCA  # I2 ? I1 : I0
        pin, place = ("DOADO", i) if i < 8 else ("DOPADOP", 0)
        inputs = [low["connections"][pin][place], high["connections"][pin][place]]
        got = [chosen[bit]["connections"][f"I{n}"][0] for n in range(3)]
        assert got == [*inputs, *register["connections"]["Q"]]


@pytest.mark.parametrize("name", list(_LEFT))
def test_what_is_left_as_it_is(modules, name):
    assert [cell["type"] for cell in modules[name]["cells"].values()] == ["RAMB36E1"]


def _halves(modules, rows):
    """The RAM of the first words, and the other."""
    return sorted(
        _of("RAMB18E1", modules), key=lambda cell: int(cell["parameters"]["INIT_00"], 2) != rows["INIT_00"]
    )


def _of(kind, modules):
    return [cell for cell in modules["rom"]["cells"].values() if cell["type"] == kind]
