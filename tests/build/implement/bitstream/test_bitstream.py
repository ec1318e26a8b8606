# SPDX-License-Identifier: Apache-2.0
"""From a build to a board: the folder, its self-test on a simulated board, and refusals in one line."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import vivado_stand_in
from own_files import check_own_build, check_own_deploy
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.implement import host_options
from fpgan.build.implement.bitstream import bitstream, vivado
from fpgan.build.implement.bitstream import run as run_module
from fpgan.build.implement.bitstream.implemented import Implemented
from fpgan.build.implement.synth.cells import COLUMNS
from fpgan.hw.boards import RESOURCES
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host
from fpgan.hw.system.folders import only_writer
from fpgan.hw.system.tools import ToolError
from fpgan.sim.benches.host_bench import identity_build
from fpgan.sim.vectors import Vectors


@pytest.fixture(autouse=True)
def no_vivado(monkeypatch):
    """Whatever the machine has; a test that needs one installs its own."""
    monkeypatch.setattr(vivado, "find_tool", lambda name: None)


@pytest.fixture
def tiny(build_preset, tmp_path):
    """A copy of a whole accelerator for ultra96."""
    build = build_preset("tiny", vectors=64, target_fps=150_000)
    return shutil.copytree(build, tmp_path / "tiny", ignore=shutil.ignore_patterns(".*"))


def make_identity(folder):
    """A build for ultra96 whose images of (1,16,4) are its latents of 64 elements."""
    build = identity_build(folder, 4, 4, 16)
    report = {"totals": {"LUT": 100, "DSP": 0}, "cycles_per_image": 1000}
    (build / "report.json").write_text(json.dumps(report))
    return build


@pytest.fixture
def build(tmp_path):
    return make_identity(tmp_path / "build")


@pytest.fixture
def install_vivado(monkeypatch, tmp_path):
    """install_vivado(**settings of the recorder): a stand-in for Vivado."""

    def install(**settings):
        program = vivado_stand_in.install(tmp_path, **settings)
        monkeypatch.setattr(vivado, "find_tool", lambda name: program)

    return install


def alter(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_without_vivado_the_folder_is_complete_but_for_the_bitstream(tiny, tmp_path):
    out, steps = tmp_path / "deploy", []
    facts = bitstream(tiny, out, progress=steps.append)
    assert facts["missing"] == (
        "vivado not found on PATH; where Vivado 2021.1 or newer is installed, "
        "run `vivado -mode batch -source project/build.tcl` in this folder"
    )
    assert facts == json.loads((out / "facts.json").read_text())
    names = {"README.txt", "driver", "facts.json", "golden.npz", "project", "selftest.py"}
    assert {path.name for path in out.iterdir()} == names
    assert facts["missing"] in (out / "README.txt").read_text()
    assert (facts["board"], facts["bus"], facts["address"]) == ("ultra96", "axi", 0xA0000000)
    assert facts["design"] == Host.load(out / "project" / "host").identity
    assert steps[-1] == "writing the folder for the board"
    with np.load(out / "golden.npz") as data:
        vectors = Vectors.load(tiny / "golden.npz")
        assert np.array_equal(data["image"], vectors.image.transpose(0, 2, 3, 1))
        assert np.array_equal(data["latent"], vectors.latent[:, :, 0, 0])
    assert vivado_stand_in.record(out / "project", tmp_path)[0] == ""
    assert (out / "fpgan.bit").exists() and (out / "fpgan.hwh").exists()
    check_own_deploy(out)


def test_the_folder_may_be_moved_before_its_project_is_run(build, tmp_path):
    bitstream(build, tmp_path / "deploy")
    moved = tmp_path / "a folder" / "deploy"
    moved.parent.mkdir()
    (tmp_path / "deploy").rename(moved)
    shutil.rmtree(build)
    assert vivado_stand_in.record(moved / "project", tmp_path)[0] == ""
    assert (moved / "fpgan.bit").exists()


def test_with_vivado(tiny, tmp_path, install_vivado):
    install_vivado(boards="avnet.com:ultra96v2:part0:1.2")
    out = tmp_path / "deploy"
    facts = bitstream(tiny, out)
    assert facts["missing"] is None
    assert (out / "fpgan.bit").read_text().startswith("bitstream") and (out / "fpgan.hwh").exists()
    assert not (out / "project" / "vivado").exists() and (out / "project" / "reports" / "power.rpt").exists()
    result = json.loads((tiny / "synth.json").read_text())
    assert result["tool"] == "vivado"
    assert result["timing"]["how"] == "Vivado 2022.2, the whole board design, placed and routed"
    assert result["timing"]["routed_mhz"] == round(1000 / (1000 / 300 - 0.25), 1) == 324.3
    layers = {layer["name"]: layer for layer in result["layers"]}
    assert [layer.name for layer in Design.load(tiny).layers] == [*layers][:-1]
    assert layers["deconv_0"] == {
        "name": "deconv_0", "LUT": 100, "FF": 150, "CARRY": 0, "DSP": 2, "BRAM18": 3, "URAM": 0, "LUTRAM": 10,
        "SRL": 10,
    }  # fmt: skip
    assert result["totals"]["LUT"] == 9000 and layers["board"]["LUT"] == 9000 - 100 * (len(layers) - 1)
    assert result["utilization"]["LUT"] == 9000 / 70560
    check_own_deploy(out)
    check_own_build(tiny)


def test_the_command(build, tmp_path, install_vivado):
    """One line where the tool is missing, which is no failure; figures where it is there."""

    def command(*arguments):
        words = ["bitstream", str(build), "--out", str(tmp_path / "deploy"), *arguments]
        return CliRunner().invoke(app, words, env={"COLUMNS": "300", "NO_COLOR": "1"})

    result = command("--tool", "vivado")
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 1
    assert f"{tmp_path}/deploy: all but the bitstream; vivado not found on PATH" in result.stdout
    result = command("--board", "zc706")
    assert result.exit_code == 2 and "run fpgan build --board zc706" in result.stderr
    install_vivado(slack=-1.0)
    result = command()
    assert result.exit_code == 1 and "is not met by 1 ns" in result.stderr
    install_vivado()
    result = command("--bus", "axil")
    assert result.exit_code == 0 and "fpgan.bit for ultra96, 324.3 MHz routed, 300 MHz asked" in result.stdout
    assert json.loads(command("--json").stdout) == json.loads(
        (tmp_path / "deploy" / "facts.json").read_text()
    )


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"version": "2020.1"}, ValueError, r"^Vivado 2020.1 is too old; install 2021.1 or newer$"),
        ({"slack": -0.5}, ToolError, r"^the clock of 300 MHz is not met by 0.5 ns; run fpgan build "
                                     r"--clock-mhz 260 \(log: .*output.log\)$"),
    ],
)  # fmt: skip
def test_a_vivado_that_does_not_do_leaves_the_earlier_folder(
    settings, error, says, build, tmp_path, install_vivado
):
    out = tmp_path / "deploy"
    bitstream(build, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    install_vivado(**settings)
    with pytest.raises(error, match=says):
        bitstream(build, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not (build / "synth.json").exists()


def test_a_vivado_that_fails_names_its_log(build, tmp_path, install_vivado, monkeypatch):
    install_vivado()
    monkeypatch.setattr(vivado, "settings", lambda *_: "array set design {vivado 2021.1 top x}")
    with pytest.raises(ToolError, match=r"^Vivado: vivado failed with 1 \(log: (.*)\)$") as raised:
        bitstream(build, tmp_path / "deploy")
    assert raised.value.log.exists() and not (tmp_path / "deploy").exists()


COUNTED = {
    "tool": "yosys",
    "part": "xczu3eg-sbva484-1-e",
    "layers": [],
    "totals": dict.fromkeys(COLUMNS, 0),
    "budget": dict.fromkeys(RESOURCES, 0),
    "utilization": {},
    "estimates": {},
    "timing": {"estimated_ns": 4.2, "how": "estimate"},
}


def too_large(build):
    counted = COUNTED | {"totals": dict.fromkeys(COLUMNS, 0) | {"LUT": 70561}}
    (build / "synth.json").write_text(json.dumps(counted))


def estimated_too_large(build):
    alter(build / "report.json", totals={"LUT": 100, "DSP": 361})


@pytest.mark.parametrize(
    ("change", "arguments", "says"),
    [
        (None, {"board": "basys9"}, r"^board 'basys9' is not known; choose one of aup-zu3, .*zybo-z7-10$"),
        (None, {"board": "pynq-z2"},
         r"build: built for ultra96 \(xcup\), pynq-z2 is xc7; run fpgan build --board pynq-z2$"),
        (None, {"tool": "ise"}, r"^tool 'ise' is not known; choose vivado or openxc7$"),
        (None, {"bus": "pcie"}, r"^bus=pcie: vivado supports axi and axil$"),
        (too_large, {},
         r"needs 70561 LUT \(synthesized\), ultra96 has 70560; run fpgan build --board ultra96$"),
        (estimated_too_large, {}, r"needs 361 DSP \(estimated\), ultra96 has 360"),
        (lambda b: alter(b / "design.json", backend="hls", sources=[]), {},
         r"a bitstream needs RTL, this is a build for hls; run fpgan build --backend rtl$"),
        (lambda b: alter(b / "design.json", clock_mhz=400.0), {},
         r"400 MHz, ultra96's AXI ports take up to 333 MHz; run fpgan build --clock-mhz 333$"),
        (lambda b: (b / "design.json").unlink(), {}, r"no build here"),
        (lambda b: (b / "report.json").unlink(), {}, r"report.json: does not exist; run fpgan build again$"),
    ],
)  # fmt: skip
def test_refusals(change, arguments, says, build, tmp_path):
    if change:
        change(build)
    with pytest.raises(ValueError, match=says) as raised:
        bitstream(build, tmp_path / "deploy", **arguments)
    assert "\n" not in str(raised.value) and not (tmp_path / "deploy").exists()


def test_only_its_own_folder_is_replaced(build, tmp_path):
    other, file = tmp_path / "other", tmp_path / "file"
    other.mkdir()
    (other / "notes").write_text("mine")
    file.write_text("mine")
    with pytest.raises(ValueError, match=r"other: is not empty and has no facts.json"):
        bitstream(build, other)
    with pytest.raises(ValueError, match=r"file: is a file; a folder is written there"):
        bitstream(build, file)
    first = bitstream(build, tmp_path / "deploy", bus="axil")
    assert first["bus"] == "axil"
    assert bitstream(build, tmp_path / "deploy")["design"] != first["design"]


def test_one_at_a_time(build, tmp_path):
    with (
        only_writer(build / "bitstream"),
        pytest.raises(ValueError, match=r"build/bitstream: another process is writing it; wait for it"),
    ):
        bitstream(build, tmp_path / "deploy")
    assert bitstream(build, tmp_path / "deploy")["missing"]


def test_figures_of_a_tool_that_counts_no_layers_join_those_of_yosys(build, monkeypatch):
    monkeypatch.setattr(run_module, "synth", lambda build, progress: COUNTED)
    timing = {"routed_mhz": 131.5, "how": "nextpnr-xilinx"}
    run_module._write_figures(Design.load(build), "openxc7", {"timing": timing}, print)
    result = json.loads((build / "synth.json").read_text())
    assert result == COUNTED | {"timing": {"estimated_ns": 4.2, **timing}}
    run_module._write_figures(Design.load(build), "openxc7", {"timing": {"routed_mhz": 140.0}}, print)
    assert json.loads((build / "synth.json").read_text())["timing"]["routed_mhz"] == 140.0


def test_a_back_end_says_one_of_two_things(tmp_path):
    with pytest.raises(ValueError, match="exactly one of them"):
        Implemented()
    with pytest.raises(ValueError, match="exactly one of them"):
        Implemented(bit=tmp_path, missing="a tool")


def test_classes_are_found_in_the_vectors():
    rng = np.random.default_rng(0)
    label = np.array([0, 2, 1, 2, 0, 1])
    latent = np.concatenate([rng.integers(-8, 8, (6, 5)), np.eye(4, dtype=int)[label] * 7], axis=1)
    vectors = Vectors(latent[:, :, None, None], np.zeros((6, 1, 2, 2), int), 0.5, 1.0, label)
    assert host_options._classes(vectors) == 4  # none of them asks for the last
    with pytest.raises(ValueError, match="do not end in their labels"):
        host_options._classes(Vectors(latent[:, ::-1, None, None], vectors.image, 0.5, 1.0, label))
