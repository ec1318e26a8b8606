# SPDX-License-Identifier: Apache-2.0
"""STUDY/trials.parquet: a row per trial, and which of them nothing else beats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fpgan.build.study.space import Parameter, Scalar
from fpgan.build.study.spec import FIGURES
from fpgan.build.study.trial import lut_equivalents
from fpgan.hw.system.files import write_beside

TABLE = "trials.parquet"
_KINDS = ("LUT", "DSP", "BRAM18")

# Columns beside the parameters. None where a trial failed, or was not measured.
COLUMNS = (
    "trial", "state", "pareto", "score", "score_name", "score_spread", "real_vs_real", *_KINDS,
    "lut_equivalents", "resources_from", "cycles_per_image", "frames_per_second", "cycles_from", "mismatches",
    "images_simulated", *(f"{kind}_model" for kind in _KINDS), *(f"{kind}_yosys" for kind in _KINDS),
    "cycles_predicted", "cycles_simulated", "board", "clock_mhz", "train_seconds", "build_seconds", "error",
    "measure_error",
)  # fmt: skip
_TEXT = {"state", "score_name", "resources_from", "cycles_from", "board", "error", "measure_error"}


def row(
    number: int, values: dict[str, Scalar], result: dict[str, Any], measured: dict[str, Any] | None
) -> dict[str, Any]:
    """A trial's row: measured figures where there are some, else the models', and which of them it is."""
    found: dict[str, Any] = dict.fromkeys(COLUMNS) | values | result | {"trial": number, "pareto": False}
    found["state"] = "failed" if result["error"] else "done"
    if result["error"]:
        return found
    known = dict(measured or {})
    found["measure_error"] = known.pop("error", None)
    found |= known
    counted, simulated = "LUT_yosys" in known, "cycles_simulated" in known
    found |= {kind: found[f"{kind}_{'yosys' if counted else 'model'}"] for kind in _KINDS}
    cycles = found["cycles_simulated" if simulated else "cycles_predicted"]
    return found | {
        "resources_from": "yosys" if counted else "model",
        "cycles_from": "simulated" if simulated else "predicted",
        "cycles_per_image": cycles,
        "frames_per_second": found["clock_mhz"] * 1e6 / cycles,
        "lut_equivalents": lut_equivalents(found["board"], found["LUT"], found["DSP"], found["BRAM18"]),
    }  # fmt: skip


def mark_pareto(rows: Sequence[dict[str, Any]], objectives: Sequence[str]) -> list[dict[str, Any]]:
    """Set "pareto" of every row; returns those in the set, best first objective first."""
    done = [r for r in rows if r["state"] == "done"]
    for r in rows:
        r["pareto"] = False
    if done:
        for r, best in zip(done, non_dominated(losses(done, objectives)), strict=True):
            r["pareto"] = bool(best)
    return sorted((r for r in done if r["pareto"]), key=lambda r: (_loss(r, objectives[0]), r["trial"]))


def losses(rows: Sequence[dict[str, Any]], objectives: Sequence[str]) -> NDArray[np.float64]:
    """(rows, objectives), smaller is better in each."""
    return np.array([[_loss(r, name) for name in objectives] for r in rows], dtype=np.float64)


def _loss(r: dict[str, Any], name: str) -> float:
    return float(-r[name] if FIGURES[name] else r[name])


def non_dominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of values (N,M) no other row beats: none as small everywhere and smaller somewhere."""
    as_small = (values[:, None] <= values[None]).all(2)
    smaller = (values[:, None] < values[None]).any(2)
    return np.array(~(as_small & smaller).any(0))


def write(rows: Sequence[dict[str, Any]], space: Sequence[Parameter], folder: Path) -> None:
    """Write the rows as Parquet, the trial's number first, then the parameters."""
    names = [*COLUMNS[:2], *(p.name for p in space), *COLUMNS[2:]]
    frame = pd.DataFrame({name: _typed([r[name] for r in rows], name in _TEXT) for name in names})
    write_beside(folder / TABLE, lambda path: frame.to_parquet(path, index=False))


def _typed(values: list[Any], text: bool) -> pd.Series:
    """One type in a column, also where nothing is in it yet; what is mixed becomes text."""
    kinds = {type(v) for v in values if v is not None}
    if text or str in kinds:
        return pd.Series([None if v is None else str(v) for v in values], dtype="string")
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    return pd.Series(values, dtype="Int64" if kinds == {int} else "Float64")
