# SPDX-License-Identifier: Apache-2.0
"""How commands end that cannot begin: at once, in one line, for programs as for people."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fpgan.build.cli.main import app

ROOT = Path(__file__).parents[3]
COMMANDS = [command.name or command.callback.__module__.split(".")[-1] for command in app.registered_commands]
HEAVY = (
    "torch", "brevitas", "finn", "qonnx", "onnx", "numba", "ortools", "optuna", "distributed", "pandas",
    "scipy", "matplotlib",
)  # fmt: skip

# What cannot be done, and the line that says so. MODEL and RUN are there, GONE is not, FULL is not ours.
REFUSED = (
    ("build GONE", "GONE: no such file"),
    ("build .", ".: is no file"),
    ("build MODEL --board ultra97", "board 'ultra97' is not known; the nearest is ultra96; choose one of "),
    ("build MODEL --out FULL", "FULL: is not empty and has no design.json"),
    ("build MODEL --out MODEL/below", "MODEL/below: cannot be made a folder"),
    ("build MODEL --like GONE", "GONE: no build here"),
    ("build MODEL --cores cpu", "--cores cpu: 'cpu' is not one of lut, dsp, dsp2x, cascade"),
    ("build MODEL --backend hls --cores dsp2x", "cores: dsp2x needs a second clock"),
    ("build MODEL --backend hls --cores cascade", "cores: cascade places DSP slices by itself"),
    ("build MODEL --max-utilization 2", "--max-utilization 2: must be 0.01 to 1"),
    ("inspect GONE", "GONE: no such file"),
    ("sim GONE", "GONE: no build here"),
    ("sim GONE --seed -1", "--seed -1: must be 0 to 4,294,967,295"),
    ("sim GONE --label x", "label=x: give a label"),
    ("weights GONE --like RUN", "GONE: no such file"),
    ("weights MODEL --like GONE", "GONE: no build here"),
    ("synth GONE", "GONE: no build here"),
    ("synth GONE --jobs 0", "--jobs 0: must be 1 or more"),
    ("synth GONE --tool ise", "--tool ise: must be one of yosys, vivado"),
    ("power GONE", "GONE: no build here"),
    ("bitstream GONE", "GONE: no build here"),
    ("bitstream GONE --board pynq", "board 'pynq' is not known"),
    ("verify GONE", "GONE: does not exist"),
    ("verify FULL --stall 1", "--stall 1: must be 0 to below 1"),
    ("report GONE", "GONE: no build here"),
    ("export GONE", "GONE: no RUN folder"),
    ("export RUN --out FULL", "FULL: is a folder; name the file to write"),
    ("export RUN --vectors 0", "--vectors 0: must be 1 or more"),
    ("evaluate GONE", "GONE: no RUN folder"),
    ("evaluate RUN --baseline GONE", "GONE: no RUN folder"),
    ("evaluate RUN --nearest FULL", "FULL: is a folder; name the file to write"),
    ("evaluate RUN --samples many", "--samples many: must be a number, 1 or more"),
    ("prune GONE --ratio 0.5 --out x", "GONE: no RUN folder"),
    ("prune RUN --ratio 1 --out x", "--ratio 1: must be above 0 to below 1"),
    ("prune RUN --out x", "give either --ratio or --channels"),
    ("quantize GONE:G --out x", "GONE: does not exist"),
    ("quantize MODEL:G --out x --bits W9A4", "bits=W9A4: weights=9: 2 to 8 bits are supported"),
    ("quantize MODEL:G --out x --weights GONE", "GONE: does not exist"),
    ("quantize MODEL:G --out x --latents GONE", "latents GONE: does not exist"),
    ("train --preset huge", "--preset huge: must be one of tiny, "),
    ("train", "give either --preset or --config"),
    ("train --config GONE", "GONE: does not exist"),
    ("train --preset tiny --set klasses=3", "set klasses=3: unknown key klasses"),
    ("train --preset tiny --steps -1", "--steps -1: must be 0 or more"),
    ("train --preset tiny --init GONE", "GONE: does not exist"),
    ("train --preset tiny --out MODEL", "MODEL: cannot be made a folder"),
    ("train --resume --out RUN", "RUN/training.safetensors: does not exist"),
    ("study GONE", "GONE: does not exist"),
    ("study MODEL", "MODEL: the file: must be a mapping"),
    ("study MODEL --workers 0", "--workers 0: must be 1 or more"),
    ("demo --board ultra97", "board 'ultra97' is not known"),
    ("demo --images 0", "--images 0: must be 1 or more"),
    ("bench --designs big", "--designs big: 'big' is not one of mnist32-ultra96, "),
    ("bench --images 1", "--images 1: must be 2 or more"),
    ("bench --against GONE", "GONE: does not exist; give a BENCH.json"),
    ("bench --measured MODEL", "--measured MODEL: goes with --against"),
    ("bench --deconv finn", "--deconv finn: goes with --lowerings"),
    ("bench --lowerings --lanes", "--lanes: goes without --lowerings"),
    ("bench --lowerings --deconv ours", "--deconv ours: 'ours' is not one of fpgan, finn"),
    ("doctor --all", "no such option: --all; see fpgan doctor --help"),
    ("fold", "no such command 'fold'; see fpgan --help"),
    ("build", "missing argument 'MODEL'; see fpgan build --help"),
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "MODEL").write_text("no model")
    for name, file, text in (("RUN", "config.yaml", "preset: tiny"), ("FULL", "thesis.tex", "x")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object) -> object:
    return CliRunner().invoke(app, [str(a) for a in arguments], prog_name="fpgan")


@pytest.mark.parametrize(("given", "says"), REFUSED, ids=[given for given, _ in REFUSED])
def test_one_line_and_the_same_as_json(place: Path, given: str, says: str) -> None:
    done = run(*given.split())
    assert done.exit_code == 2 and done.stdout == ""
    assert done.stderr.startswith(f"error: {says}") and done.stderr.count("\n") == 1
    for_programs = run(*given.split(), "--json")
    assert for_programs.stderr == done.stderr and for_programs.exit_code == 2
    assert f"error: {json.loads(for_programs.stdout)['error']}\n" == for_programs.stderr
    assert sorted(p.name for p in place.iterdir()) == ["FULL", "MODEL", "RUN"]


_REFUSE_ALL = """
import json, sys
from fpgan.build.cli.entry import main
cases, heavy = map(json.loads, sys.argv[1:])
loaded = {}
for given in cases:
    sys.argv[1:] = given.split()
    try:
        main()
    except SystemExit as end:
        assert end.code == 2, given
    loaded[given] = [name for name in heavy if name in sys.modules]
print(json.dumps(loaded))
"""


def test_nothing_heavy_is_imported_to_say_so(place: Path) -> None:
    given = [given for given, _ in REFUSED]
    done = subprocess.run(
        [sys.executable, "-c", _REFUSE_ALL, json.dumps(given), json.dumps(HEAVY)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout) == {case: [] for case in given}


def test_every_command_is_refused_once_and_takes_json() -> None:
    assert {given.split()[0] for given, _ in REFUSED} >= set(COMMANDS)
    for command in COMMANDS:
        assert "--json" in run(command, "--help").stdout, command


_INTERRUPTED = """
import sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            try:
                raise KeyboardInterrupt
            except KeyboardInterrupt:
                raise {error}
sys.meta_path.insert(0, CtrlC())
sys.argv[1:] = {given!r}
from fpgan.build.cli.entry import main
main()
"""


@pytest.mark.parametrize(
    ("module", "error", "given"),
    [
        ("typer", "", ["--version"]),
        ("fpgan.build.cli.sim", "", ["build", "x", "--json"]),
        ("fpgan.build.frontend.inspect", "", ["inspect", "MODEL", "--json"]),
        ("numpy", "ImportError('numpy.core failed to import')", ["sim", "GONE"]),  # what C makes of it
    ],
)
def test_ctrl_c_while_modules_are_imported(place: Path, module: str, error: str, given: list[str]) -> None:
    code = _INTERRUPTED.format(module=module, error=error, given=given)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
    assert done.stdout == ('{"error": "interrupted"}\n' if "--json" in given else "")


def test_the_installed_program_begins_where_ctrl_c_is_caught() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"fpgan": "fpgan.build.cli.entry:main"}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("build --board p", ["pynq-z1", "pynq-z2"]),
        ("bitstream --board zc", ["zcu104", "zc706"]),
        ("build --cores lut,", ["lut,lut", "lut,dsp", "lut,dsp2x", "lut,cascade"]),
        ("build --deconv ", ["subpixel", "zero_insert"]),
        ("build --backend ", ["rtl", "hls"]),
        ("synth --tool ", ["yosys", "vivado"]),
        ("bitstream --tool ", ["vivado", "openxc7"]),
        ("bitstream --bus ", ["axi", "axil"]),
        ("train --preset ", ["tiny", "mnist32", "seed32", "rgb64", "k5"]),
        ("prune --by ", ["taylor", "bn"]),
        ("quantize --data ", ["digits", "fashion", "emoji", "clipart", "FOLDER"]),
        ("build --board ultra97 --backend ", ["rtl", "hls"]),
        ("bench --designs mnist32-z", ["mnist32-zcu104"]),
    ],
)
def test_completion(line: str, offered: list[str]) -> None:
    env = {"_FPGAN_COMPLETE": "complete_bash", "COMP_WORDS": f"fpgan {line}",
           "COMP_CWORD": str(len(f"fpgan {line}".split(" ")) - 1)}  # fmt: skip
    done = CliRunner().invoke(app, [], prog_name="fpgan", env=env)
    assert done.stdout.split() == [name for name in offered if name != "FOLDER"]


def test_help_shows_choices_ranges_and_defaults() -> None:
    shown = " ".join(
        CliRunner().invoke(app, ["build", "--help"], env={"COLUMNS": "300"}).stdout.replace("│", " ").split()
    )
    for text in (
        "rtl|hls", "subpixel|zero_insert", "lut,dsp,dsp2x,cascade", "FLOAT 1 to 1,000", "FLOAT 0.01 to 1",
        "KIND=AMOUNT", "[default: (the board's)]", "[default: 0.8]", "pynq-z2",
    ):  # fmt: skip
        assert text in shown, text
