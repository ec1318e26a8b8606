# SPDX-License-Identifier: Apache-2.0
"""`from fpgan import ...`: what the commands do, with their arguments, and their files as objects."""

from __future__ import annotations

import importlib
import inspect
import json
import shutil
import subprocess
import sys

import pytest
from identity_build import IMAGES, make_build

import fpgan
from fpgan import Build, CheckError, Deployment, Run
from fpgan.build.api.result import result
from fpgan.build.api.results import Plan, Simulation

CALLS = {
    "build": Build.from_onnx, "sim": Build.simulate, "synth": Build.synth, "power": Build.power,
    "bitstream": Build.bitstream, "report": Build.report, "verify": Deployment.verify, "train": Run.train,
    "evaluate": Run.evaluate, "export": Run.export, "prune": Run.prune, "inspect": fpgan.inspect,
    "quantize": fpgan.quantize, "study": fpgan.study, "weights": Build.weights,
}  # fmt: skip
# The argument that is the object called, where it is one.
OWN = {
    "sim": "build", "synth": "build", "power": "build", "bitstream": "build", "report": "build",
    "verify": "bit", "evaluate": "run", "export": "run", "prune": "run", "weights": "like",
}  # fmt: skip
RENAMED = {"quantize": {"layer": "layer_bits", "arg": "arguments"}}
TYPED = {"cores", "layer", "arg"}  # text on the command line


@pytest.mark.parametrize("name", CALLS)
def test_arguments_are_those_of_the_command(name):
    command = importlib.import_module(f"fpgan.build.cli.{name}").command
    options = {
        RENAMED.get(name, {}).get(key, key): option.default
        for key, option in inspect.signature(command).parameters.items()
        if key not in (OWN.get(name), "json")
    }
    arguments = dict(inspect.signature(CALLS[name]).parameters)
    for more in ("self", "progress"):
        arguments.pop(more, None)
    assert set(arguments) == set(options)
    for key, argument in arguments.items():
        if key not in TYPED and argument.default is not inspect.Parameter.empty:
            assert argument.default == plain(options[key]), key


def plain(default):
    return str(default) if hasattr(default, "__fspath__") else default


def test_import_takes_no_time():
    """Not PyTorch, not FINN: nor by the classes, until they are used."""
    code = (
        "import sys, fpgan; fpgan.__version__; first = set(sys.modules); fpgan.Build, fpgan.Run\n"
        "print(sorted(sys.modules.keys() & {'torch', 'finn', 'qonnx', 'brevitas', 'onnx'}), 'numpy' in first)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[] False\n"


def test_the_module_is_the_command():
    ran = subprocess.run(
        [sys.executable, "-m", "fpgan", "--version"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"fpgan {fpgan.__version__}\n"


def test_every_name_is_there():
    for name in fpgan.__all__:
        assert getattr(fpgan, name) is not None
    assert set(fpgan.__all__) <= set(dir(fpgan))
    with pytest.raises(AttributeError, match=r"module 'fpgan' has no attribute 'build_all'"):
        fpgan.build_all  # noqa: B018


def test_a_build_is_its_files(build_preset, tmp_path):
    made = build_preset("tiny")
    design = Build.open(made)
    assert design.plan.as_json() == json.loads((made / "report.json").read_text())
    assert design.plan.layers[0].estimates.LUT > 0 and design.plan.check() is not None
    assert design.design.name == "tiny" and design.synthesis is None and design.power_estimate is None
    assert "cycles_per_image" in design._repr_html_() and design.plan.layers[0].name in design._repr_html_()


@pytest.mark.verilator
def test_a_simulation_that_differs(tmp_path):
    """Is no exception until it is asked for; the object says what sim.json does."""
    design = Build.open(make_build(tmp_path / "build", wrong_pixels=3))
    found = design.simulate(IMAGES)
    assert found == design.simulation and found.mismatches == 3
    assert found.as_json() == json.loads((tmp_path / "build/sim.json").read_text())
    assert not found.waves and "waves" not in found.as_json()
    line = f"3 of {found.pixels} pixels differ from PyTorch; the first at {found.differences[0]}"
    with pytest.raises(CheckError) as error:
        found.check()
    assert str(error.value) == line and line in found._repr_html_()
    assert "data:image/png;base64," in found._repr_html_()


def test_text_is_escaped(build_preset):
    """A BUILD may come from anybody."""
    made = build_preset("tiny")
    data = json.loads((made / "report.json").read_text())
    data["name"] = data["board"] = data["notes"][:] = "<script>alert(1)</script>"
    data["notes"], data["fifos"][0]["name"] = ["<b>"], "<i>x"
    shown = result(Plan, data, made)._repr_html_()
    assert "<script" not in shown and "&lt;script&gt;" in shown
    assert "<b>" not in shown and "<i>x" not in shown


def test_a_file_that_is_damaged_is_one_line(build_preset, tmp_path):
    made = tmp_path / "build"
    shutil.copytree(build_preset("tiny"), made)
    (made / "sim.json").write_text('{"images": 4}')
    with pytest.raises(ValueError, match=r"sim.json: has no pixels; run fpgan sim again$"):
        _ = Build.open(made).simulation


def test_refusals_are_those_of_the_commands(export_preset, tmp_path):
    model = export_preset("tiny")
    with pytest.raises(ValueError, match="board 'basys9' is not known"):
        Build.from_onnx(model, tmp_path / "b", board="basys9")
    with pytest.raises(ValueError, match="no build here"):
        Build.open(tmp_path)
    with pytest.raises(ValueError, match=r"facts\.json is missing"):
        Deployment.open(tmp_path)
    with pytest.raises(ValueError, match="absent: no RUN folder"):
        Run.open("absent")
    with pytest.raises(ValueError, match="preset huge: must be one of tiny"):
        Run.train("huge", tmp_path / "r")
    with pytest.raises(ValueError, match="no such file"):
        fpgan.inspect(tmp_path / "absent.onnx")
    assert not any(tmp_path.iterdir())


def test_from_settings_to_a_build(tmp_path):
    run = Run.train("tiny", tmp_path / "run", steps=0, settings={"generator.channels": [4], "seed": 3})
    assert run.config.generator.channels == (4,) and run.config.seed == 3
    assert run.metrics.bits.image == 8 and run == Run.open(tmp_path / "run")
    assert run.metrics.picture == run.root / "samples.png"
    model = run.export(tmp_path / "small.onnx", vectors=4)
    assert not fpgan.inspect(model).check().blocked
    design = Build.from_onnx(model, tmp_path / "built", target_fps=50_000)
    assert design.plan.name == "small" and design.plan.frames_per_second >= 50_000
    page = design.report()
    assert page.path == design.root / "report.html" and "srcdoc" in page._repr_html_()
    facts = design.bitstream(tmp_path / "deploy")
    assert "vivado" in facts.missing and Deployment.open(tmp_path / "deploy") == facts


def test_repr_is_short(tmp_path):
    shown = repr(Simulation(**{name: None for name in _required()} | {"images": 4, "mismatches": 0}))
    assert shown == "Simulation(images=4, mismatches=0)"


def _required():
    parameters = inspect.signature(Simulation).parameters.values()
    return [p.name for p in parameters if p.default is inspect.Parameter.empty]
