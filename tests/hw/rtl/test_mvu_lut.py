# SPDX-License-Identifier: Apache-2.0
"""Compute cores: ours in LUTs, and FINN's with our adder tree and patches; both equal numpy, sum by sum."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.mvu_bench import MvuCase, check_mvu

# PE, SIMD, weight bits, activation bits, signed activations, narrow weights
SHAPES = [
    (1, 1, 4, 4, False, True), (3, 2, 4, 4, False, False), (2, 3, 4, 4, True, False),
    (1, 5, 3, 2, True, True), (2, 7, 2, 8, False, False), (1, 8, 8, 8, True, False),
    (4, 4, 5, 3, False, True), (1, 1, 8, 6, True, False), (2, 16, 4, 4, False, True),
    (5, 6, 2, 2, True, False), (2, 2, 6, 8, True, True), (1, 9, 4, 4, False, False),
]  # fmt: skip
NARROW = [  # and such as FINN's core does not take
    (2, 13, 1, 3, False, False), (1, 3, 1, 4, True, False), (2, 1, 3, 5, False, False),
    (2, 11, 3, 4, True, False), (1, 1, 1, 2, True, False), (1, 1, 2, 1, False, False),
]  # fmt: skip


def cases(latency, late: int = 0) -> list[MvuCase]:
    shapes = [*SHAPES, *NARROW] if late else SHAPES
    return [MvuCase(*shape, latency=latency(shape[1], shape[2]), late=late) for shape in shapes]


def lut_latency(simd: int, weight_bits: int) -> int:
    if simd == 1:
        return 2 + (weight_bits + 3) // 4
    pairs = next(p for p in (1, 2, 4, 8) if 2 * p * weight_bits > 8 or 2 * p >= simd)
    return 2 + (weight_bits * pairs + 1) // 2 + tree(math.ceil(simd / 2 / pairs))


def finn_latency(simd: int, weight_bits: int) -> int:
    return 4 + tree(simd) + (simd == 1)


def tree(simd: int) -> int:
    return math.ceil(math.log2(simd))


def finn_sources(folder: Path) -> list[Path]:
    import finn

    library = Path(next(iter(finn.__path__))) / "finn-rtllib/mvu"
    folder.mkdir()
    names = copy_finn_sources([library / "mvu_pkg.sv", library / "mvu.sv"], folder)
    return [folder / names[0], rtl_file("add_multi.sv"), folder / names[1]]


@pytest.mark.verilator
def test_mvu_lut(tmp_path):
    package, tree_source, _ = finn_sources(tmp_path / "rtl")
    sources = [package, tree_source, rtl_file("mvu_lut_pe.sv"), rtl_file("mvu_lut.sv")]
    # FINN's package has lint warnings
    chosen = cases(lut_latency, late=1)
    check_mvu("mvu_lut", sources, chosen, tmp_path / "build", pauses=False, warnings=False)


@pytest.mark.verilator
@pytest.mark.parametrize("version", [1, 2])
def test_finn_mvu(version, tmp_path):
    chosen = cases(finn_latency)
    if version == 1:  # DSP48E1 takes narrow weights only
        chosen = [case for case in chosen if case.narrow]
    sources = finn_sources(tmp_path / "rtl")
    extra = f", .VERSION({version})"
    # FINN's core takes `zero` in cycles without `en` too, so it may not be paused; deconv never does
    check_mvu("mvu", sources, chosen, tmp_path / "build", extra, pauses=False, warnings=False)
