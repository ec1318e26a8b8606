# SPDX-License-Identifier: Apache-2.0
"""The pictures and the page of a study, on made-up trials."""

from __future__ import annotations

import html
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from fpgan.build.report.numbers import rounded
from fpgan.build.study import page as pages
from fpgan.build.study.page import PARETO, page
from fpgan.build.study.picture import fronts, fronts_figure, parallel
from fpgan.build.study.spec import Spec
from fpgan.build.study.table import COLUMNS, mark_pareto

BITS, CHANNELS = (2, 3, 4, 8), ("[64, 32, 16]", "[32, 16, 8]")
MADE = {"version": "1.2.3", "command": "fpgan study s.yaml", "date": "2031-12-24 18:00 UTC"}

Row = dict[str, Any]


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    space = {
        "generator.weight_bits": list(BITS),
        "generator.channels": [yaml.safe_load(c) for c in CHANNELS],
        "generator.act_bits": list(BITS),
    }
    data = {"preset": "mnist32", "steps": 2, "space": space, "name": "made up"}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return Spec.from_yaml(tmp_path / "s.yaml")


def trials(spec: Spec, dsp: int = 0) -> list[Row]:
    """32 trials in which many of the best lie in nearly one place, as those of digits.yaml do."""
    rng = np.random.default_rng(0)
    rows = []
    for number, (weights, channels, acts) in enumerate(itertools.product(BITS, CHANNELS, BITS)):
        wide = channels == CHANNELS[0]
        lut = round((5000 if wide else 2600) * (weights * acts / 4) ** 0.35 + rng.integers(0, 900))
        score = (0.07 if wide else 0.1) * (1 + 0.5 / weights**2 + 0.6 / acts**2)
        rows.append(dict.fromkeys(COLUMNS) | {
            "generator.weight_bits": weights, "generator.channels": channels, "generator.act_bits": acts,
            "trial": number, "state": "done", "score": score, "score_name": "lenet-frechet",
            "score_spread": 0.0061234, "real_vs_real": 0.0579456, "LUT": lut, "DSP": dsp * (number % 3),
            "BRAM18": [4, 10, 16, 20][BITS.index(weights)] if wide else 4, "lut_equivalents": float(lut),
            "resources_from": "model", "cycles_per_image": 4704 if wide else 3844, "cycles_from": "predicted",
            "frames_per_second": 63776.0 if wide else 78044.0, "board": "ultra96", "clock_mhz": 300.0,
        })  # fmt: skip
    for row in mark_pareto(rows, spec.objectives):
        row |= {
            "resources_from": "yosys",
            "cycles_from": "simulated",
            "mismatches": 0,
            "images_simulated": 16,
        }
    return rows


def failed(number: int, error: str) -> Row:
    values = {"generator.weight_bits": 2, "generator.channels": CHANNELS[0], "generator.act_bits": 2}
    return dict.fromkeys(COLUMNS) | values | {"trial": number, "state": "failed", "error": error}


def text(file: Path) -> str:
    """What a page says, tags and runs of white space removed."""
    body = re.sub(r"<style>.*?</style>", "", file.read_text(encoding="utf-8"), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize("dsp", [0, 7])
def test_names_of_points_do_not_overlap(spec: Spec, dsp: int) -> None:
    """In a plot of 20 best trials, half of them in a column, each number can be read, and is inside."""
    figure = fronts_figure(trials(spec, dsp), spec.space)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for axis in figure.axes:
        names = [t for t in axis.texts if t.get_text()]
        boxes = [Text.get_window_extent(t, canvas.get_renderer()) for t in names]  # without their lines
        assert len(names) in (20, 0)
        for a, b in itertools.combinations(boxes, 2):
            assert not (a.x0 < b.x1 and b.x0 < a.x1 and a.y0 + 2 < b.y1 and b.y0 + 2 < a.y1), axis.get_title()
        for box in boxes:
            assert axis.bbox.x0 - 3 <= box.x0 and box.x1 <= axis.bbox.x1 + 3


def test_what_is_zero_in_all_trials_is_not_drawn(spec: Spec) -> None:
    titles = {dsp: {a.get_title("left") for a in fronts_figure(trials(spec, dsp)[:3], spec.space).axes}
              for dsp in (0, 7)}  # fmt: skip
    assert titles[7] - titles[0] >= {"score against DSP"}
    assert titles[0] >= {"score against LUT-equivalents", "score against images per second"}


def test_a_single_trial_is_drawn(spec: Spec, tmp_path: Path) -> None:
    rows = trials(spec)[:1]
    fronts(rows, spec.space, tmp_path / "fronts.png")
    parallel(rows, spec.space, tmp_path / "parallel.png")
    assert sorted(p.name for p in tmp_path.glob("*.png")) == ["fronts.png", "parallel.png"]


def test_a_study_in_which_all_failed_shows_why_and_no_plots(spec: Spec, tmp_path: Path) -> None:
    rows = [failed(0, "no data"), failed(1, "too <big>"), failed(2, "no data")]
    (tmp_path / "trials" / "0002").mkdir(parents=True)
    (tmp_path / "trials" / "0002" / "error.log").touch()
    file = page(spec, rows, tmp_path, MADE)
    said = text(file)
    assert (
        "Every trial failed no data trials 0, 2; see trials/0002/error.log too <big> trial 1 Trials" in said
    )
    assert said.index("Every trial failed") < said.index("Trials trial")
    assert "<img" not in file.read_text(encoding="utf-8") and not (tmp_path / PARETO).exists()
    assert not any(
        words in said for words in ("What quality costs", "Pareto set by score 0", "Which settings")
    )


def test_the_page_says_what_failed_after_what_did_not(spec: Spec, tmp_path: Path) -> None:
    said = text(page(spec, [*trials(spec)[:2], failed(32, "no room")], tmp_path, MADE))
    assert said.index("What quality costs") < said.index("What failed no room trial 32 Trials")
    assert "Written 2031-12-24 18:00 UTC by fpgan 1.2.3: fpgan study s.yaml" in said
    assert (tmp_path / PARETO).exists()


def test_figures_have_no_more_digits_than_their_spread_leaves_sure(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_pictures", lambda *_: {"fronts": None, "parallel": None})
    rows = trials(spec)
    best = min(rows, key=lambda r: r["score"])
    best |= {"score": 3264.9129, "score_spread": 38.721, "lut_equivalents": 1.0}
    mark_pareto(rows, spec.objectives)
    said = text(page(spec, rows, tmp_path, MADE))
    assert "lenet-frechet 3,265 ± 39" in said and "3264" not in said
    assert "real images: 0.0579" in said and not re.search(r"0\.\d{5}", said)


@pytest.mark.parametrize(
    ("value", "spread", "shown"),
    [
        (3264.9129, 38.721, "3,265"), (38.721, 38.721, "39"), (0.0735491, 0.006, "0.0735"),
        (0.006, 0.006, "0.0060"), (3264.9, 387.2, "3,260"), (0.0735491, None, "0.07355"),
        (12345.6, None, "12,346"), (1782.6999, 0, "1,783"), (0, None, "0"), (None, 1.0, "–"),
        (float("nan"), 1.0, "–"),
    ],
)  # fmt: skip
def test_rounding(value: float | None, spread: float | None, shown: str) -> None:
    assert rounded(value, spread) == shown
