# SPDX-License-Identifier: Apache-2.0
"""The host interface that estimates know, against the one that the RTL is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fpgan.build.implement.route.host_timing import measure
from fpgan.build.implement.synth.host import host_timing
from fpgan.build.implement.synth.wires import WIRES, longest
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design
from fpgan.sim.benches.host_bench import identity_build


@pytest.mark.slow
@pytest.mark.yosys
def test_the_host_interface_is_as_it_is_noted(tmp_path: Path) -> None:
    """It would catch a register that is gone from the interface's RTL, or logic that came, without host.yaml.

    That of an accelerator without layers, whose streams are as wide as others' are not: hence the shares.
    """
    board, luts = get_board("pynq-z2"), 25_000
    build = identity_build(tmp_path / "build", 4, 4, 16)
    design, altered = build / "design.json", {"board": board.name, "part": board.part, "family": board.family}
    design.write_text(json.dumps(json.loads(design.read_text()) | altered))
    (tmp_path / "work").mkdir()
    found, noted = measure(Design.load(build), tmp_path / "work"), host_timing(board.family)
    wires = WIRES[board.family].at(luts, luts / board.LUT)
    assert found.luts == pytest.approx(noted.luts, rel=0.1)
    assert longest(found.paths, wires)[0] == pytest.approx(longest(noted.paths, wires)[0], rel=0.05)
