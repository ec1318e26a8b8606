# SPDX-License-Identifier: Apache-2.0
"""RTL that reaches out of the simulation is not run."""

from __future__ import annotations

import pytest
from identity_build import TOP, make_build

from fpgan.sim.compiled.calls import check_calls, check_names
from fpgan.sim.simulate import simulate

REACHING = {
    "system": ('initial $system("touch HERE");', r"\$system"),
    "in a macro": ('`define RUN(x) $``x\n  initial `RUN(system)("touch HERE");', r"\$system"),
    "a file": ('int f; initial f = $fopen("HERE", "w");', r"\$fopen"),
    "C++": ("initial $c(\"std::system('touch HERE');\");", r"\$c,"),
    "DPI": ('import "DPI-C" function int system(input string x); initial system("touch HERE");', "DPI"),
}


@pytest.mark.verilator
@pytest.mark.parametrize("way", REACHING)
def test_what_reaches_out_is_one_line(tmp_path, way):
    """A stranger's BUILD could start any program by being simulated."""
    code, said = REACHING[way]
    code = code.replace("HERE", str(tmp_path / "here"))
    build = make_build(tmp_path / "build", top=TOP.replace("endmodule", f"  {code}\nendmodule"))
    with pytest.raises(ValueError, match=rf"^the RTL calls .*{said}.*; it is not run$"):
        simulate(build, 1)
    assert not (tmp_path / "here").exists()


def test_what_stays_inside_is_nobodys_business():
    check_calls(
        "localparam W = $clog2(5); wire \\$system$x , a$system; // $system\n"
        '/* $fopen */ initial $display("$c");\n`timescale 1ns/1ps\n'
    )
    with pytest.raises(ValueError, match=r"`systemc_header, which may hold C\+\+"):
        check_calls("`systemc_header\n#include <x>\n")
    check_names(["rtl/a.sv", "rtl/b.v"])
    with pytest.raises(ValueError, match=r"rtl/a.cpp: no SystemVerilog"):
        check_names(["rtl/a.cpp"])
