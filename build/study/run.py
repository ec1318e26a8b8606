# SPDX-License-Identifier: Apache-2.0
"""A study: trials until there are enough, then the Pareto set measured, then the report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fpgan.build.report.made import made
from fpgan.build.study import table
from fpgan.build.study.page import page
from fpgan.build.study.pool import Pool, pool
from fpgan.build.study.search import Finder
from fpgan.build.study.spec import FIGURES, Spec, parent_config
from fpgan.build.study.study_file import RECORD, MeasuredFile, Studied, StudyFile, TrialFile
from fpgan.build.study.trial import Result, finished, locked, measure, parent, record, trial
from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import make_folder
from fpgan.model.config import TrainConfig

_LOCK = ".lock"

Progress = Callable[..., None]  # (done, total, figures, title)


def study(
    spec: str | Path,
    out: str | Path | None = None,
    workers: int = 2,
    scheduler: str | None = None,
    steps: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train and build many configurations; compare quality, resources and speed.

        from fpgan.build.study import study
        if __name__ == "__main__":  # Dask's workers import this file
            result = study("digits", steps=300, workers=4)
            print(result["pareto"])

    spec: YAML file, or the name of one that ships (digits). out: folder to write, studies/NAME by default;
    a study that is there already goes on: finished trials stay, those that were killed resume.
    workers: processes on this machine, a trial at a time in each. scheduler: address of a Dask scheduler to
    use instead; its workers need one thread each, this package, and out under the same path. On Slurm, with
    dask-jobqueue:

        from dask_jobqueue import SLURMCluster
        cluster = SLURMCluster(cores=1, processes=1, memory="4GB", walltime="04:00:00", queue="cpu")
        cluster.scale(40)  # or adapt(maximum=40)
        study("digits.yaml", out="/shared/digits", scheduler=cluster.scheduler_address)

    steps: training steps of each trial, instead of the file's. progress: called (finished, total, figures,
    title) as trials end. Datasets are opened once, here, before any trial.

    Returns {"name", "folder", "parameters": names, "done", "failed": counts, "pareto": trial numbers,
    "trials": the rows of trials.parquet}.
    Writes out/trials.parquet after each trial, optuna.db, trials/NUMBER/ (run, model, build, trial.json), and
    at the end report.html and, if a trial is done, pareto.png. A trial that fails has its one-line `error`
    there. ValueError for a bad specification, one that differs from out's, or a scheduler that is silent.
    """
    asked = made(study, locals())
    if workers < 1:
        raise ValueError(f"workers={workers}: must be at least 1")
    plan = Spec.from_yaml(spec, steps)
    folder = Path(out if out is not None else Path("studies") / plan.name).resolve()
    begun = (folder / RECORD).exists()
    if not begun:
        plan.check_data()  # before anything is kept: with its path put right it is the same study
    make_folder(folder)
    with _alone(folder):
        _recognise(plan, folder)
        run = _Study(plan, folder, progress or (lambda *_: None))
        run.recover()
        if run.open:
            if begun:
                plan.check_data()
            with pool(workers, scheduler) as tasks:
                run.trials(tasks)
                run.measure(tasks)
        return run.report(asked)


class _Study:
    """A study under way: its rows are those of the trials that have ended."""

    def __init__(self, plan: Spec, folder: Path, say: Progress) -> None:
        self._plan, self._folder, self._say = plan, folder, say
        self._finder = Finder(plan, folder)
        self._parents: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []

    def recover(self) -> None:
        """Tell Optuna of what ended while nobody listened; read all that has ended."""
        for number in self._finder.unfinished():
            result = finished(self._place(number))
            if result is not None:
                self._finder.tell(number, table.row(number, {}, result, None))
        self._read()

    @property
    def open(self) -> bool:
        """Whether something is left to do."""
        return len(self.rows) < self._finder.total or bool(self._unmeasured())

    def trials(self, tasks: Pool) -> None:
        """Run what was begun, then what comes next, until there are enough trials."""
        for number, values in self._finder.unfinished().items():
            self._start(tasks, number, values)
        self._fill(tasks)
        self._show(tasks)
        for number, result in tasks.finished():
            self._end(number, result)
            self._fill(tasks)
            self._show(tasks)

    def measure(self, tasks: Pool) -> None:
        """Measure the Pareto set; as that changes figures, look again until all of the set are measured."""
        while points := self._unmeasured():
            for number in points:
                tasks.start(number, measure, self._place(number), self._plan.images)
            self._say(0, len(points), {}, "measuring the Pareto set")
            for done, (number, result) in enumerate(tasks.finished(), 1):
                if finished(self._place(number), MeasuredFile) is None:
                    record(self._place(number), MeasuredFile, result)
                self._say(done, len(points), {}, "measuring the Pareto set")
            self._read()

    def report(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Write the pictures and the page, which says what was asked for; what `study` returns."""
        best = table.mark_pareto(self.rows, self._plan.objectives)
        page(self._plan, self.rows, self._folder, asked)
        found = {
            "name": self._plan.name, "folder": str(self._folder),
            "parameters": [p.name for p in self._plan.space],
            **{state: sum(r["state"] == state for r in self.rows) for state in ("done", "failed")},
            "pareto": [r["trial"] for r in best], "trials": self.rows,
        }  # fmt: skip
        return as_written(Studied, found)

    def _fill(self, tasks: Pool) -> None:
        """Start all trials of a grid; of a search as many as can run, as each learns from those before."""
        search = self._plan.search
        while search is None or len(tasks) < (search.parallel or max(tasks.slots, 1)):
            following = self._finder.next()
            if following is None:
                return
            self._start(tasks, *following)

    def _start(self, tasks: Pool, number: int, values: dict[str, Any]) -> None:
        try:
            config, options = self._plan.settings(values)
        except ValueError as error:  # values that only together make no configuration
            place = self._place(number)
            make_folder(place)
            self._end(number, record(place, TrialFile, {"error": str(error)}))
            return
        tasks.start(number, trial, self._place(number), config, options, self._parent(tasks, config))

    def _parent(self, tasks: Pool, config: TrainConfig) -> Any:
        """The task that trains config's float parent, started once; None where trials have none."""
        if self._plan.parent_steps is None:
            return None
        wanted = parent_config(config, self._plan.parent_steps)
        key = hashlib.sha256(wanted.to_text().encode()).hexdigest()[:12]
        if key not in self._parents:
            self._parents[key] = tasks.submit(parent, self._folder / "parents" / key, wanted)
        return self._parents[key]

    def _end(self, number: int, result: Result) -> None:
        place = self._place(number)
        if finished(place) is None:  # its worker did not live to say so
            make_folder(place)
            record(place, TrialFile, result)
        self._finder.tell(number, table.row(number, {}, result, None))
        self._read()

    def _read(self) -> None:
        """The rows from the trials' folders, and the table."""
        self.rows = []
        for number, values in self._finder.trials().items():
            place = self._place(number)
            result = finished(place)
            if result is not None:
                self.rows.append(table.row(number, values, result, finished(place, MeasuredFile)))
        if self.rows:
            table.mark_pareto(self.rows, self._plan.objectives)
            table.write(self.rows, self._plan.space, self._folder)

    def _unmeasured(self) -> list[int]:
        """Trials of the Pareto set that are still to be measured."""
        if not self._plan.images:
            return []
        best = table.mark_pareto(self.rows, self._plan.objectives)
        return [r["trial"] for r in best if finished(self._place(r["trial"]), MeasuredFile) is None]

    def _place(self, number: int) -> Path:
        return self._folder / "trials" / f"{number:04d}"

    def _show(self, tasks: Pool) -> None:
        name = self._plan.objectives[0]
        pick = max if FIGURES[name] else min
        best = [r[name] for r in self.rows if r["state"] == "done"]
        figures = {
            "failed": sum(r["state"] == "failed" for r in self.rows),
            "running": min(len(tasks), tasks.slots),
        } | ({f"best {name}": pick(best)} if best else {})
        self._say(len(self.rows), self._finder.total, figures, "trials")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a study's folder. ValueError if another process has it."""
    try:
        with locked(folder / _LOCK, wait=False):
            yield
    except BlockingIOError:
        raise ValueError(f"{folder}: this study is running already, in another process") from None


def _recognise(plan: Spec, folder: Path) -> None:
    """Leave the specification in a new folder. ValueError if the folder is another study's, or none's."""
    own, was = plan.record(), finished(folder, StudyFile)
    if was is None:
        if any(entry.name != _LOCK for entry in folder.iterdir()):
            raise ValueError(f"{folder}: is not empty and holds no study; choose another folder")
        record(folder, StudyFile, own)
        return
    for name in sorted({*own, *was}, key=str):
        if own.get(name) != was.get(name):
            raise ValueError(
                f"{folder}: this study was begun with {name}={was.get(name)}, which is now {own.get(name)}; "
                "choose another --out"
            )
