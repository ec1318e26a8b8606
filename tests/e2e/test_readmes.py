# SPDX-License-Identifier: Apache-2.0
"""Every fenced command of every README runs as it is written, in its order, on networks that take seconds."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from json_schema import faults
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.files import FILES, schema_of
from fpgan.model.config import PRESETS
from fpgan.model.train import train

ROOT = Path(__file__).parents[2]
READMES = sorted(
    path for path in ROOT.rglob("README.md") if not any(part.startswith(".") for part in path.parts)
)
# What stands in the READMEs -> what takes seconds instead.
SHORT = {
    "train --preset mnist32": "train --preset tiny --steps 0",
    "export mnist32-labels": "export given/labels --vectors 70",
    "export mnist32": "export given/plain --vectors 70",
    "--steps 300": "--steps 1",
}
# What is not run, and why; of fpgan's own commands the options are checked.
NOT_RUN = {
    r"make (demo|test)": "this is what runs this",
    r"\. \.venv/bin/activate": "the test's own Python is the one that it would find",
    r"fpgan study digits": "hours; tests/build/study runs small ones",
    r"fpgan bitstream out/z ": "as the one before it; tests/build/implement makes some for each bus",
    r"fpgan verify": "needs a bitstream of the open tools; tests/build/implement/xc7 has a stored one",
    r"(?s).*import assemble": "needs Project X-Ray's database; tests/build/implement/xc7 has an excerpt",
    r"fpgan bench": "an hour; tests/build/bench runs small ones",
    r".*vitis_hls": "needs Vitis HLS",
    r"finn build": "needs Vivado; tests/build/finn runs what does not",
    r"python -m fpgan.finn": "tests/build/finn/test_networks.py runs it",
    r"scp ": "needs a board; tests/hw/driver runs the self-test on a simulated one",
    r"(?s).*from driver import": "needs a board; tests/hw/driver runs it on a simulated one",
}


def blocks(readme: Path) -> Iterator[tuple[str, str]]:
    """Language and text of every fenced block."""
    yield from re.findall(
        r"^```(\w*)\n(.*?)^```", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def statements(block: str) -> list[str]:
    """Lines of a shell, here-documents whole."""
    return [m[0].strip() for m in re.finditer(r"^.*<< '(\w+)'\n(?:.*\n)*?\1$|^.+$", block, re.MULTILINE)]


def not_run(text: str) -> bool:
    return any(re.match(pattern, text) for pattern in NOT_RUN)


@pytest.fixture(scope="module")
def given(tmp_path_factory, build_preset):
    """RUN folders in place of the shipped checkpoints, and the demo's build."""
    folder = tmp_path_factory.mktemp("readme")
    tiny = PRESETS["tiny"]
    for name, classes in (("plain", 0), ("labels", 10)):
        config = replace(tiny, generator=replace(tiny.generator, classes=classes))
        train(config, folder / "given" / name, steps=0)
    shutil.copytree(build_preset("tiny"), folder / "out/demo/build")
    return folder


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.yosys
@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT).parent))
def test_every_command_runs(readme, given, tmp_path, monkeypatch):
    shutil.copytree(given, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for language, block in blocks(readme):
        if language == "python" and not not_run(block):
            exec(compile(block, str(readme), "exec"), {"__name__": "readme"})
        for statement in statements(block) if not language else ():
            run(statement)
    check_files(tmp_path)


def check_files(folder: Path) -> None:
    """What the commands wrote is as the schemas say: a field that stands in none, or is not written."""
    for path in folder.rglob("*.json"):
        name = path.stem.removeprefix("netlist_")
        if name in FILES:
            found = list(faults(json.loads(path.read_text(encoding="utf-8")), schema_of(name)))
            assert not found, f"{path}: {found}"


def run(statement: str) -> None:
    words = shlex.split(statement, comments=True) if "<<" not in statement else []
    if words[:1] == ["fpgan"]:
        check_options(words[1:])
    if not_run(statement):
        return
    if words[:1] != ["fpgan"]:
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        subprocess.run(
            ["bash", "-euc", statement], check=True, env={"PATH": path, "HOME": "/tmp"}, timeout=100
        )
        return
    for long, short in SHORT.items():
        statement = statement.replace(long, short)
    result = CliRunner().invoke(app, shlex.split(statement, comments=True)[1:], env={"COLUMNS": "300"})
    assert result.exit_code == 0, f"{statement}: {result.output}"


def check_options(arguments: list[str]) -> None:
    """A usage error for an option or a value that the command does not take."""
    group = typer.main.get_command(app)
    name, command, rest = group.resolve_command(
        group.make_context("fpgan", [], resilient_parsing=True), arguments
    )
    command.make_context(name, rest)


def test_options_that_do_not_exist_are_seen():
    with pytest.raises(Exception, match="No such option"):
        check_options(["sim", "build", "--frames", "3"])


def test_every_exception_is_needed():
    found = [
        s for path in READMES for language, b in blocks(path) for s in ([b] if language else statements(b))
    ]
    unused = [pattern for pattern in NOT_RUN if not any(re.match(pattern, text) for text in found)]
    unused += [long for long in SHORT if not any(long in text for text in found)]
    assert not unused
