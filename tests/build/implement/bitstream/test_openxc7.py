# SPDX-License-Identifier: Apache-2.0
"""The open tools' back end: its netlist is real and runs under the driver; what follows it are stand-ins."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import numpy as np
import openxc7_stand_in
import pytest
from own_files import check_own_build, check_own_deploy

from fpgan.build.implement.bitstream import bitstream, openxc7
from fpgan.build.implement.bitstream.openxc7_tools import find_tools
from fpgan.build.implement.xc7.bit_file import read_bit
from fpgan.build.implement.xc7.database import find_database
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design
from fpgan.hw.driver import Accelerator
from fpgan.hw.driver.bitstream import bit_to_bin
from fpgan.hw.host.emit import Host, HostOptions, emit_host
from fpgan.hw.sources import rtl_file
from fpgan.hw.system.tools import ToolError
from fpgan.sim.benches.host_bench import identity_build
from fpgan.sim.benches.zynq7_bench import netlist_host
from fpgan.sim.compiled.board import SimulatedBoard

pytestmark = pytest.mark.yosys
BOARD = "pynq-z2"
ALTERED = {"board": BOARD, "part": "xc7z020clg400-1", "family": "xc7", "clock_mhz": 100.0}
VARIABLES = ("CHIPDB", "PRJXRAY_DB_DIR")


def seed_of(bit):
    """The seed by which the stand-in's bitstream was routed: the bit that is set in the second frame."""
    found = read_bit(bit.read_bytes(), find_database(openxc7_stand_in.PART).part)
    return int(found.frames[1, 0]).bit_length() - 1


def alter(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A build for pynq-z2 whose images of (1,16,4) are its latents of 64 elements."""
    folder = identity_build(tmp_path_factory.mktemp("identity") / "build", 4, 4, 16)
    alter(folder / "design.json", **ALTERED)
    totals = {"LUT": 100, "FF": 100, "DSP": 0, "BRAM18": 0}
    (folder / "report.json").write_text(json.dumps({"totals": totals, "cycles_per_image": 1000}))
    counted = {"tool": "yosys", "part": "xc7z020clg400-1", "layers": [], "utilization": {}, "estimates": {},
               "totals": totals | dict.fromkeys(("CARRY", "URAM", "LUTRAM", "SRL"), 0),
               "budget": totals | {"URAM": 0}, "timing": {"how": "estimate"}}  # fmt: skip
    (folder / "synth.json").write_text(json.dumps(counted))
    return folder


@pytest.fixture(scope="module")
def made(build):
    """The work folder of a run without the tools, and what it returned."""
    work = build / "bitstream" / "made"
    host = HostOptions(window_words=16, generator=False)
    emit_host(Design.load(build), work / "project" / "host", host)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        return work, openxc7.implement(build, get_board(BOARD), work, lambda _: None)


@pytest.fixture
def quick(made, monkeypatch, tmp_path):
    """quick(outcomes): implement() on the netlist that is there, with stand-ins that do as they say."""

    def run(build, outcomes=None, broken=False):
        for name, value in openxc7_stand_in.install(tmp_path, outcomes, broken).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(openxc7, "write_netlist", lambda *_: [{"name": "board", "LUT": 5}])
        work = tmp_path / "work"
        shutil.copytree(made[0], work)
        return work, openxc7.implement(build, get_board(BOARD), work, lambda _: None)

    return run


def test_without_the_tools_the_project_is_complete(made):
    work, result = made
    assert result.bit is None and result.figures == {}
    assert result.missing == (
        "nextpnr-xilinx not found on PATH; see github.com/openXC7; "
        "PRJXRAY_DB_DIR is not set; it names Project X-Ray's database; "
        "where openXC7 is installed, run `sh project/build.sh`"
    )
    project = work / "project"
    names = {path.name for path in project.iterdir()}
    assert names == {"host", "netlist.json", "build.sh", "zynq7_top.sv", "axi3_axil.sv", "axi3_burst.sv"}
    text = (project / "netlist.json").read_text()
    assert str(work) not in text and "site-packages" not in text
    (top,) = [m for m in json.loads(text)["modules"].values() if "top" in m["attributes"]]
    kinds = {cell["type"] for cell in top["cells"].values()}
    assert {"PS7", "BUFG", "FDRE", "LUT6", "CARRY4"} <= kinds
    assert not [kind for kind in kinds if kind.startswith("$")] and top["ports"] == {}
    numbers = [name for name in (*top["cells"], *top["netnames"]) if re.search(r"(^|\.)_\d+_$|^\$", name)]
    assert not numbers, "names that say nothing of the sources"


def test_the_registers_are_where_the_driver_looks():
    base = re.search(r"BASE = 32'h([\w_]+)", rtl_file("zynq7_top.sv").read_text())[1]
    assert int(base.replace("_", ""), 16) == get_board(BOARD).register_address


@pytest.mark.verilator
def test_the_netlist_answers_the_driver(build, made, tmp_path):
    """Through GP0, bridge and registers at gate level, free running and stalled."""
    host = Host.load(made[0] / "project" / "host")
    latents = np.random.default_rng(1).integers(-128, 128, (9, 64))
    with SimulatedBoard(netlist_host(made[0] / "netlist.v", host, tmp_path / "good")) as board:
        accelerator = Accelerator(board, design=host.identity)
        for share in (0, 0.3):
            board.stall(share, seed=5)
            assert np.array_equal(accelerator.generate(latents).reshape(9, 64), latents)


def test_a_bitstream_of_the_seed_that_meets_the_clock(build, quick):
    work, result = quick(build, {"1": "fail", "2": 99.9, "3": 123.46})
    assert result.clock_mhz == 100
    assert result.missing is None and result.bit == work / "fpgan.bit"
    assert seed_of(result.bit) == 3
    timing = result.figures["timing"]
    assert timing["routed_mhz"] == 123.46
    assert timing["how"].startswith("openxc7: nextpnr-xilinx") and "seed 3; no sign-off" in timing["how"]
    cells = result.figures["routed"]["cells"]
    assert set(cells) == {"SLICE_LUTX", "PS7"} and cells["PS7"] == {"used": 1, "available": 1}
    assert result.figures["layers"] == [{"name": "board", "LUT": 5}]


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        (dict.fromkeys("123", "full"), "no room: "),
        ({"1": "fail", "2": "fail", "3": "fail"}, "no seed of 3 routes: nextpnr-xilinx on identity"),
    ],
)
def test_what_does_not_work_is_one_line_with_another_build(build, quick, outcomes, message):
    with pytest.raises(ToolError) as caught:
        quick(build, outcomes)
    text = str(caught.value)
    assert text.startswith(message.format(build=build)) and "\n" not in text
    assert "--target-fps 50000" in text and caught.value.log.exists()
    assert "full" not in outcomes.values() or "two to a LUT6), the part 106,400" in text


def test_less_logic_is_no_advice_where_the_router_fails_at_what_is_there(build, quick):
    with pytest.raises(ToolError, match="MUXF9 is not supported") as caught:
        quick(build, {"1": "odd", "2": "odd", "3": "odd"})
    assert "fpgan build" not in str(caught.value)


def test_a_clock_that_is_not_met_is_lowered(build, quick):
    """The bitstream is for the fastest clock that was routed, of all seeds."""
    _, result = quick(build, {"1": 91.7, "2": "fail", "3": 88.0})
    assert result.clock_mhz == result.figures["timing"]["routed_mhz"] == 91.7
    assert seed_of(result.bit) == 1


def test_the_header_holds_no_absolute_path(build, quick):
    _, result = quick(build)
    header = result.bit.read_bytes()[:100]
    assert b"identity\0" in header and b"xc7z020clg400-1\0" in header
    assert b"/" not in header.replace(b"1970/01/01", b"")


def test_a_broken_bitstream_is_none(build, quick, tmp_path):
    with pytest.raises(
        ToolError, match=r"seed\d\.fasm is not assembled: .*NOTHING.*no such feature of CLBLL_L"
    ):
        quick(build, broken=True)
    assert not (tmp_path / "work" / "fpgan.bit").exists()


def test_the_script_makes_the_bitstream_elsewhere(made, tmp_path):
    """With another working directory, a blank in the path, and relative variables."""
    project = tmp_path / "a folder" / "project"
    shutil.copytree(made[0] / "project", project)
    openxc7_stand_in.install(tmp_path, {"1": "fail", "2": 90.0, "3": 100.0})
    variables = {"CHIPDB": "xc7z020clg400.bin", "PRJXRAY_DB_DIR": "db"}
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    def script(**more):
        command, env = ["sh", str(project / "build.sh")], os.environ | path | more
        for name in VARIABLES:
            if name not in more:
                env.pop(name, None)
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    done = script(**variables)
    assert done.returncode == 0, done.stderr
    assert (project.parent / "fpgan.bit").read_bytes().endswith(b"frames 3    ")
    assert "CHIPDB" in script(PRJXRAY_DB_DIR="db").stderr
    done = script(**variables | {"CHIPDB": "db"})
    assert done.returncode == 1 and "has no xc7z020clg400-1.bin" in done.stderr


def test_whole_command(build, tmp_path, monkeypatch):
    for name, value in openxc7_stand_in.install(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    facts = bitstream(build, tmp_path / "deploy", board=BOARD, tool="openxc7")
    assert facts["missing"] is None and facts["timing"]["routed_mhz"] == 100.0
    assert (facts["clock_mhz"], facts["asked_mhz"], facts["frames_per_second"]) == (100, 100, 100_000)
    assert (tmp_path / "deploy" / "fpgan.bit").exists()
    result = json.loads((build / "synth.json").read_text())
    assert result["tool"] == "openxc7" and [layer["name"] for layer in result["layers"]] == ["board"]
    assert result["totals"]["LUT"] > 500 and result["totals"]["BRAM18"] >= 2
    assert result["routed"]["cells"]["SLICE_LUTX"]["used"] <= result["totals"]["LUT"]
    check_own_build(build)
    check_own_deploy(tmp_path / "deploy")


@pytest.mark.parametrize(
    ("board", "pumped", "message"),
    [
        ("ultra96", False, "ultra96: the open tools have no data of xczu3eg-sbva484-1-e; use --tool vivado"),
        (BOARD, True, "double-pumped cores need a second clock"),
    ],
)
def test_what_the_tools_do_not_take_is_one_line(build, tmp_path, board, pumped, message):
    other = shutil.copytree(build, tmp_path / "build")
    alter(other / "design.json", pumped=pumped)
    with pytest.raises(ValueError, match=message):
        openxc7.implement(other, get_board(board), tmp_path, lambda _: None)
    assert not (tmp_path / "project").exists()


@pytest.mark.openxc7
@pytest.mark.slow
def test_with_the_tools_themselves(build, made, tmp_path):
    try:
        find_tools("xc7z020clg400-1")
    except ToolError as error:
        pytest.skip(str(error))
    work = shutil.copytree(made[0], tmp_path / "work")
    result = openxc7.implement(build, get_board(BOARD), work, lambda _: None)
    assert len(bit_to_bin(result.bit.read_bytes())) > 4_000_000
    assert result.figures["timing"]["routed_mhz"] >= 100
    routed = result.figures["routed"]
    assert routed["cells"]["PS7"]["used"] == 1 and routed["path"]["nets"]
    assert 0.9 < routed["lut_sites"]["used"] / routed["lut_sites"]["needed"] < 1.1


@pytest.mark.slow
@pytest.mark.verilator
def test_tiny_at_gate_level_equals_pytorch(build_preset, tmp_path):
    """Driver -> GP0 or HP0 -> netlist of the whole chip -> GP0 or HP0 -> driver: every pixel."""
    build = build_preset("tiny", board=BOARD, target_fps=20_000)
    project = tmp_path / "work" / "project"
    host = emit_host(Design.load(build), project / "host", HostOptions(bus="axi"))
    work = project.parent
    layers = openxc7.write_netlist(Design.load(build), host, project, work, lambda _: None)
    assert layers[-1]["name"] == "board" and len(layers) == len(Design.load(build).layers) + 1
    with np.load(build / "golden.npz") as data:
        latents, images = data["latent"][:3, :, 0, 0], data["image"][:3].transpose(0, 2, 3, 1)
    with SimulatedBoard(netlist_host(work / "netlist.v", host, tmp_path / "gates")) as board:
        accelerator = Accelerator(board, design=host.identity)
        for share in (0, 0.3):
            board.stall(share, seed=5)
            for memory in (False, True):
                assert np.array_equal(accelerator.generate(latents, memory=memory), images)
