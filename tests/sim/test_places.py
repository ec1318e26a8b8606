# SPDX-License-Identifier: Apache-2.0
"""Where a simulation runs: names of folders, other processes, users and homes must not matter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from identity_build import TOP, make_build

from fpgan.hw.design import Design
from fpgan.hw.driver import Accelerator
from fpgan.hw.host.emit import HostOptions
from fpgan.hw.system.environment import cache_dir
from fpgan.sim.benches.host_bench import identity_host
from fpgan.sim.compiled.board import SimulatedBoard
from fpgan.sim.compiled.compile import Compilation, compile_design
from fpgan.sim.compiled.programs import made_once, private_folder
from fpgan.sim.simulate import simulate

pytestmark = pytest.mark.verilator
ODD = Path("a b", "Größe $HOME 'x'")
SIMULATE = (
    "import sys; from fpgan.sim.simulate import simulate; assert simulate(sys.argv[1], 4)['mismatches'] == 0"
)


@pytest.fixture
def new_programs(tmp_path, monkeypatch):
    """A cache without programs, whose path is odd too; Verilator's runtime is that of the user's own."""
    runtime = cache_dir() / "verilated"
    runtime.mkdir(parents=True, exist_ok=True)
    cache = tmp_path / ODD / "cache"
    (cache / "fpgan").mkdir(parents=True)
    (cache / "fpgan" / "verilated").symlink_to(runtime)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache / "fpgan" / "programs"


def test_any_name_of_a_folder(tmp_path, new_programs):
    """Make took a space for the end of a path."""
    build = make_build(tmp_path / ODD / "build")
    assert simulate(build, 4)["mismatches"] == 0
    assert simulate(shutil.copytree(build, tmp_path / "moved"), 4)["build_seconds"] == 0
    left = {path.name for path in build.iterdir()}
    assert left == {"rtl", "design.json", "report.json", "golden.npz",
                    "sim.json", "sim.png", "sim.npz", "sim.log"}  # fmt: skip
    assert len(list(new_programs.iterdir())) == 1


def test_any_name_of_a_folder_for_netlists(tmp_path, new_programs):
    """Sources of three folders in one compilation."""
    build = make_build(tmp_path / ODD / "build")
    netlist = tmp_path / ODD / "net list" / "unused.v"
    netlist.parent.mkdir()
    netlist.write_text("module unused (input a, output b); LUT1 #(2'd1) lut (.I0(a), .O(b)); endmodule\n")
    what = Compilation(netlists=(netlist,))
    with private_folder(build, "sim") as folder:
        program, seconds = compile_design(Design.load(build), what, folder, build / "sim.log")
        assert seconds > 0 and os.access(program, os.X_OK)


def test_any_name_of_a_folder_for_boards(tmp_path, new_programs):
    host = identity_host(tmp_path / ODD, 8, 8, 1, HostOptions(bus="axi", max_burst=64))
    with SimulatedBoard(host) as board, SimulatedBoard(host) as other:
        for accelerator in (Accelerator(board), Accelerator(other)):
            latents = np.arange(40).reshape(5, 8)
            assert np.array_equal(accelerator.generate(latents).reshape(5, 8), latents)
    assert not list(host.root.glob("*.log")) or list(host.root.glob("*.log")) == [host.root / "compile.log"]


@pytest.fixture
def latin1(tmp_path):
    """Variables of a German machine of before UTF-8."""
    name = "de_DE.ISO-8859-1"
    subprocess.run(["localedef", "-i", "de_DE", "-f", "ISO-8859-1", tmp_path / name], check=True)
    variables = {**os.environ, "LOCPATH": str(tmp_path), "LC_ALL": name}
    asked = "import locale; print(locale.getpreferredencoding())"
    said = subprocess.run([sys.executable, "-c", asked], env=variables, capture_output=True, text=True)
    assert said.stdout == "ISO-8859-1\n"
    return variables


def test_two_at_once_in_one_build(tmp_path, new_programs, latin1):
    """One removed what the other was compiling, or wrote into its log; here in another encoding as well."""
    build = make_build(tmp_path / ODD / "build")
    command = [sys.executable, "-c", SIMULATE, str(build)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, env=latin1) for _ in range(2)]
    assert [process.communicate()[1] for process in both] == [b"", b""]
    assert [process.returncode for process in both] == [0, 0]
    assert json.loads((build / "sim.json").read_text())["images"] == 4
    assert not list(build.glob(".*"))


def test_a_users_home_that_is_not_theirs(tmp_path):
    """As nobody, with root's home: there is no cache to read or write, which costs time alone."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("takes root and setpriv to be somebody else")
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
    environment = {**os.environ, "HOME": "/root", "XDG_CACHE_HOME": "/root/.cache"}
    with tempfile.TemporaryDirectory() as folder:
        build = make_build(Path(folder) / "build")
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, 65534, 65534)
        seen = subprocess.run([*become, sys.executable, "-c", "import fpgan.sim.simulate"], env=environment)
        if seen.returncode:
            pytest.skip("nobody may not read this checkout")
        ran = subprocess.run([*become, sys.executable, "-c", SIMULATE, str(build)], env=environment)
        assert ran.returncode == 0 and (build / "sim.json").stat().st_uid == 65534


@pytest.mark.parametrize("kept", [b"", b"no gzip", b"\x1f\x8b\x08\x00half"])
def test_a_damaged_cache_costs_time_alone(tmp_path, monkeypatch, kept):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "fpgan" / "programs").mkdir(parents=True)
    (tmp_path / "fpgan" / "programs" / "key.gz").write_bytes(kept)
    made = []

    def make():
        made.append(program.write_text("#!/bin/sh\n"))

    program = tmp_path / "program"
    for _ in range(2):
        program.unlink(missing_ok=True)
        made_once(program, "key", make)
        assert program.read_text() == "#!/bin/sh\n"
    assert len(made) == 1 and os.access(program, os.X_OK)


def test_the_cache_keeps_what_was_used_last(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    program = tmp_path / "program"
    for number in range(70):
        made_once(program, f"{number}", lambda: program.write_text("x") and None)
        os.utime(tmp_path / "fpgan" / "programs" / f"{number}.gz", (number, number))
    kept = {int(path.stem) for path in (tmp_path / "fpgan" / "programs").iterdir()}
    assert len(kept) == 64 and kept >= set(range(8, 70))


def test_what_a_kill_left_is_removed_and_what_runs_is_not(tmp_path):
    with private_folder(tmp_path, "sim") as running:
        killed = tmp_path / ".sim.0000.fpgan-part"
        killed.mkdir()
        for folder in (running, killed):
            os.utime(folder, (0, 0))
        with private_folder(tmp_path, "sim") as other:
            assert running.exists() and other.exists() and not killed.exists()
    assert not list(tmp_path.iterdir())


def test_a_source_that_does_not_compile_is_named(tmp_path):
    build = make_build(tmp_path / "build", top=TOP.replace("endmodule", "wrong endmodule"))
    with pytest.raises(
        Exception, match=r"^compiling the simulation: %Error: rtl/fpgan_top.sv:\d+:.*sim\.log\)$"
    ):
        simulate(build, 2)
