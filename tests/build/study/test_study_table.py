# SPDX-License-Identifier: Apache-2.0
"""The table of trials: which figures count, which trials nothing beats, what Parquet makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest

from fpgan.build.study import table
from fpgan.build.study.space import Parameter
from fpgan.build.study.trial import lut_equivalents
from fpgan.hw.boards import get_board

RESULT: dict[str, Any] = {
    "score": 1.5, "score_name": "lenet-frechet", "score_spread": 0.1, "real_vs_real": 0.05,
    "board": "ultra96", "clock_mhz": 300.0, "LUT_model": 1000, "DSP_model": 10, "BRAM18_model": 4,
    "cycles_predicted": 3000, "train_seconds": 9.0, "build_seconds": 2.0, "error": None,
}  # fmt: skip
MEASURED = {
    "cycles_simulated": 3100, "images_simulated": 4, "mismatches": 0, "LUT_yosys": 1100, "DSP_yosys": 9,
    "BRAM18_yosys": 5, "error": None,
}  # fmt: skip


def beats(a: Any, b: Any) -> bool:
    return bool(
        all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))
    )


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_the_set_that_nothing_beats(objectives: int) -> None:
    rng = np.random.default_rng(objectives)
    for size in (1, 2, 7, 40):
        values = rng.integers(0, 6, (size, objectives)).astype(float)  # with equal ones among them
        expected = [not any(beats(other, own) for other in values) for own in values]
        assert list(table.non_dominated(values)) == expected and any(expected)


def test_it_is_the_one_that_optuna_finds() -> None:
    rng = np.random.default_rng(5)
    rows = [
        {"trial": i, "state": "done", "score": float(s), "frames_per_second": float(f)}
        for i, (s, f) in enumerate(rng.integers(0, 12, (30, 2)))
    ]
    best = table.mark_pareto(rows, ["score", "frames_per_second"])
    study = optuna.create_study(directions=["minimize", "maximize"])
    for r in rows:
        values = [r["score"], r["frames_per_second"]]
        study.add_trial(optuna.trial.create_trial(values=values))
    assert sorted(r["trial"] for r in best) == sorted(t.number for t in study.best_trials)
    assert [r["score"] for r in best] == sorted(r["score"] for r in best)
    assert [r for r in rows if r["pareto"]] == sorted(best, key=lambda r: r["trial"])


def test_failed_trials_are_in_no_set() -> None:
    rows = [table.row(0, {}, RESULT, None), table.row(1, {}, {"error": "no"}, None)]
    assert [r["trial"] for r in table.mark_pareto(rows, ["score"])] == [0]
    assert not table.mark_pareto(rows[1:], ["score"]) and rows[1]["state"] == "failed"


def test_lut_equivalents_weigh_by_what_the_board_has() -> None:
    board = get_board("ultra96")
    assert lut_equivalents("ultra96", board.LUT, 0, 0) == board.LUT
    assert lut_equivalents("ultra96", 0, board.DSP, 0) == pytest.approx(board.LUT)
    assert lut_equivalents("ultra96", 7, 0, board.BRAM18) == pytest.approx(board.LUT + 7)


def test_every_figure_says_where_it_is_from() -> None:
    modelled = table.row(3, {"lr": 0.1}, RESULT, None)
    assert (modelled["LUT"], modelled["DSP"], modelled["BRAM18"]) == (1000, 10, 4)
    assert (modelled["resources_from"], modelled["cycles_from"]) == ("model", "predicted")
    assert modelled["frames_per_second"] == 1e5 and modelled["mismatches"] is None
    measured = table.row(3, {"lr": 0.1}, RESULT, MEASURED)
    assert (measured["LUT"], measured["DSP"], measured["BRAM18"]) == (1100, 9, 5)
    assert (measured["resources_from"], measured["cycles_from"]) == ("yosys", "simulated")
    assert measured["cycles_per_image"] == 3100 and measured["LUT_model"] == 1000
    assert measured["lut_equivalents"] == lut_equivalents("ultra96", 1100, 9, 5)
    failed = table.row(3, {"lr": 0.1}, RESULT, {"error": "make not found"})
    assert failed["measure_error"] == "make not found" and failed["error"] is None
    assert (failed["resources_from"], failed["cycles_from"], failed["LUT"]) == ("model", "predicted", 1000)


def test_parquet_keeps_types(tmp_path: Path) -> None:
    space = [Parameter("lr", (0.1, 0.2)), Parameter("bits", (4, "[8, 4]")), Parameter("batch", (4, 8))]
    values = [{"lr": 0.1, "bits": 4, "batch": 4}, {"lr": 0.2, "bits": "[8, 4]", "batch": 8}]
    rows = [table.row(0, values[0], RESULT, None), table.row(1, values[1], {"error": "went wrong"}, None)]
    table.write(rows, space, tmp_path)
    found = pd.read_parquet(tmp_path / table.TABLE)
    assert list(found.columns) == ["trial", "state", "lr", "bits", "batch", *table.COLUMNS[2:]]
    assert list(found["bits"]) == ["4", "[8, 4]"] and list(found["batch"]) == [4, 8]
    assert list(found["state"]) == ["done", "failed"] and found["error"][1] == "went wrong"
    assert found["score"][0] == 1.5 and found["score"].isna()[1] and found["LUT"].dtype == "Int64"
    assert found["mismatches"].isna().all() and list(tmp_path.iterdir()) == [tmp_path / table.TABLE]
