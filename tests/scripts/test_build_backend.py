# SPDX-License-Identifier: Apache-2.0
"""The long description and the URLs of the package, with an address and without."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADDRESS = "https://example.org/owner/name"


@pytest.fixture
def backend():
    spec = importlib.util.spec_from_file_location("build_backend", ROOT / "scripts" / "build_backend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_link_of_the_readme_leads_to_the_address(backend):
    """And to a file that is there; a web address, and what is no link, stay as they are."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", backend.long_description(readme, ADDRESS))
    assert links and all(link.startswith("https://") for link in links)
    paths = [link.split("/HEAD/")[1] for link in links if link.startswith(f"{ADDRESS}/")]
    assert all((ROOT / path).exists() for path in paths)
    text = "[a](b.md#c) ![p](d/e.png) [f](https://g.org/h) [i](#j) k](l)"
    assert backend.long_description(text, ADDRESS) == (
        f"[a]({ADDRESS}/blob/HEAD/b.md#c) ![p]({ADDRESS}/raw/HEAD/d/e.png) [f](https://g.org/h) [i](#j) k](l)"
    )


def test_without_an_address_nothing_is_invented(backend):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert backend.long_description(readme, "") == readme and backend.urls("") == {}


def test_urls_are_below_the_address(backend):
    assert backend.urls(ADDRESS)["Homepage"] == ADDRESS
    assert all(url.startswith(ADDRESS) for url in backend.urls(ADDRESS).values())


@pytest.mark.parametrize(
    ("given", "address"),
    [("", ""), (f"{ADDRESS}/", ADDRESS), ("owner/name", None), ("https://example.org", None)],
)
def test_the_address_is_one(backend, tmp_path, monkeypatch, given, address):
    (tmp_path / "pyproject.toml").write_text(f'[tool.fpgan]\nrepository = "{given}"\n')
    monkeypatch.setattr(backend, "_ROOT", tmp_path)
    if address is not None:
        assert backend.repository() == address
    else:
        with pytest.raises(ValueError, match="https://HOST/OWNER/NAME is expected"):
            backend.repository()


def test_every_folder_of_python_is_a_package_that_ships():
    """A module that no package lists is missing from the wheel."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    modules = [path for room in ("hw", "model", "sim", "build") for path in (ROOT / room).rglob("*.py")]
    names = {".".join(("fpgan", *path.relative_to(ROOT).parent.parts)) for path in modules}
    assert names - {"fpgan.build.package"} | {"fpgan"} == set(settings["packages"])


def test_the_version_is_one():
    """What is cited is what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"\nversion: {project['version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
