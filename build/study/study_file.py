# SPDX-License-Identifier: Apache-2.0
"""study.json, trial.json, measured.json, and what `fpgan study --json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fpgan.build.study.spec import FIGURES, SAMPLERS
from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Each, Free, Number, OneOf, Whole

RECORD, RESULT, MEASURED = "study.json", "trial.json", "measured.json"
_COUNT, _NOTHING = Whole(), OneOf((None,))


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """STUDY/study.json, by `fpgan study`: all that trials depend on; with another value, another study."""

    FILE: ClassVar[str] = RECORD

    base: Mapping[str, Any] = said("what all trials share, by its name in config.yaml", within=Free(),
                                   spread=True)  # fmt: skip
    build: Mapping[str, Any] = said("arguments of build that all trials share", within=Free(), spread=True)
    space: Mapping[str, Any] = said("values of what varies; of a range: low, high, step, and whether its "
                                    "scale is logarithmic", within=Free(), spread=True)  # fmt: skip
    name: str = said("of the study", stable=True)
    sampler: str = said("how trials are chosen", within=OneOf(("grid", *SAMPLERS)), key="search.sampler")
    seed: int | None = said("of a search; null for a grid", within=_COUNT, key="search.seed")
    images: int = said("simulated for each Pareto point; 0: none is", "images", within=_COUNT)
    objectives: Sequence[str] = said("what trials are compared by", within=[OneOf(tuple(FIGURES))])
    parent_steps: int | None = said("of the float generators that trials start from; null where these start "
                                    "from nothing", "steps", within=Whole(1))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrialFile:
    """STUDY/trials/NUMBER/trial.json, by `fpgan study`: a trial that was trained and built."""

    FILE: ClassVar[str] = RESULT

    score: float = said("as in metrics.json; smaller is better", stable=True)
    score_name: str = said("of the distance", stable=True)
    score_spread: float | None = said("standard deviation between sets of images; null with one set")
    real_vs_real: float | None = said("the same distance between halves of the real images")
    board: str = said("name in hw/boards/boards.yaml", stable=True)
    clock_mhz: float = said("that the design is made for", "MHz", stable=True, within=Number())
    LUT_model: int = said("by the cost formulas", "LUT", stable=True, within=_COUNT)
    DSP_model: int = said("by the cost formulas", "DSP48", stable=True, within=_COUNT)
    BRAM18_model: int = said("by the cost formulas", "18 Kb", stable=True, within=_COUNT)
    cycles_predicted: int = said("per image, by the token model", "cycles", stable=True, within=Whole(1))
    train_seconds: float = said("that the training took", "s")
    build_seconds: float = said("that export and build took", "s")
    error: None = said("always null: nothing went wrong", stable=True, within=_NOTHING)


@dataclass(frozen=True, kw_only=True)
class ParentFile:
    """STUDY/parents/KEY/trial.json: a float generator that trials start from."""

    FILE: ClassVar[str] = RESULT

    init: str = said("file of its weights")
    error: None = said("always null: nothing went wrong", stable=True, within=_NOTHING)


@dataclass(frozen=True, kw_only=True)
class MeasuredFile:
    """STUDY/trials/NUMBER/measured.json: a trial of the Pareto set, simulated and synthesized."""

    FILE: ClassVar[str] = MEASURED

    cycles_simulated: int = said("per image, in Verilator", "cycles", stable=True, within=Whole(1))
    images_simulated: int = said("back to back", "images", stable=True, within=Whole(1))
    mismatches: int = said("values that differ from the golden ones", stable=True, within=_COUNT)
    LUT_yosys: int = said("counted by Yosys", "LUT", stable=True, within=_COUNT)
    DSP_yosys: int = said("counted by Yosys", "DSP48", stable=True, within=_COUNT)
    BRAM18_yosys: int = said("counted by Yosys", "18 Kb", stable=True, within=_COUNT)
    error: None = said("always null: nothing went wrong", stable=True, within=_NOTHING)


@dataclass(frozen=True, kw_only=True)
class FailedFile:
    """The same file where the task failed."""

    error: str = said("the line of what went wrong", stable=True)


@dataclass(frozen=True, kw_only=True)
class Studied:
    """Printed by `fpgan study --json`: the trials of a study, and which of them nothing else beats."""

    name: str = said("of the study", stable=True)
    folder: str = said("STUDY")
    parameters: Sequence[str] = said("names of what varies; columns of each trial", stable=True)
    done: int = said("trials that were trained and built", "trials", stable=True, within=_COUNT)
    failed: int = said("trials with an error", "trials", stable=True, within=_COUNT)
    pareto: Sequence[int] = said("numbers of the trials in the Pareto set, the best first objective first",
                                 stable=True, within=[_COUNT])  # fmt: skip
    trials: Sequence[Mapping[str, Any]] = said("by the columns of trials.parquet", stable=True,
                                               within=[Each(str, Free())])  # fmt: skip


def form_of(kind: Any, result: Mapping[str, Any]) -> Any:
    """The dataclass of a result: a task's own, or that of those which failed."""
    return kind if result.get("error") is None else FailedFile
