# SPDX-License-Identifier: Apache-2.0
"""What is drawn of outputs that are no pictures: every value of them, each once."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.sim.pictures import _as_images, save_comparison


@pytest.mark.parametrize(
    "shape, drawn",
    [
        ((8, 8, 1), (8, 8, 1)), ((8, 8, 3), (8, 8, 3)), ((1, 1, 10), (3, 4, 1)), ((1, 16, 3), (3, 16, 1)),
        ((4, 4, 6), (8, 12, 1)), ((1, 1, 1), (1, 1, 1)), ((8, 1, 2), (8, 2, 1)),
    ],
)  # fmt: skip
def test_channels_lie_in_a_grid(shape, drawn):
    values = np.arange(2 * np.prod(shape)).reshape(2, *shape) + 1
    found = _as_images(values, 0)
    assert found.shape == (2, *drawn)
    assert sorted(found[found > 0]) == sorted(values.ravel())
    if shape == (4, 4, 6):
        assert np.array_equal(found[0, 4:, :4, 0], values[0, :, :, 3])


def test_features_are_drawn(tmp_path):
    values = np.random.default_rng(0).integers(0, 255, (2, 1, 1, 30))
    save_comparison(tmp_path / "sim.png", values, values + 1)
    assert (tmp_path / "sim.png").stat().st_size > 1000


def test_the_title_says_how_many_values_differ(tmp_path, monkeypatch):
    titles = []
    monkeypatch.setattr("matplotlib.figure.Figure.suptitle", lambda self, text, **_: titles.append(text))
    golden = np.random.default_rng(0).integers(0, 16, (9, 8, 8, 1))
    output = golden.copy()
    output[3, 2, 2] += 1
    save_comparison(tmp_path / "sim.png", golden, output)
    save_comparison(tmp_path / "sim.png", golden, golden, "netlist", np.arange(9), "numpy")
    assert titles == ["1 of 576 values differ on 9 images", "0 of 576 values differ on 9 images"]
