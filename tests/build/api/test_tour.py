# SPDX-License-Identifier: Apache-2.0
"""The tour as a notebook: that it is written, and empty. .ci/wheel-test runs it, from the wheel."""

from __future__ import annotations

import ast
import inspect
import json

from typer.testing import CliRunner

import fpgan
from fpgan.build.api.tour import notebook
from fpgan.build.cli.main import app


def cells(kind):
    return [cell for cell in json.loads(notebook())["cells"] if cell["cell_type"] == kind]


def test_it_has_no_output():
    assert len(cells("code")) > 8
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells("code"))


def test_its_calls_take_their_arguments():
    """What would stop it first, seen without the minutes that it takes."""
    names = {"Run": fpgan.Run, "Build": fpgan.Build, "run": fpgan.Run, "design": fpgan.Build}
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells("code")))
    called = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if owner in names:
                function = getattr(names[owner], name)
                bound = [object()] if owner in ("run", "design") else []
            case ast.Call(func=ast.Name(id=name)) if name in fpgan.__all__:
                function, bound = getattr(fpgan, name), []
            case _:
                continue
        called.add(name)
        keywords = {keyword.arg: None for keyword in node.keywords}
        inspect.signature(function).bind(*bound, *node.args, **keywords)
    assert called >= {"train", "export", "from_onnx", "simulate", "synth", "report", "quantize", "study"}


def test_demo_writes_it(tmp_path):
    """But over nothing: a notebook that is there may hold somebody's own cells."""
    path = tmp_path / "tour.ipynb"
    ran = CliRunner().invoke(app, ["demo", "--notebook", str(path), "--json"])
    assert ran.exit_code == 0 and json.loads(ran.stdout) == {"notebook": str(path)}
    assert path.read_bytes() == notebook()
    path.write_text("mine")
    again = CliRunner().invoke(app, ["demo", "--notebook", str(path)])
    assert again.exit_code == 2 and again.stderr == f"error: {path}: is there already; name a new file\n"
    assert path.read_text() == "mine"
