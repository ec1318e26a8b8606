# SPDX-License-Identifier: Apache-2.0
"""What MkDocs calls while it makes the site: the READMEs where they lie, a page for each public module.

A public function or class that is on no page is a warning, and so an error of a strict build.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.pages import commands, modules
from scripts.pages.links import linked, names_of, pictures, texts, title
from scripts.pages.modules import ROOT, Module

_log = logging.getLogger(f"mkdocs.hooks.{__name__}")
_SOURCES = ".cache/site"
_GUIDES = ("README.md", "model/README.md", "build/README.md", "hw/README.md", "tests/CLAIMS.md")
_FILES = "build/FILES.md"
_PROJECT = ("CONTRIBUTING.md", "CHANGELOG.md")
_LONG_CODE = re.compile(r"(?<=<code>)[^<>]{40,}(?=</code>)")
_MODULES = modules.public_modules()
_NAMES = names_of(_MODULES)
_BY_PAGE = {module.page: module for module in _MODULES}


def on_startup(command: str, dirty: bool) -> None:
    """The sources where the generator of the reference looks: it forgets a folder that is not there."""
    modules.lay_out(ROOT / _SOURCES)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The table of contents."""
    config.nav = [
        {"Guides": list(_GUIDES)},
        {"Inside": ["inside/index.md", *(path.as_posix() for path in _inside())]},
        {"Reference": ["api/index.md", {"Commands": "api/commands.md"}, {"JSON files": _FILES},
                       *(module.page for module in _MODULES if module.name == "fpgan"), *_nav("fpgan")]},
        {"Project": list(_PROJECT)},
    ]  # fmt: skip
    return config


def _inside() -> list[Path]:
    """All that is no guide: the READMEs of single folders, and what lies beside them."""
    return [path for path in texts() if path.as_posix() not in (*_GUIDES, _FILES, *_PROJECT)]


def _nav(package: str) -> list[Any]:
    """Pages of a package's modules, its packages as sections that begin with their own page."""
    found: list[Any] = []
    for module in _MODULES:
        if module.parent == package:
            last = module.name.rpartition(".")[2]
            pages = [module.page, *_nav(module.name)]
            found.append({last: pages if module.package else module.page})
    return found


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """READMEs and their pictures from their own folders, the reference as generated pages."""
    for page in texts():
        for name in (page.as_posix(), *pictures(page)):
            if files.get_file_from_path(name) is None:
                files.append(File(name, str(ROOT), config.site_dir, config.use_directory_urls))
    generated = {module.page: _reference(module) for module in _MODULES}
    generated |= {"inside/index.md": _folders(), "api/index.md": _index(), "api/commands.md": commands.page()}
    for name, text in generated.items():
        files.append(File.generated(config, name, content=text))
    return files


def _reference(module: Module) -> str:
    text = f"---\ntitle: {module.name.rpartition('.')[2]}\n---\n\n::: {module.name}\n"
    inside = [other for other in _MODULES if other.parent == module.name]
    return f"{text}\n{_table(inside)}" if module.package else text


def _table(found: list[Module]) -> str:
    rows = "".join(f"| [`{module.name}`][{module.name}] | {module.summary} |\n" for module in found)
    return f"| module | |\n|---|---|\n{rows}" if found else ""


def _folders() -> str:
    rows = "".join(f"| `{path.parent}` | [{title(path)}](../{path.as_posix()}) |\n" for path in _inside())
    says = "What lives in each folder, and what to touch to add something."
    return f"# Inside\n\n{says}\n\n| | |\n|---|---|\n{rows}"


def _index() -> str:
    packages = [module for module in _MODULES if module.package]
    return f"# Python\n\n{_table(packages)}"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Names of modules become links."""
    if page.file.src_uri.startswith("api/"):
        return markdown
    return linked(markdown, PurePosixPath(page.file.src_uri), _NAMES)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Looks for every public name of a module on its page, and lets long code in tables break."""
    module = _BY_PAGE.get(page.file.src_uri)
    if module:
        shown = set(re.findall(r'id="(fpgan[^"]*)"', html))
        for name in sorted({module.name, *module.public()} - shown):
            _log.warning(f"{name} is on no page")
        return html.replace(f"{_SOURCES}/fpgan/", "")  # files by their paths from the top folder
    return _LONG_CODE.sub(lambda found: re.sub(r"(::|[/_])", r"\1<wbr>", found[0]), html)
