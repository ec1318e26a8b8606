# SPDX-License-Identifier: Apache-2.0
"""What nextpnr-xilinx does not take is replaced by what it takes, of the same function."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from fpgan.build.implement.route.netlist import for_router, yosys
from fpgan.hw.sources import cells

pytestmark = pytest.mark.yosys
PIECES = {
    "constant": "SRL16E #(.INIT(16'h1234)) cell0 (.CLK(clk), .CE(ce), .D(d), .A0(1'b0), .A1(1'b0), .A2(1'b1),"
    " .A3(1'b0), .Q(q[0])); assign q[1] = d;",
    "constant_long": "SRLC32E #(.INIT(32'h12345678)) cell0 (.CLK(clk), .CE(ce), .D(d), .A(5'd18), .Q(q[0]),"
    " .Q31(q[1]));",
    "variable": "SRL16E #(.INIT(16'h1234)) cell0 (.CLK(clk), .CE(ce), .D(d), .A0(a[0]), .A1(a[1]), .A2(a[2]),"
    " .A3(1'b0), .Q(q[0])); assign q[1] = d;",
    "cascade": "SRLC32E #(.INIT(32'h12345678)) cell0 (.CLK(clk), .CE(ce), .D(d), .A(a), .Q(q[0]),"
    " .Q31(q[1]));",
    "no_cascade": "SRLC32E #(.INIT(32'h12345678)) cell0 (.CLK(clk), .CE(ce), .D(d), .A(a), .Q(q[0]), .Q31());"
    " assign q[1] = d;",
    "two_outputs": "LUT6_2 #(.INIT(64'h123456789ABCDEF0)) cell0 (.O6(q[0]), .O5(q[1]), .I0(a[0]), .I1(a[1]),"
    " .I2(a[2]), .I3(a[3]), .I4(a[4]), .I5(d));",
    "one_site": "LUT6_2 #(.INIT(64'h123456789ABCDEF0)) cell0 (.O6(q[0]), .O5(q[1]), .I0(a[0]), .I1(a[1]),"
    " .I2(a[2]), .I3(a[3]), .I4(a[4]), .I5(1'b1));",
    "carry": "wire [3:0] o, c; CARRY4 cell0 (.CI(ce), .CYINIT(1'b0), .DI({2{a[1:0]}}), .S({d, a[4:2]}),"
    " .O(o), .CO(c)); assign q = {c[3], c[1]};",
    "carry_at_the_end": "wire [3:0] o, c; CARRY4 cell0 (.CI(ce), .CYINIT(1'b0), .DI({2{a[1:0]}}),"
    " .S({1'b0, a[4:2]}), .O(o), .CO(c)); assign q = {o[0], c[2]};",
    "upper_half": "MUXF8 cell0 (.I0(a[0]), .I1(1'b1), .S(a[1]), .O(q[0])); assign q[1] = d;",
    "lower_half": "MUXF8 cell0 (.I0(1'b0), .I1(a[0]), .S(a[1]), .O(q[0])); assign q[1] = d;",
    "both_halves": "MUXF8 cell0 (.I0(a[0]), .I1(a[1]), .S(a[2]), .O(q[0])); assign q[1] = d;",
    "inverter": "INV cell0 (.I(a[0]), .O(q[0])); assign q[1] = d;",
}
KINDS = {
    "constant": {"FDRE": 5}, "constant_long": {"FDRE": 32}, "variable": {"FDRE": 16, "LUT6": 5},
    "cascade": {"FDRE": 32, "LUT6": 10, "LUT3": 1}, "no_cascade": {"FDRE": 32, "LUT6": 10, "LUT3": 1},
    "two_outputs": {"LUT6": 1, "LUT5": 1},
    "one_site": {"LUT5": 2}, "carry": {"CARRY4": 1, "LUT2": 1}, "carry_at_the_end": {"CARRY4": 1},
    "upper_half": {"LUT2": 1}, "lower_half": {"LUT2": 1}, "both_halves": {"MUXF8": 1},
    "inverter": {"LUT1": 1},
}  # fmt: skip


def test_what_the_router_does_not_take_becomes_what_it_takes(tmp_path):
    """The kinds of cells, and the function, proved for six clocks from the initial contents on."""
    ports = "(input clk, d, ce, input [4:0] a, output [1:0] q)"
    text = "".join(f"module {name} {ports}; {body} endmodule\n" for name, body in PIECES.items())
    (tmp_path / "top.v").write_text(text)
    models = [path for path in cells() if path.stem in ("srl", "registers", "logic")]
    proofs = [
        words
        for name in PIECES
        for words in (
            ("miter", "-equiv", "-flatten", "-make_outputs", name, f"{name}_gate", "miter"),
            ("flatten", "miter"),
            ("sat", "-verify", "-seq", "6", "-prove", "trigger", "0", "miter"),
            ("delete", "miter"),
        )
    ]
    script = [
        ("read_verilog", "-lib", "+/xilinx/cells_sim.v"),
        ("read_verilog", tmp_path / "top.v"),
        *(("copy", name, f"{name}_gate") for name in PIECES),
        ("select", "*_gate"),
        *for_router(),
        ("opt_clean",),
        ("select", "-clear"),
        ("blackbox", "=A:whitebox"),
        ("write_json", tmp_path / "top.json"),
        ("read_verilog", "-overwrite", "-sv", *models),
        ("hierarchy", "-check"),
        ("proc",),
        *proofs,
    ]
    yosys(script, tmp_path, "pieces")
    modules = json.loads((tmp_path / "top.json").read_text())["modules"]
    for name, kinds in KINDS.items():
        found = list(modules[f"{name}_gate"]["cells"].values())
        assert Counter(cell["type"] for cell in found) == kinds, name
