# SPDX-License-Identifier: Apache-2.0
"""The package's public modules: where pyproject.toml says they lie, what they hold, their pages."""

from __future__ import annotations

import ast
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    """A module, or a package (which `path` ends in __init__.py of), by its dotted name."""

    name: str
    path: Path

    @property
    def page(self) -> str:
        """Its page's path; a package's is what its section begins with."""
        return f"api/{self.name}/index.md" if self.package else f"api/{self.name}.md"

    @property
    def package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def parent(self) -> str:
        return self.name.rpartition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        """Its source, parsed; of a package without an __init__.py nothing."""
        return ast.parse(self.path.read_text(encoding="utf-8") if self.path.exists() else "")

    @property
    def summary(self) -> str:
        """The first paragraph of its docstring, in one line."""
        return " ".join((ast.get_docstring(self.tree) or "").split("\n\n")[0].split())

    def public(self) -> Iterator[str]:
        """Dotted names of its public functions and classes, and of their public methods."""
        yield from _public(self.tree.body, self.name)


def _public(body: list[ast.stmt], above: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
            yield (name := f"{above}.{node.name}")
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, name)


def folders() -> dict[str, Path]:
    """Each package that the wheel has, and its folder."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    places: dict[str, str] = settings["package-dir"]
    found = {}
    for package in settings["packages"]:
        top = max((name for name in places if f"{package}.".startswith(f"{name}.")), key=len)
        found[package] = ROOT.joinpath(places[top], *package.removeprefix(top).strip(".").split("."))
    return found


def public_modules() -> list[Module]:
    """All whose names do not begin with an underscore, each package before what it holds."""
    found = []
    for package, folder in sorted(folders().items(), key=lambda pair: pair[0] != "fpgan"):
        found.append(Module(package, folder / "__init__.py"))
        stems = sorted(path.stem for path in folder.glob("*.py"))
        found += [Module(f"{package}.{stem}", folder / f"{stem}.py") for stem in stems if stem[0] != "_"]
    return found


def lay_out(where: Path) -> None:
    """The package as a folder `fpgan` in `where`, by links, for what reads sources by their names."""
    shutil.rmtree(where, ignore_errors=True)
    top = where / "fpgan"
    top.mkdir(parents=True)
    for package, folder in folders().items():
        if package == "fpgan":
            for path in folder.glob("*.py"):
                (top / path.name).symlink_to(path)
        elif package.count(".") == 1:
            (top / package.rpartition(".")[2]).symlink_to(folder)
