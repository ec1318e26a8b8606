# SPDX-License-Identifier: Apache-2.0
"""synth --pnr: the joined netlist is real; nextpnr-xilinx is a stand-in that prints a real one's lines."""

from __future__ import annotations

import json
import stat
import sys

import pytest

from fpgan.build.synth import synth
from fpgan.build.synth.nextpnr import routed_mhz, utilization
from fpgan.hw.tools import ToolError

STAND_IN = """#!{python}
import json, sys
options = dict(zip(sys.argv[1:], sys.argv[2:]))
if options["--seed"] == "1":
    sys.exit("ERROR: Failed to route arc")
module = json.load(open(options["--json"]))["modules"]["fpgan_pnr"]
cells = module["cells"].values()
kinds = sorted({{cell["type"] + ".Q31" * bool(cell["connections"].get("Q31")) for cell in cells}})
open("seen.json", "w").write(json.dumps({{"argv": sys.argv[1:], "kinds": kinds}}))
print("Info: Max frequency for clock 'clk': 101.00 MHz (PASS at 100.00 MHz)")
print("Info: Max frequency for clock 'clk': 123.46 MHz (PASS at 100.00 MHz)")
"""


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A PATH with the stand-in, a chip database's file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "nextpnr-xilinx"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "xc7z020clg400.bin").write_text("")
    import os

    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CHIPDB", str(folder))
    return folder


@pytest.mark.slow
@pytest.mark.yosys
def test_whole_design_is_joined_and_the_clock_read(build_preset, tools):
    build = build_preset("tiny", board="pynq-z2", target_fps=20_000)
    timing = synth(build, pnr=True)["timing"]
    assert timing["routed_mhz"] == 123.46
    assert "seed 2" in timing["how"] and "no sign-off" in timing["how"]
    seen = json.loads((build / "pnr" / "seen.json").read_text())
    assert {"LUT6", "FDRE", "CARRY4", "IBUF", "OBUF", "BUFG"} <= set(seen["kinds"])
    assert not [kind for kind in seen["kinds"] if kind.startswith(("$", "deconv")) or "Q31" in kind]
    assert "--freq" in seen["argv"] and str(tools / "xc7z020clg400.bin") in seen["argv"]


def test_slowest_clock_of_the_last_report():
    text = "".join(
        f"Info: Max frequency for clock '{clock}': {mhz} MHz (PASS at 50.00 MHz)\n"
        for clock, mhz in (("a", 90.0), ("b", 300.0), ("a", 110.5), ("b", 250.0))
    )
    assert routed_mhz(text) == 110.5
    with pytest.raises(ToolError, match="no frequency"):
        routed_mhz("Info: nothing")


def test_cells_used_in_lines_of_a_real_log():
    """nextpnr-xilinx e22bcf6 on the preset `tiny` for xc7z010clg400-1."""
    text = """Info: Device utilisation:
Info: \t          SLICE_LUTX:  6158/35200    17%
Info: \t           SLICE_FFX:  4580/35200    13%
Info: \t              CARRY4:   432/ 4400     9%
Info: \t               HARD0:     0/  792     0%
Info: \t            RAMB18E1:     3/  120     2%
Info: \t                 PS7:     1/    1   100%

Info: Placed 1 cells based on constraints.
"""
    assert utilization(text) == {
        "SLICE_LUTX": (6158, 35200), "SLICE_FFX": (4580, 35200), "CARRY4": (432, 4400), "RAMB18E1": (3, 120),
        "PS7": (1, 1),
    }  # fmt: skip
    assert utilization("Info: nothing") == {}


@pytest.mark.yosys
def test_what_is_missing_is_one_line(build_preset, tools, monkeypatch):
    other, build = (build_preset("tiny", board=b, target_fps=20_000) for b in ("ultra96", "pynq-z2"))
    from fpgan.build.synth.pnr import route
    from fpgan.hw.design import Design

    with pytest.raises(ToolError, match="xczu3eg-sbva484-1-e is not supported"):
        route(Design.load(other))
    (tools / "xc7z020clg400.bin").unlink()
    with pytest.raises(ToolError, match=r"has no xc7z020clg400-1.bin"):
        route(Design.load(build))
    monkeypatch.delenv("CHIPDB")
    with pytest.raises(ToolError, match="CHIPDB is not set"):
        route(Design.load(build))
