# SPDX-License-Identifier: Apache-2.0
"""Studies: quality against resources over many configurations."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from fpgan.build.api.html import grid, picture_html, value_html
from fpgan.build.api.result import Result, result
from fpgan.build.study.page import PARETO
from fpgan.build.study.run import study as run_study
from fpgan.build.study.spec import FIGURES
from fpgan.build.study.study_file import Studied

File = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, repr=False)
class Study(Result, Studied):
    """The trials of a study, and which of them nothing else beats."""

    PICTURE: ClassVar[str] = PARETO

    @property
    def wrong(self) -> str:
        """Whether pixels differ, or nothing was made."""
        if not self.done:
            return "every trial failed"
        return "pixels differ" if any(row["mismatches"] for row in self.trials) else ""

    def _repr_html_(self) -> str:
        columns = ["trial", "pareto", *self.parameters, *FIGURES, *["error"] * bool(self.failed)]
        rows = [[value_html(row[name]) for name in columns] for row in self.trials]
        return f"<h4>Study</h4>{grid(columns, rows)}{picture_html(self.picture, 'Study')}"


def study(
    spec: File,
    out: File | None = None,
    *,
    workers: int = 2,
    scheduler: str | None = None,
    steps: int | None = None,
    progress: Callable[..., None] | None = None,
) -> Study:
    """Train and build many configurations; compare quality, resources and speed.

        if __name__ == "__main__":  # in a script: its workers import the file; a notebook needs no such line
            print(study("digits", steps=300, workers=4).pareto)

    spec: YAML file, or the name of one that ships (digits). out: folder to write, studies/NAME by default; a
    study that is there goes on. workers: processes on this machine. scheduler: address of a Dask scheduler
    to use in their place. steps: training steps of each trial, instead of the file's. progress: called
    (finished, total, figures, title). ValueError for a bad specification, or one that differs from out's.
    """
    found = run_study(Path(spec), None if out is None else Path(out), workers, scheduler, steps, progress)
    return result(Study, found, Path(found["folder"]))
