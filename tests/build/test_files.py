# SPDX-License-Identifier: Apache-2.0
"""The JSON files of the commands: as their schemas say, and as build/FILES.md says."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from json_schema import faults

from fpgan.build.files import FILES, page, schema_of, write
from fpgan.build.implement.bitstream import bitstream
from fpgan.hw.system.fields import LEFT_OUT, as_written, said, shape_of
from fpgan.hw.system.shapes import check_shape

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def written(build_preset, export_preset, tmp_path_factory):
    """The files of commands that take no time; those of sim, synth and power: tests/e2e/test_readmes.py."""
    build, deploy = build_preset("tiny"), tmp_path_factory.mktemp("files") / "deploy"
    bitstream(build, deploy, "ultra96")
    paths = [build / "design.json", build / "report.json", export_preset("tiny").parent / "run/metrics.json",
             deploy / "facts.json", deploy / "project/host/host.json"]  # fmt: skip
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


@pytest.mark.parametrize("name", ["design", "report", "metrics", "facts", "host"])
def test_what_commands_write(name, written):
    """A field that a writer adds or drops without saying so."""
    assert not list(faults(written[name], schema_of(name)))


@pytest.mark.parametrize("name", ["design", "report", "metrics", "facts", "host"])
def test_schemas_are_strict(name, written):
    """A key more, a key less, or a value of another type, wherever one is."""
    for change in changes(written[name]):
        assert list(faults(change, schema_of(name)))


def changes(data: dict[str, Any]):
    for key in data:
        yield {other: value for other, value in data.items() if other != key}
        yield data | {key: {"no": "such"}}
    yield data | {"more": 1}
    for key, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            changed = copy.deepcopy(data)
            changed[key][0]["more"] = 1
            yield changed


@pytest.mark.parametrize("path", sorted(ROOT.glob("model/checkpoints/*/metrics.json")), ids=str)
def test_shipped_metrics(path):
    assert not list(faults(json.loads(path.read_text(encoding="utf-8")), schema_of("metrics")))


def test_the_page_is_current():
    """A field that has changed: python -m fpgan.build.files build writes the page again."""
    assert (ROOT / "build/FILES.md").read_text(encoding="utf-8") == page()


def test_every_field_is_told(tmp_path):
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"FILES.md", *(f"{n}.schema.json" for n in FILES)}
    for line in page().splitlines():
        if line.startswith("| `"):
            assert line.split(" | ")[-1].rstrip(" |"), line


@dataclass(frozen=True, kw_only=True)
class _Inner:
    x: int | None = said("a number")


@dataclass(frozen=True, kw_only=True)
class _Outer:
    from_: tuple[_Inner, ...] = said("numbers", key="from")
    by_name: dict[str, _Inner] = said("numbers")
    wide: str = said("text", may_lack=True)


def test_what_is_written_is_what_was_said():
    """At every level: a writer's slip is no file that nobody documents."""
    data = {"from": [{"x": 1}, {"x": None}], "by_name": {"a": {"x": 2}}}
    assert as_written(_Outer, data) == data and list(as_written(_Outer, data)) == ["from", "by_name"]
    assert as_written(_Outer, data | {"wide": LEFT_OUT}) == data
    check_shape(data, shape_of(_Outer), Path("x"))
    for wrong in ({"from": []}, data | {"y": 1}, data | {"from": [{"x": 1, "y": 2}]}, data | {"from": [{}]}):
        with pytest.raises(TypeError):
            as_written(_Outer, wrong)
