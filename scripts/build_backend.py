# SPDX-License-Identifier: Apache-2.0
"""How the package is built: by setuptools, with a README whose links hold where it is read.

`repository` of [tool.fpgan] in pyproject.toml is the one place that says where the project is published.
Where it is filled in, links and pictures of the long description lead there, and the package has its URLs;
where it is empty, links stay as they are in the tree, and there are no URLs.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import setuptools
from setuptools.build_meta import _BuildMetaBackend
from setuptools.command.egg_info import manifest_maker

_ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)")  # to a file of the tree


def repository() -> str:
    """The address that [tool.fpgan] gives, without a slash at its end. ValueError unless it is one."""
    settings = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    address = str(settings["tool"]["fpgan"]["repository"]).rstrip("/")
    if address and not re.fullmatch(r"https://[\w.-]+(/[\w.~-]+)+", address):
        raise ValueError(f"repository = {address!r}: https://HOST/OWNER/NAME is expected, or nothing")
    return address


def long_description(readme: str, address: str) -> str:
    """A README as it is shown away from its tree: its relative links from the repository's address on."""
    if not address:
        return readme

    def absolute(link: re.Match[str]) -> str:
        picture, text, target = link.groups()
        return f"{picture}[{text}]({address}/{'raw' if picture else 'blob'}/HEAD/{target})"

    return _LINK.sub(absolute, readme)


def urls(address: str) -> dict[str, str]:
    """The package's URLs, by their well-known labels."""
    if not address:
        return {}
    changelog = f"{address}/blob/HEAD/CHANGELOG.md"
    return {"Homepage": address, "Source": address, "Issues": f"{address}/issues", "Changelog": changelog}


class _Backend(_BuildMetaBackend):  # setuptools' documented way to a backend of one's own
    def run_setup(self, setup_script: str = "setup.py") -> None:
        """In place of a setup.py, and of a MANIFEST.in."""
        manifest_maker.template = "scripts/sdist.in"
        address = repository()
        readme = (_ROOT / "README.md").read_text(encoding="utf-8")
        more: dict[str, Any] = {"project_urls": urls(address)} if address else {}
        setuptools.setup(
            long_description=long_description(readme, address),
            long_description_content_type="text/markdown",
            **more,
        )


_backend = _Backend()
build_wheel = _backend.build_wheel
build_sdist = _backend.build_sdist
build_editable = _backend.build_editable
get_requires_for_build_wheel = _backend.get_requires_for_build_wheel
get_requires_for_build_sdist = _backend.get_requires_for_build_sdist
get_requires_for_build_editable = _backend.get_requires_for_build_editable
prepare_metadata_for_build_wheel = _backend.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = _backend.prepare_metadata_for_build_editable
