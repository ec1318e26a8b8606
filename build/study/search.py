# SPDX-License-Identifier: Apache-2.0
"""A study in Optuna: which trials there are, which come next, what was found. Kept in STUDY/optuna.db.

Optuna's number of a trial is the study's, and names its folder. A trial's values are in the storage before it
is started, so that a study which is killed finds the same trials again.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from fpgan.build.study.space import Scalar, grid
from fpgan.build.study.spec import FIGURES, Spec
from fpgan.build.study.trial import ANEW
from fpgan.hw.system.reading import DamagedError, check_plain
from fpgan.hw.system.text import brief, first_line

STORAGE = "optuna.db"
_MOST = 1 << 32  # bytes of a database
_COPY = "copy_of"  # marks a proposal that had been tried before; it is no trial of the study's
_COPIES = 200  # proposals in a row that are all known: there is nothing left to find

_DIRECTIONS = {True: StudyDirection.MAXIMIZE, False: StudyDirection.MINIMIZE}

Values = dict[str, Scalar]


class Finder:
    """Asks Optuna for trials and tells it how they ended. One process at a time."""

    def __init__(self, spec: Spec, folder: Path) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._spec = spec
        path = (folder / STORAGE).resolve()
        _check_whole(path)
        directions = [_DIRECTIONS[FIGURES[name]] for name in spec.objectives]
        try:
            self._study = optuna.create_study(
                study_name=spec.name, storage=RDBStorage(f"sqlite:///{path}"), directions=directions,
                load_if_exists=True,
            )  # fmt: skip
            self._study.get_trials(deepcopy=False)
        except Exception as error:  # SQLAlchemy's, sqlite's, Alembic's and Optuna's own, of damaged tables
            raise DamagedError(path, f"is damaged: {first_line(error)}", ANEW) from None
        known = len(self._study.trials)
        self._study.sampler = _sampler(spec, known)
        if spec.search is None:
            for values in islice(grid(spec.space), known, None):  # a kill may have come between two of them
                self._study.enqueue_trial(values)

    @property
    def total(self) -> int:
        """Trials that the study is to have."""
        if self._spec.search is not None:
            return self._spec.search.trials
        return math.prod(len(p.choices) for p in self._spec.space)

    def trials(self) -> dict[int, Values]:
        """Values of every trial that was started, by its number."""
        return {t.number: dict(t.params) for t in self._own() if t.state != TrialState.WAITING}

    def unfinished(self) -> dict[int, Values]:
        """Those that were started, but not told of."""
        running = [t for t in self._own() if t.state == TrialState.RUNNING]
        return {t.number: self._valued(Trial(self._study, t._trial_id)) for t in running}

    def next(self) -> tuple[int, Values] | None:
        """Start a trial: its number and values; None if there is none left.

        What the sampler proposes a second time is not tried again: it is told what came of it.
        """
        for _ in range(_COPIES):
            own = self._own()
            if sum(t.state != TrialState.WAITING for t in own) >= self.total:
                return None
            started = self._study.ask()
            values = self._valued(started)
            like = next((t for t in own if t.number != started.number and t.params == values), None)
            if like is None:
                return started.number, values
            started.set_user_attr(_COPY, like.number)
            self._tell(started.number, like.values if like.state == TrialState.COMPLETE else None)
        return None

    def tell(self, number: int, row: Mapping[str, Any]) -> None:
        """How a trial ended: its row by the models, whose figures or error become attributes of the trial."""
        trial = Trial(self._study, self._study.trials[number]._trial_id)
        for name, value in row.items():
            if value is not None:
                trial.set_user_attr(name, value)
        failed = row["error"] is not None
        self._tell(number, None if failed else [float(row[name]) for name in self._spec.objectives])

    def _tell(self, number: int, values: list[float] | None) -> None:
        state = TrialState.FAIL if values is None else TrialState.COMPLETE
        self._study.tell(number, values, state=state, skip_if_finished=True)

    def _valued(self, trial: Trial) -> Values:
        """All parameters of a trial; those that a kill has kept it from getting are drawn now."""
        return {p.name: p.suggest(trial) for p in self._spec.space}

    def _own(self) -> list[FrozenTrial]:
        return [t for t in self._study.trials if _COPY not in t.user_attrs]


def _check_whole(path: Path) -> None:
    """DamagedError for a database that is none, or whose pages are damaged."""
    if not path.exists():
        return
    check_plain(path, _MOST, ANEW)
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise DamagedError(path, f"is damaged: {first_line(error)}", ANEW) from None
    if found != "ok":
        raise DamagedError(path, f"is damaged: {brief(found)}", ANEW)


def _sampler(spec: Spec, started: int) -> BaseSampler:
    """Its seed follows from how many trials there are: one that was killed must not draw the same again."""
    if spec.search is None:
        return RandomSampler(seed=0)  # is never asked: every value of a grid is queued
    seed = spec.search.seed + started
    return NSGAIISampler(seed=seed) if spec.search.sampler == "nsga2" else TPESampler(seed=seed)
