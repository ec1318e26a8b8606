# SPDX-License-Identifier: Apache-2.0
"""Two BENCH.json: what changed of each design, and whether it got worse.

A design is worse where it fails and did not, or where a figure is worse by more than SLACK: cycles, DSP
slices and memories by anything, the others by more than 1 %. LUTs, flip-flops, slices and memories may grow
with the images per second: they are worse where these are no more than before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fpgan.build.bench.bench_file import Bench, BenchRow
from fpgan.build.bench.compared_file import FIGURES, Compared
from fpgan.hw.boards import RESOURCES
from fpgan.hw.system.fields import as_written, shape_of, shape_of_part
from fpgan.hw.system.reading import DamagedError, read_json
from fpgan.hw.system.shapes import check_shape

# Shares by which a figure may be worse: what a synthesis wobbles by when something else changes.
SLACK = {"LUT": 0.01, "FF": 0.01, "frames_per_second": 0.01, "clock_mhz": 0.01, "images_per_second": 0.01}
_ASKED = ("preset", "weight_bits", "act_bits", "board", "cores", "max_utilization", "target_fps", "budget",
          "weight_storage", "batch")  # fmt: skip
_THEN = "give a BENCH.json that `fpgan bench` wrote"

Row = Mapping[str, Any]


def read_bench(path: Path) -> dict[str, Any]:
    """BENCH.json of this version or another, whose rows may lack what is not compared. DamagedError."""
    found = read_json(path, _THEN)
    every = shape_of(Bench)
    part, whole = shape_of_part(BenchRow), shape_of(BenchRow)
    shape = {
        "complete": every["complete"],
        "failed": every["failed"],
        "designs": [part | {key: whole[key] for key in ("name", "preset", "board")}],
    }
    check_shape(found, shape, path, _THEN)
    names = [row["name"] for row in found["designs"]]
    if len(set(names)) < len(names):
        raise DamagedError(path, f"is damaged: designs {', '.join(names)} has one twice", _THEN)
    return found


def compare(old: Mapping[str, Any], new: Mapping[str, Any], path: str | Path) -> dict[str, Any]:
    """What `Compared` holds, of two BENCH.json; path: where the old one is from."""
    before = {row["name"]: row for row in old["designs"]}
    now = {row["name"]: row for row in new["designs"]}
    designs = [
        _design(before[name], row, name in old["failed"], name in new["failed"])
        for name, row in now.items()
        if name in before
    ]
    result = {
        "against": str(path),
        "designs": designs,
        "only_old": [name for name in before if name not in now],
        "only_new": [name for name in now if name not in before],
        "worse": [design["name"] for design in designs if design["worse"]],
    }
    return as_written(Compared, result)


def _design(old: Row, new: Row, failed_before: bool, fails: bool) -> dict[str, Any]:
    incomparable = list(_incomparable(old, new))
    asked_alike = not any(line.startswith("asked") for line in incomparable)
    counted_alike = old.get("resources_from") == new.get("resources_from")
    before, now = _figures(old), _figures(new)
    names = [
        name
        for name in FIGURES
        if asked_alike and name in before and name in now and (counted_alike or name not in RESOURCES)
    ]
    faster = any(
        name in names and now[name] > before[name] for name in ("images_per_second", "frames_per_second")
    )
    changes = [_change(name, before[name], now[name], faster) for name in names if before[name] != now[name]]
    worse = [f"{change['figure']} {_moved(change)}" for change in changes if change["worse"]]
    if fails and not failed_before:
        worse.insert(0, f"fails: {new.get('error') or 'values differ from the golden ones'}")
    return {"name": new["name"], "incomparable": incomparable, "changes": changes, "worse": worse}


def _incomparable(old: Row, new: Row) -> Iterator[str]:
    for key in _ASKED:
        if key in old and key in new and old[key] != new[key]:
            yield f"asked for another {key}: {old[key]} -> {new[key]}"
    ways = old.get("resources_from"), new.get("resources_from")
    if None not in ways and ways[0] != ways[1]:
        yield f"resources by {ways[0]} -> by {ways[1]}"


def _figures(row: Row) -> dict[str, float]:
    """Those of FIGURES that a row has."""
    later = row.get("at_estimated_clock") or {}
    found = {
        "cycles_per_image": row.get("cycles_per_image"),
        "frames_per_second": row.get("frames_per_second"),
        **{kind: (row.get("resources") or {}).get(kind) for kind in RESOURCES},
        "clock_mhz": later.get("clock_mhz"),
        "images_per_second": later.get("frames_per_second"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _change(name: str, old: float, new: float, faster: bool) -> dict[str, Any]:
    slack = SLACK.get(name, 0.0)
    worse = new < old * (1 - slack) if FIGURES[name] else new > old * (1 + slack)
    paid_for = faster and name in RESOURCES
    ratio = round(new / old, 4) if old else None
    return {"figure": name, "old": old, "new": new, "ratio": ratio, "worse": worse and not paid_for}


def lines(compared: Mapping[str, Any]) -> list[str]:
    """The same for people: what changed, a line for each figure."""
    said = [f"against {compared['against']}:"]
    for design in compared["designs"]:
        said += [f"  {design['name']}: not compared: {line}" for line in design["incomparable"]]
        said += [
            f"  {design['name']}: {change['figure']} {_moved(change)}{' WORSE' if change['worse'] else ''}"
            for change in design["changes"]
        ]
        said += [f"  {design['name']}: {line}" for line in design["worse"] if line.startswith("fails")]
    same = [d["name"] for d in compared["designs"] if not (d["changes"] or d["incomparable"] or d["worse"])]
    for names, what in (
        (same, "as they were"), (compared["only_old"], "only in the earlier file"),
        (compared["only_new"], "not in the earlier file"),
    ):  # fmt: skip
        said += [f"  {what}: {', '.join(names)}"] if names else []
    return said


def _moved(change: Mapping[str, Any]) -> str:
    share = "" if change["ratio"] is None else f" ({change['ratio'] - 1:+.1%})"
    return f"{change['old']:,.10g} -> {change['new']:,.10g}{share}"
