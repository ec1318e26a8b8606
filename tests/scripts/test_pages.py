# SPDX-License-Identifier: Apache-2.0
"""The site's parts: docstrings are read as they are meant, public names have pages, READMEs are linked."""

from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import griffe
import pytest

from scripts.pages import hook
from scripts.pages.docstrings import Conventions, items
from scripts.pages.links import linked, texts
from scripts.pages.modules import ROOT, Module, lay_out, public_modules

SOURCE = '''
"""A module."""

ROOM = 3  # words that wait


class Shape:
    """Of a layer.

    pe, simd: lanes. Made by fold.
    """

    pe: int
    simd: int
    core: str = "lut"  # or dsp
    bits: int = said("of a weight", "bits", stable=True)
    _hidden: int  # none sees this


def fold(shape, limit: int = 3, *rest):
    """Choose; limit: lanes at most.

    shape: what is folded: a layer,
        and no other. rest: more of them.
    Returns lanes.
    """
'''


def loaded(tmp_path: Path, source: str) -> griffe.Module:
    (tmp_path / "made.py").write_text(source, encoding="utf-8")
    return griffe.load(
        "made", search_paths=[tmp_path], extensions=griffe.load_extensions(Conventions), resolve_aliases=False
    )


@pytest.mark.parametrize(
    "text, found",
    [
        ("Sum. a: one. b, c: others.", [((), "Sum."), (("a",), "one."), (("b", "c"), "others.")]),
        ("Sum of a: of all.", [((), "Sum of a: of all.")]),  # amid a sentence
        ("Sum.\n\nd: is none.", [((), "Sum."), ((), "d: is none.")]),
        ("Sum.\n\na: one\n    more; b: two.\nRaises ValueError.", [
            ((), "Sum."), (("a",), "one more"), (("b",), "two."), ((), "Raises ValueError.")]),
        ("Sum.\n\n    a = 3\n", [((), "Sum."), ((), "    a = 3")]),  # code stays as it is
    ],
)  # fmt: skip
def test_items_of_a_docstring(text, found):
    assert list(items(text, {"a", "b", "c"})) == found


def test_parameters_and_prose(tmp_path):
    summary, parameters, returns = loaded(tmp_path, SOURCE)["fold"].docstring.parsed
    assert (summary.value, returns.value) == ("Choose", "Returns lanes.")
    assert [(p.name, p.annotation and str(p.annotation), p.description) for p in parameters.value] == [
        ("limit", "int", "lanes at most."),
        ("shape", None, "what is folded: a layer, and no other."),
        ("rest", None, "more of them."),
    ]


def test_attributes_are_told_by_their_class_a_comment_or_said(tmp_path):
    made = loaded(tmp_path, SOURCE)
    told = {
        name: member.docstring and member.docstring.value for name, member in made["Shape"].members.items()
    }
    assert told["pe"] == told["simd"] == "lanes. Made by fold."
    assert (told["core"], told["bits"]) == ("or dsp", "of a weight [bits]")
    assert made["ROOM"].docstring.value == "words that wait"
    assert [section.value for section in made["Shape"].docstring.parsed] == ["Of a layer."]


@pytest.mark.parametrize(
    "source, said",
    [
        ('def f(a):\n    """Sum.\n\n    b: a rename left this.\n    """', "has no 'b'"),
        ("def f(a):\n    return a", "has no docstring"),
        ("class F:\n    pass", "has no docstring"),
    ],
)
def test_what_is_not_said_well_is_a_warning(tmp_path, caplog, source, said):
    with caplog.at_level(logging.WARNING):
        loaded(tmp_path, source)
    assert said in caplog.text


def test_private_functions_may_say_nothing(tmp_path, caplog):
    loaded(tmp_path, "def _f(a):\n    return a\n\n\nclass _F:\n    def g(self):\n        return 1")
    assert not caplog.text


def test_every_module_has_a_page():
    pages = {module.path for module in public_modules()}
    tops = ("model", "hw", "sim", "build")
    sources = {path for top in tops for path in (ROOT / top).rglob("*.py") if path.name[0] != "_"}
    assert not sources - pages


def test_a_name_that_is_not_shown_is_a_warning(tmp_path, caplog, monkeypatch):
    path = tmp_path / "made.py"
    path.write_text(
        "class A:\n    def b(self): ...\n    def _c(self): ...\n\n\ndef d(): ...\n", encoding="utf-8"
    )
    module = Module("fpgan.made", path)
    monkeypatch.setitem(hook._BY_PAGE, module.page, module)
    page = SimpleNamespace(file=SimpleNamespace(src_uri=module.page))
    shown = "".join(f'<h2 id="{name}">' for name in ("fpgan.made", "fpgan.made.A", "fpgan.made.d"))
    hook.on_page_content(shown, page, None, None)
    assert [record.message for record in caplog.records] == ["fpgan.made.A.b is on no page"]


def test_long_code_may_break_where_it_has_parts():
    page = SimpleNamespace(file=SimpleNamespace(src_uri="README.md"))
    short, long = "<code>a/b_c</code>", f"<code>{'folder/' * 6}test_it.py::test_this</code>"
    html = hook.on_page_content(short + long, page, None, None)
    assert html.startswith(short) and html.endswith("/<wbr>test_<wbr>it.py::<wbr>test_<wbr>this</code>")


def test_names_of_modules_become_links():
    text = "See `flow.py`, `sim/golden.py`, `rtl/fifo.sv`, `fpgan.build.flow.build`.\n\n```\n`flow.py`\n```\n"
    assert linked(text, PurePosixPath("build/README.md"), hook._NAMES) == (
        "See [`flow.py`][fpgan.build.flow], [`sim/golden.py`][fpgan.sim.golden], `rtl/fifo.sv`, "
        "[`fpgan.build.flow.build`][fpgan.build.flow.build].\n\n```\n`flow.py`\n```\n"
    )


def test_the_packages_docstrings(tmp_path, caplog):
    """What a strict build of the site would refuse, without building it."""
    lay_out(tmp_path)
    package = griffe.load(
        "fpgan",
        search_paths=[tmp_path],
        extensions=griffe.load_extensions(Conventions),
        resolve_aliases=False,
    )
    assert {"build", "hw", "model", "sim"} <= set(package.members)
    assert not [record.message for record in caplog.records if "docstring" in record.message]


def test_readmes_and_sources_are_found(tmp_path):
    found = [path.as_posix() for path in texts()]
    assert {"README.md", "build/FILES.md", "build/folding/README.md"} <= set(found)
    assert found.index("build/README.md") < found.index("build/FILES.md")
    lay_out(tmp_path)
    lay_out(tmp_path)  # again, over what is there
    for module in public_modules():
        if module.path.exists():
            assert tmp_path.joinpath(*module.name.split(".")).with_suffix(".py").exists() or module.package
