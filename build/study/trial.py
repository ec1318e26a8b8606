# SPDX-License-Identifier: Apache-2.0
"""What runs on a worker: float parents, trials, and the measuring of Pareto points.

Each leaves a folder; its last file says that it is done, so that a task which is started again after a kill
goes on where it was, and one that was finished only reads what it had found.
"""

from __future__ import annotations

import fcntl
import json
import math
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fpgan.build.study.spec import BuildOptions
from fpgan.build.study.study_file import MeasuredFile, ParentFile, StudyFile, TrialFile, form_of
from fpgan.hw.boards import get_board
from fpgan.hw.system.fields import as_written, shape_of
from fpgan.hw.system.files import PassingError, make_folder, write_beside
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.shapes import check_shape
from fpgan.model.config import TrainConfig
from fpgan.model.export import export
from fpgan.model.run import CHECKPOINT, CONFIG, METRICS, STATE, read_metrics
from fpgan.model.train import train

RUN, MODEL, BUILT = "run", "generator.onnx", "build"
LOG = "error.log"
_LOCK = ".lock"
ANEW = "put it back as it was, or begin the study anew with another --out"
_VECTORS = 256  # images that a Pareto point can be simulated with

_one_at_a_time = threading.Lock()  # of a process: torch's random state and FINN's settings are the process's

Result = dict[str, Any]
Kind = type[StudyFile] | type[TrialFile] | type[ParentFile] | type[MeasuredFile]


def parent(folder: Path, config: TrainConfig) -> Result:
    """Train a float generator in folder; {"error", "init": file to start from}."""

    def work() -> Result:
        _train(folder / RUN, config, None)
        return {"init": str(folder / RUN / CHECKPOINT)}

    return _once(folder, ParentFile, work)


def trial(folder: Path, config: TrainConfig, options: BuildOptions, origin: Result | None = None) -> Result:
    """Train, export and build in folder, as far as that has not been done; the figures of trial.json.

    origin: what `parent` returned. "error" is the one line of what went wrong, None if nothing did.
    """

    def work() -> Result:
        if origin is not None and origin["error"]:
            raise ValueError(f"float parent: {origin['error']}")
        metrics = _train(folder / RUN, config, origin["init"] if origin else None)
        started = time.monotonic()
        report = _build(folder, options)
        score = metrics["score"]
        if not math.isfinite(score["value"]):
            raise ValueError(f"score={score['value']}: is not finite")
        return {
            "score": score["value"], "score_name": score["name"], "score_spread": score["spread"],
            "real_vs_real": score["real_vs_real"],
            "board": report["board"], "clock_mhz": report["clock_mhz"], **model_figures(report),
            "train_seconds": metrics["seconds"], "build_seconds": round(time.monotonic() - started, 1),
        }  # fmt: skip

    result = _once(folder, TrialFile, work)
    (folder / RUN / STATE).unlink(missing_ok=True)  # the optimizers' moments: only for going on
    return result


def measure(folder: Path, images: int) -> Result:
    """Count a built trial's resources with Yosys and its cycles in Verilator; measured.json's figures."""

    def work() -> Result:
        from fpgan.build.implement.synthesize import synth
        from fpgan.sim.simulate import simulate

        sim = simulate(folder / BUILT, images)
        totals = synth(folder / BUILT, jobs=1)["totals"]
        return {
            "cycles_simulated": sim["cycles_per_image"], "images_simulated": sim["images"],
            "mismatches": sim["mismatches"],
            **{f"{kind}_yosys": totals[kind] for kind in ("LUT", "DSP", "BRAM18")},
        }  # fmt: skip

    return _once(folder, MeasuredFile, work)


def finished(folder: Path, kind: Kind = TrialFile) -> Result | None:
    """What `record` wrote in folder, None where it has not. DamagedError where it is damaged."""
    path = folder / kind.FILE
    if not path.exists():
        return None
    found = read_json(path, ANEW)
    check_shape(found, shape_of(form_of(kind, found)), path, ANEW)
    return found


def record(folder: Path, kind: Kind, result: Result) -> Result:
    """Write a finished task's result as its last file, or what the study is known by."""
    written = as_written(form_of(kind, result), result)
    text = json.dumps(written, indent=1) + "\n"
    write_beside(folder / kind.FILE, lambda path: path.write_text(text, encoding="utf-8"))
    return written


def model_figures(report: Result) -> Result:
    """Resources by the fitted cost model and cycles by the token model, as report.json has them."""
    return {
        **{f"{kind}_model": report["totals"][kind] for kind in ("LUT", "DSP", "BRAM18")},
        "cycles_predicted": report["cycles_per_image"],
    }  # fmt: skip


def lut_equivalents(board: str, lut: float, dsp: float, bram18: float) -> float:
    """LUTs, and for each DSP and block RAM as many LUTs as the board has for one of them.

    At these rates `build` weighs resources as well when it looks for the cheapest design.
    """
    has = get_board(board).budget
    return float(lut + dsp * has["LUT"] / has["DSP"] + bram18 * has["LUT"] / has["BRAM18"])


def _once(folder: Path, kind: Kind, work: Callable[[], Result]) -> Result:
    """Do work unless folder has its result; what it raises becomes the result's one-line error.

    PassingError for what is none of the trial's: a full disk, a tool that is missing. Nothing is kept then.

    The folder is locked meanwhile: a task whose client was killed may still be running elsewhere.
    """
    make_folder(folder)
    with _one_at_a_time, locked(folder / _LOCK):
        found = finished(folder, kind)
        if found is not None:
            return found
        try:
            result = work() | {"error": None}
        except Exception as error:  # of any kind: the study goes on without this one
            if _is_passing(error):
                raise PassingError(one_line(error)) from None
            write_beside(folder / LOG, lambda path: path.write_text(traceback.format_exc(), encoding="utf-8"))
            result = {"error": one_line(error)}
        return record(folder, kind, result)


def _is_passing(error: Exception) -> bool:
    return isinstance(error, PassingError | OSError | MemoryError) or getattr(error, "passing", False)


def one_line(error: BaseException) -> str:
    """What an error says in one line, behind its kind where that is not one of bad input."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    return text if isinstance(error, ValueError) and text else f"{kind}: {text}" if text else kind


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold a file's lock, which ends with the process at the latest. BlockingIOError if it is held."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def _train(run: Path, config: TrainConfig, init: str | None) -> Result:
    """Metrics of a training: those it has, else after beginning or going on with it."""
    if (run / METRICS).exists() and TrainConfig.from_yaml(run / CONFIG) == config:
        return read_metrics(run)
    resume = (run / STATE).exists()
    return train(config, run, init=None if resume else init, resume=resume, overwrite=not resume)


def _build(folder: Path, options: BuildOptions) -> Result:
    """report.json of the run in folder, exported and built."""
    from fpgan.build.flow import build

    model = export(folder / RUN, folder / MODEL, vectors=_VECTORS)
    shutil.rmtree(folder / BUILT, ignore_errors=True)
    return build(model, folder / BUILT, **asdict(options))
