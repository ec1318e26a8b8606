# SPDX-License-Identifier: Apache-2.0
"""STUDY/pareto.png and STUDY/report.html, one page that needs no other file, no network and no script."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fpgan.build.report.page import data_uri, templates
from fpgan.build.study.picture import Row, fronts, parallel, short
from fpgan.build.study.spec import Spec
from fpgan.build.study.table import mark_pareto
from fpgan.build.study.trial import LOG, RUN
from fpgan.hw.boards import get_board
from fpgan.hw.system.files import write_beside
from fpgan.model.generator_config import bits_name
from fpgan.model.run import SAMPLES

PARETO, PAGE = "pareto.png", "report.html"


def page(spec: Spec, rows: Sequence[Row], folder: Path, made: Mapping[str, str]) -> Path:
    """Write the page, and draw the picture if a trial is done; returns the page's path.

    rows: of every trial that has ended. made: see fpgan.build.report.made.
    """
    best = mark_pareto(rows, spec.objectives)
    done = sum(r["state"] == "done" for r in rows)
    text = templates().get_template("study.html.j2").render(
        spec=spec, rows=rows, best=[_point(spec, r, folder) for r in best], made=made,
        names={p.name: short(p.name) for p in spec.space}, rates=_rates(rows), done=done,
        failures=_failures(rows, folder), pictures=_pictures(spec, rows, folder) if done else {},
        mismatches=[r["mismatches"] for r in rows if r["mismatches"] is not None],
    )  # fmt: skip
    write_beside(folder / PAGE, lambda path: path.write_text(text, encoding="utf-8"))
    return folder / PAGE


def _pictures(spec: Spec, rows: Sequence[Row], folder: Path) -> dict[str, str | None]:
    """Both as the page holds them; the fronts stay in folder."""
    fronts(rows, spec.space, folder / PARETO)
    with tempfile.TemporaryDirectory() as place:
        coordinates = Path(place) / "parallel.png"
        parallel(rows, spec.space, coordinates)
        return {"fronts": data_uri(folder / PARETO), "parallel": data_uri(coordinates)}


def _failures(rows: Sequence[Row], folder: Path) -> list[dict[str, Any]]:
    """What went wrong, in which trials, and the log of the first of them that has one."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if row["state"] == "failed":
            found.setdefault(row["error"], []).append(row["trial"])
    return [{"error": error, "trials": t, "log": _log(folder, t)} for error, t in found.items()]


def _log(folder: Path, trials: Sequence[int]) -> str | None:
    names = (f"trials/{number:04d}/{LOG}" for number in trials)
    return next((name for name in names if (folder / name).exists()), None)


def _point(spec: Spec, row: Row, folder: Path) -> dict[str, Any]:
    """A Pareto point's row with its bits, channels and samples."""
    config, _ = spec.settings({p.name: row[p.name] for p in spec.space})
    g = config.generator
    samples = data_uri(folder / "trials" / f"{row['trial']:04d}" / RUN / SAMPLES)
    return {**row, "samples": samples, "bits": bits_name(g), "channels": "-".join(map(str, g.channels))}


def _rates(rows: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """LUTs that a DSP and a block RAM count as, on each board that occurs."""
    found = {}
    for name in sorted({r["board"] for r in rows if r["board"]}):
        has = get_board(name).budget
        found[name] = (has["LUT"] / has["DSP"], has["LUT"] / has["BRAM18"])
    return found
