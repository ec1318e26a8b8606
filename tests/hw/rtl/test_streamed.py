# SPDX-License-Identifier: Apache-2.0
"""deconv.sv and weight_tiles.sv: numpy's sums of every tile, whatever the memory does, in the cycles said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamed_cases import SHAPES, streamed_case

from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.sim.benches.stream_bench import SHORTEST, StreamCase, check_streams


def check(names: list[str], tmp_path: Path, changed: dict[str, StreamCase] | None = None) -> None:
    files: list[Path] = []
    cases = []
    for name in names:
        case, needed = streamed_case(name, tmp_path / "cases")
        cases.append((changed or {}).get(name, case))
        files += [path for path in needed if path not in files]
    copied = copy_finn_sources(files, tmp_path)
    check_streams(
        "deconv", [tmp_path / name for name in copied], cases, tmp_path / "bench", run_dir=tmp_path,
        warnings=False, reset=SHORTEST,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path):
    (tmp_path / "cases").mkdir()


@pytest.mark.verilator
def test_rtl(tmp_path):
    check(list(SHAPES), tmp_path)


@pytest.mark.verilator
def test_weights_of_another_tile_are_seen(tmp_path):
    """As a bank that is written while it is read would show: two tiles of the stream change places."""
    case, _ = streamed_case("dense", tmp_path / "cases")
    pixels, weights = case.inputs
    beats = len(weights) // 12
    swapped = weights.copy()
    swapped[:beats], swapped[beats : 2 * beats] = weights[beats : 2 * beats], weights[:beats]
    with pytest.raises(AssertionError):
        check(["dense"], tmp_path, {"dense": replace(case, inputs=[pixels, swapped])})
