# SPDX-License-Identifier: Apache-2.0
"""Estimates against counts: hand numbers."""

from __future__ import annotations

import json

from fpgan.build.bench.fit import fit


def build(folder, layers):
    folder.mkdir()
    report = [{"name": n, "op": op, "estimates": {"LUT": estimated}} for n, op, estimated, _ in layers]
    counted = [{"name": n, "LUT": count} for n, _, _, count in layers]
    (folder / "report.json").write_text(json.dumps({"layers": report}))
    (folder / "synth.json").write_text(json.dumps({"layers": counted}))
    return folder


def test_errors_are_of_the_count_and_small_layers_are_left_out(tmp_path):
    layers = [
        ("deconv_0", "Deconv_rtl", 1100, 1000),
        ("deconv_1", "Deconv_rtl", 900, 1200),
        ("threshold_0", "Thresholding_rtl", 404, 400),
        ("fifo_1", "Fifo_rtl", 200, 99),
    ]
    result = fit([build(tmp_path / "one", layers), tmp_path / "missing"], tmp_path / "costs.png")
    assert result == {
        "layers": 3,
        "median_error": 0.1,
        "worst_error": 0.25,
        "median_error_of": {"Deconv_rtl": 0.175, "Thresholding_rtl": 0.01},
    }
    assert (tmp_path / "costs.png").exists()


def test_a_damaged_build_is_left_out(tmp_path):
    """Its own row says what is wrong with it."""
    layers = [("deconv_0", "Deconv_rtl", 1100, 1000)]
    builds = [build(tmp_path / name, layers) for name in ("whole", "cut", "odd", "built")]
    (builds[1] / "report.json").write_text("{")
    (builds[2] / "synth.json").write_text('{"layers": [{"name": "deconv_0", "LUT": "many"}]}')
    (builds[3] / "synth.json").unlink()
    assert fit(builds, tmp_path / "costs.png")["layers"] == 1


def test_nothing_synthesized_is_no_picture(tmp_path):
    assert fit([tmp_path], tmp_path / "costs.png") is None
    assert not (tmp_path / "costs.png").exists()
