# SPDX-License-Identifier: Apache-2.0
"""Rows of an earlier bench that would come out the same: what an ended one goes on from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from importlib.metadata import distributions
from importlib.resources import files
from pathlib import Path
from typing import Any

from fpgan.build.bench.bench_file import Bench
from fpgan.build.bench.designs import BenchDesign
from fpgan.build.bench.row import failed
from fpgan.hw.system.fields import shape_of
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.shapes import check_shape
from fpgan.model.checkpoints import shipped

_ROOMS = ("build", "hw", "model", "sim")
_APART = frozenset(
    (".json", ".md", ".pyc", ".safetensors", ".png")
)  # results, pages, other networks' weights
_THEN = "run `fpgan bench` without --resume"


def made_of(design: BenchDesign, images: int, synth: bool) -> str:
    """SHA-256 of all that a row comes from: what is asked, the network, the program and what is installed."""
    digest = hashlib.sha256(_program().encode())
    asked = {**asdict(design), "cores": sorted(design.cores) if design.cores else None}
    digest.update(json.dumps([asked, images, synth], sort_keys=True).encode())
    if design.checkpoint:
        for path in sorted(shipped(design.checkpoint).iterdir()):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def _program() -> str:
    """The same of the program's own files and of the packages that are installed."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for name, path in _files(Path(str(files(f"fpgan.{room}")))):
            digest.update(f"{room}/{name}\n".encode() + path.read_bytes())
    installed = sorted(f"{found.name}=={found.version}" for found in distributions() if found.name != "fpgan")
    digest.update("\n".join(installed).encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _APART:
            yield path.relative_to(folder).as_posix(), path


def rows_to_keep(out: Path, designs: Sequence[BenchDesign], keys: Sequence[str]) -> dict[str, Any]:
    """Rows of out/BENCH.json by name, whose `made_of` is the design's of keys; none where there is no file.

    A row that failed, or whose build is gone, is not among them. DamagedError for another file of that name.
    """
    path = out / "BENCH.json"
    if not path.exists():
        return {}
    found = read_json(path, _THEN)
    check_shape(found, shape_of(Bench), path, _THEN)
    wanted = dict(zip((design.name for design in designs), keys, strict=True))
    return {
        row["name"]: row
        for row in found["designs"]
        if wanted.get(row["name"]) == row["made_of"] and not failed(row) and (out / row["build"]).is_dir()
    }
