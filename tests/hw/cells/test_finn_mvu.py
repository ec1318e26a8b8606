# SPDX-License-Identifier: Apache-2.0
"""Our models of DSP slices and LUTs in FINN's core, as it instantiates them for synthesis, against numpy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import cells, rtl_file
from fpgan.sim.benches.mvu_bench import MvuCase, check_mvu

pytestmark = pytest.mark.verilator

# PE, SIMD, weight bits, activation bits, signed activations, narrow weights
MVUS = [
    (4, 2, 4, 4, False, True), (3, 3, 4, 4, True, True), (1, 5, 3, 2, True, True), (9, 1, 2, 2, False, True),
    (2, 2, 6, 8, True, True), (4, 2, 4, 4, False, False), (1, 2, 8, 8, True, False),
]  # fmt: skip
_NO_PORTS = (
    "CARRYOUT", "CARRYCASCOUT", "MULTSIGNOUT", "OVERFLOW", "PATTERNDETECT", "PATTERNBDETECT", "UNDERFLOW",
    "XOROUT",
)  # fmt: skip


@pytest.mark.parametrize("version", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_finn_mvu_of_primitives(tmp_path: Path, version: int) -> None:
    """FINN's core with the DSP slices and LUTs that it instantiates for synthesis, against numpy."""
    import finn

    library = Path(next(iter(finn.__path__))) / "finn-rtllib/mvu"
    package, mvu = copy_finn_sources([library / "mvu_pkg.sv", library / "mvu.sv"], tmp_path)
    text = (tmp_path / mvu).read_text()
    assert text.count("def VERILATOR") == 3  # where it turns to behavioural code
    text = text.replace("def VERILATOR", "def FPGAN_BEHAVIOURAL")
    text = re.sub(rf"\.({'|'.join(_NO_PORTS)})\(\),", "", text)
    (tmp_path / mvu).write_text(text)
    cases = [
        MvuCase(*shape, latency=4 + (shape[1] - 1).bit_length() + (shape[1] == 1))
        for shape in MVUS
        if shape[5] or version == 2  # DSP48E1 takes narrow weights only
    ]
    sources = [*cells(), tmp_path / package, rtl_file("add_multi.sv"), tmp_path / mvu]
    check_mvu(
        "mvu", sources, cases, tmp_path / "build", f", .VERSION({version})", pauses=False, warnings=False
    )
