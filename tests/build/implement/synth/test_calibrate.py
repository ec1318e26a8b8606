# SPDX-License-Identifier: Apache-2.0
"""The row of a routed design."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from fpgan.build.implement.synth.calibrate import fit, routed_designs, row_of
from fpgan.build.implement.synth.host import host_timing
from fpgan.build.implement.synth.paths import TimedPath
from fpgan.build.implement.synth.wires import WIRES, longest


def test_a_row_holds_what_the_estimate_knows(tmp_path: Path) -> None:
    """It would catch a longest path left out, LUTs of the board counted twice, a folder's name kept."""
    long, short = TimedPath(2.0, 9, 40.0, 8, "a", "b"), TimedPath(0.5, 1, 0.0, 1, "a", "c")
    layers: list[dict[str, object]] = [
        {"name": name, "LUT": 2_000, "timing": {"paths": [asdict(path)]}}
        for name, path in (("one", short), ("two", long))
    ]
    seeds = [{"seed": 1, "mhz": 101.5}, {"seed": 2, "failed": "stuck"}, {"seed": 3, "mhz": 99.0}]
    routed = {"lut_sites": {"used": 4_321}, "seeds": seeds}
    layers.append({"name": "board", "LUT": 900})
    (tmp_path / "synth.json").write_text(json.dumps({"layers": layers, "routed": routed}))
    command = "fpgan build /home/of/somebody/tiny.onnx --out /tmp/t --board pynq-z2"
    made = {"command": command, "date": "2026-11-29 09:00 UTC"}
    (tmp_path / "report.json").write_text(json.dumps({"board": "pynq-z2", "made": made}))
    row, host = row_of("tiny", tmp_path), host_timing("xc7")
    assert row.command == "fpgan build tiny.onnx --out t --board pynq-z2"
    assert (row.luts, row.sites, row.mhz) == (4_000 + host.luts, 4_321, (101.5, 99.0))
    wires = WIRES["xc7"]
    expected, _ = longest([long, short, *host.paths], wires.at(row.luts, 0.0))
    assert 1000 / row.estimate(wires) == pytest.approx(expected)
    assert not row.fitted and fit([*routed_designs(), replace(row, mhz=(1.0,))]) == wires
