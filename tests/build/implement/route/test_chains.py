# SPDX-License-Identifier: Apache-2.0
"""Short carry chains become LUTs of the same function; long ones stay."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from fpgan.build.implement.route.chains import short_chains_as_luts
from fpgan.build.implement.route.netlist import yosys
from fpgan.hw.sources import cells

pytestmark = pytest.mark.yosys
LUTS = "LUT2 #(.INIT(4'h6)) s{0} (.O(s[{0}]), .I0(a[{0}]), .I1(b[{0}]));"
CHAIN = """
module chain_{count} (input c, input [{top}:0] a, b, output [{top}:0] o, s, output last);
  wire [{top}:0] co;
  {luts}
  {cells}
  assign last = co[{top}];
endmodule
"""
CELL = (
    "CARRY4 c{0} (.CI({before}), .CYINIT({init}), .DI(a[{0}*4+:4]), .S(s[{0}*4+:4]), .O(o[{0}*4+:4]),"
    " .CO(co[{0}*4+:4]));"
)


def chain(count: int) -> str:
    """An adder of `count` CARRY4; the half sums leave it, too."""
    parts = [
        CELL.format(i, before=f"co[{4 * i - 1}]" if i else "1'b0", init="1'b0" if i else "c")
        for i in range(count)
    ]
    luts = [LUTS.format(i) for i in range(4 * count)]
    return CHAIN.format(count=count, top=4 * count - 1, luts="\n".join(luts), cells="\n".join(parts))


def test_chains_of_one_and_two_become_luts_of_the_same_function(tmp_path):
    """It would catch a sum or a carry that differs, a carry lost between two cells, and a long chain cut."""
    names = [f"chain_{count}" for count in (1, 2, 3)]
    (tmp_path / "top.v").write_text("".join(chain(count) for count in (1, 2, 3)))
    proofs = [
        words
        for name in names
        for words in (
            ("miter", "-equiv", "-flatten", "-make_outputs", name, f"{name}_gate", "miter"),
            ("flatten", "miter"),
            ("sat", "-verify", "-prove", "trigger", "0", "miter"),
            ("delete", "miter"),
        )
    ]
    script = [
        ("read_verilog", "-lib", "+/xilinx/cells_sim.v"),
        ("read_verilog", tmp_path / "top.v"),
        *(("copy", name, f"{name}_gate") for name in names),
        ("select", "*_gate"),
        *short_chains_as_luts(),
        ("select", "-clear"),
        ("blackbox", "=A:whitebox"),
        ("write_json", tmp_path / "top.json"),
        ("read_verilog", "-overwrite", "-sv", *(path for path in cells() if path.stem == "logic")),
        ("hierarchy", "-check"),
        ("proc",),
        *proofs,
    ]
    yosys(script, tmp_path, "chains")
    modules = json.loads((tmp_path / "top.json").read_text())["modules"]
    kinds = [Counter(cell["type"] for cell in modules[f"{name}_gate"]["cells"].values()) for name in names]
    assert all(kind.startswith("LUT") for kind in {*kinds[0], *kinds[1]})
    assert kinds[2] == {"CARRY4": 3, "LUT2": 12}
