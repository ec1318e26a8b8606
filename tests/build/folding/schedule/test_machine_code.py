# SPDX-License-Identifier: Apache-2.0
"""Machine code is kept for later runs, but for none in which a file that it was made of has changed."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import pytest

from fpgan.build.folding import schedule

HELPER = """
from fpgan.build.folding.schedule.machine_code import compiled

LIMIT = {limit}

@compiled
def helper(x):
    return x + LIMIT
"""
KEPT = """
from fpgan.build.folding.schedule.machine_code import kept
from {package} import helper

@kept
def called(x):
    return helper.helper(x) + 1
"""


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """imported() -> `called` of a package that a new run imports."""
    folder = tmp_path / "kept_package"
    folder.mkdir()
    (folder / "called.py").write_text(KEPT.format(package=folder.name), encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def run(limit):
        (folder / "helper.py").write_text(HELPER.format(limit=limit), encoding="utf-8")
        for name in [name for name in sys.modules if name.startswith(folder.name)]:
            monkeypatch.delitem(sys.modules, name)
        importlib.invalidate_caches()
        return importlib.import_module(f"{folder.name}.called").called

    return run


def test_what_is_kept_follows_the_files_that_it_calls(imported):
    first, again, changed = imported(5), imported(5), imported(7)
    assert [first(9), again(9), changed(9)] == [15, 15, 17]
    hits = [sum(function.stats.cache_hits.values()) for function in (first, again, changed)]
    assert hits == [0, 1, 0]


def taken_from_elsewhere(tree):
    """Names of other folders' that compiled functions of a file use."""
    elsewhere = {
        name.asname or name.name
        for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
        if not (getattr(node, "module", None) or name.name).startswith(schedule.__name__)
    }  # fmt: skip
    return {
        name.id
        for function in tree.body if isinstance(function, ast.FunctionDef)
        if any(getattr(decorator, "id", "") in ("compiled", "kept") for decorator in function.decorator_list)
        for statement in function.body
        for name in ast.walk(statement) if isinstance(name, ast.Name) and name.id in elsewhere
    }  # fmt: skip


def test_compiled_functions_take_nothing_from_other_folders():
    """Whose changes would not be seen. numpy's functions are numba's own there."""
    files = sorted(Path(next(iter(schedule.__path__))).glob("*.py"))
    taken = {path.name: taken_from_elsewhere(ast.parse(path.read_text(encoding="utf-8"))) for path in files}
    assert {name: names for name, names in taken.items() if names - {"np"}} == {}
    assert taken["step.py"] == {"np"}
