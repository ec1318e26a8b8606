# SPDX-License-Identifier: Apache-2.0
"""Markdown files as pages: which there are, their pictures, links from names of modules to their pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from scripts.pages.modules import ROOT, Module

_PICTURE = re.compile(r"!\[[^]]*\]\(([^):]+)\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<![`\[])`([\w/.]+)`(?![`\]])")
_SKIPPED = {"out", "dist", "runs"}


def texts() -> list[Path]:
    """Every Markdown file from the top folder on: a folder's, its README first, before those within it."""
    folders = (path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
    found = [path for folder in folders if folder.name not in _SKIPPED for path in folder.rglob("*.md")]
    paths = [path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *found)]
    return sorted(paths, key=lambda path: (path.parent.parts, path.name != "README.md", path.name))


def pictures(page: Path) -> Iterator[str]:
    """What a page shows, as paths from the top folder."""
    for found in _PICTURE.finditer((ROOT / page).read_text(encoding="utf-8")):
        yield (ROOT / page.parent / found[1]).resolve().relative_to(ROOT).as_posix()


def title(page: Path) -> str:
    """Its first heading."""
    first = (ROOT / page).read_text(encoding="utf-8").split("\n", 1)[0]
    return first.removeprefix("# ")


def linked(text: str, page: PurePosixPath, names: Mapping[str, str]) -> str:
    """A page's text with each name of a module in backquotes a link to that module's page.

    page: its path from the top folder. names: what may stand there -> dotted name.
    """
    parts = _FENCE.split(text)
    return "".join(part if index % 2 else _CODE.sub(lambda m: _link(m, page, names), part)
                   for index, part in enumerate(parts))  # fmt: skip


def _link(found: re.Match[str], page: PurePosixPath, names: Mapping[str, str]) -> str:
    word = found[1]
    for folder in (page.parent, *page.parent.parents):
        dotted = names.get((folder / word).as_posix())
        if dotted:
            return f"[`{word}`][{dotted}]"
    return f"[`{word}`][{names[word]}]" if word in names else found[0]


def names_of(modules: Iterable[Module]) -> dict[str, str]:
    """A module's file from the top folder, its dotted name, and those of what it holds."""
    found = dict[str, str]()
    for module in modules:
        found |= {name: name for name in (module.name, *module.public())}
        if module.path.is_relative_to(ROOT):
            found[module.path.relative_to(ROOT).as_posix()] = module.name
    return found
