# SPDX-License-Identifier: Apache-2.0
"""CONTRIBUTING.md quotes what is in the sources and names what is there; CITATION.cff has our version."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_what_is_quoted_stands_in_its_file():
    quotes = re.findall(r"^ +```\w+\n +(?:#|//) (\S+)\n(.*?)^ +```", TEXT, re.MULTILINE | re.DOTALL)
    assert len(quotes) == 6
    for name, quoted in quotes:
        source = (ROOT / name).read_text(encoding="utf-8")
        lines = "".join(line.removeprefix("   ") for line in quoted.splitlines(keepends=True))
        assert lines in source, f"{name} no longer has:\n{lines}"


def test_what_is_named_exists():
    named = re.findall(r"`((?:build|hw|sim|model|tests|scripts)/[\w/.]+)`|pytest .*?(tests/[\w/.]+)", TEXT)
    missing = [name for pair in named for name in pair if name and not (ROOT / name).exists()]
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    missing += [name for name in re.findall(r"make ([\w-]+)", TEXT) if name not in targets]
    assert len(named) > 15 and not missing


def test_the_citation_is_of_this_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
