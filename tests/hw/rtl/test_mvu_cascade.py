# SPDX-License-Identifier: Apache-2.0
"""Cascades of DSP slices equal numpy, sum by sum: as they simulate and as primitives, in every packing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fpgan.build.dataflow.cascade import packing
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import cells, rtl_file
from fpgan.sim.benches.mvu_bench import MvuCase, check_mvu

BLOCKS = {1: "DSP48E1", 2: "DSP48E2"}  # by VERSION
# version, PE, SIMD, weight bits, activation bits, signed activations, narrow weights
SHAPES = [
    (2, 2, 5, 4, 4, True, False), (2, 4, 9, 4, 4, False, True), (2, 2, 6, 8, 8, False, False),
    (2, 1, 3, 1, 5, True, False), (2, 7, 4, 2, 2, False, False), (1, 2, 7, 5, 8, True, False),
    (1, 3, 10, 4, 4, False, True), (1, 16, 1, 1, 1, False, False),
]  # fmt: skip


def packed(shape) -> MvuCase:
    version, pe, simd, *widths = shape
    case = MvuCase(pe, simd, *widths, latency=0, groups=16)
    found = packing(1, pe, simd, *widths, case.accumulator_bits, BLOCKS[version])
    assert found is not None
    extra = f", .VERSION({version}), .LANES({found.lanes}), .CHAIN({found.chain}), .PITCH({found.pitch})"
    extra += f", .NARROW_WEIGHTS({int(case.narrow)})"
    return replace(case, latency=found.latency, chain=found.chain, extra=extra)


def check(sources: list[Path], folder: Path) -> None:
    cases = [packed(shape) for shape in SHAPES]
    check_mvu("mvu_cascade", sources, cases, folder / "build", pauses=False, warnings=False, optimize=False)


def core(folder: Path) -> list[Path]:
    import finn

    folder.mkdir()
    copy_finn_sources([Path(next(iter(finn.__path__))) / "finn-rtllib/mvu/mvu_pkg.sv"], folder)
    ours = ("add_multi", "cascade_slice", "mvu_cascade_pe", "mvu_cascade")
    return [folder / "mvu_pkg.sv", *(rtl_file(f"{name}.sv") for name in ours)]


@pytest.mark.verilator
def test_equal_to_numpy(tmp_path):
    check(core(tmp_path / "rtl"), tmp_path)


@pytest.mark.verilator
def test_primitives_equal_numpy(tmp_path):
    """The same with DSP slices as tools take them, and our models of those."""
    *others, pe, top = core(tmp_path / "rtl")
    text = others[-1].read_text(encoding="utf-8")
    assert text.count("`ifdef VERILATOR") == 1  # where it turns to what simulates faster
    slices = tmp_path / "cascade_slice.sv"
    slices.write_text(text.replace("`ifdef VERILATOR", "`ifdef FPGAN_BEHAVIOURAL"), encoding="utf-8")
    check([*cells(), *others[:-1], slices, pe, top], tmp_path)
