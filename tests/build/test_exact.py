# SPDX-License-Identifier: Apache-2.0
"""`exact`: a design that Yosys counts above what it may take is folded again, with less."""

from __future__ import annotations

import json

import pytest

from fpgan.build.dataflow import costs
from fpgan.build.flow import build
from fpgan.build.implement.synthesize import synth
from fpgan.sim.simulate import simulate

BUDGET = {"LUT": 3330, "DSP": 0}


@pytest.fixture
def too_low(monkeypatch):
    """Estimates of layers that are too low by some 100 LUTs."""
    *per_bit, control = costs._SHARED["lut"]
    monkeypatch.setitem(costs._SHARED, "lut", (*per_bit, control - 100))


@pytest.mark.slow
@pytest.mark.yosys
@pytest.mark.verilator
def test_what_is_counted_is_within_the_budget(export_preset, tmp_path, too_low):
    path, said = export_preset("tiny"), list[str]()
    build(path, tmp_path / "estimated", budget=BUDGET)
    assert synth(tmp_path / "estimated")["totals"]["LUT"] > BUDGET["LUT"]
    report = build(path, tmp_path / "exact", budget=BUDGET, exact=True, progress=said.append)
    counted = json.loads((tmp_path / "exact" / "synth.json").read_text())["totals"]
    assert counted["LUT"] <= BUDGET["LUT"] == report["limits"]["lut"]
    assert any(line.startswith("counted LUT=") and line.endswith(" too much") for line in said)
    assert simulate(tmp_path / "exact", images=2)["mismatches"] == 0


@pytest.mark.yosys
def test_no_design_is_within_the_budget(export_preset, tmp_path, monkeypatch):
    """Nothing is written, what was there stays; the line says by how much."""
    monkeypatch.setattr("fpgan.build.flow._COUNTS", 1)
    monkeypatch.setitem(costs._SHARED, "lut", (0.0, 0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match=r"Yosys counts LUT=\d+ more than LUT=\d+ .* after 1 foldings"):
        build(export_preset("tiny"), tmp_path / "out", budget={"LUT": 1500, "DSP": 0}, exact=True)
    assert not (tmp_path / "out").exists()


def test_what_it_does_not_go_with(export_preset, tmp_path):
    for more in ({"backend": "hls"}, {"like": tmp_path}):
        with pytest.raises(ValueError, match="exact: folds RTL again where it is too large; leave out like"):
            build(export_preset("tiny"), tmp_path / "out", exact=True, **more)
