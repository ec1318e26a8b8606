# SPDX-License-Identifier: Apache-2.0
"""batch_buffer.sv: every word in its place, as often as wanted, at full rate, for any tiles and batches."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.hw.sources import rtl_file
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, StreamCase, check_streams

BATCHES = 3
# images, pixels, words of a pixel, tiles, times, bytes of a word
SHAPES = (
    (2, 4, 6, 3, 1, 1), (3, 1, 4, 1, 3, 2), (2, 3, 4, 2, 2, 1), (1, 5, 3, 3, 1, 1), (1, 1, 1, 1, 2, 1),
    (4, 1, 8, 8, 3, 1), (1, 1, 2, 2, 1, 1),
)  # fmt: skip


def case(batch: int, pixels: int, words: int, tiles: int, times: int, size: int) -> StreamCase:
    rng = np.random.default_rng(batch * pixels)
    whole = rng.integers(0, 256, (BATCHES, batch, pixels, words, size), np.uint8)
    tiled = whole.reshape(BATCHES, batch, pixels, tiles, words // tiles, size).transpose(0, 3, 1, 2, 4, 5)
    given, taken = tiled.reshape(-1, size), np.repeat(whole[:, None], times, 1).reshape(-1, size)
    parameters = {"BATCH": batch, "PIXELS": pixels, "WORDS": words, "TILES": tiles, "TIMES": times}
    return StreamCase({**parameters, "WIDTH": 8 * size}, given, taken, cycles=len(taken))


@pytest.mark.verilator
def test_rtl(tmp_path):
    """Full rate from the first word of the first batch to the last one; also after the shortest reset."""
    cases = [case(*shape) for shape in SHAPES]
    check_streams(
        "batch_buffer", [rtl_file("batch_buffer.sv")], cases, tmp_path, seeds=SEEDS, reset=SHORTEST
    )  # fmt: skip


@pytest.mark.verilator
def test_a_word_out_of_its_place_is_seen(tmp_path):
    """The first tile's and the second's words of a pixel change places."""
    good = case(*SHAPES[0])
    swapped = good.inputs.reshape(BATCHES, 3, -1, 1)[:, [1, 0, 2]].reshape(-1, 1)
    with pytest.raises(AssertionError):
        check_streams(
            "batch_buffer", [rtl_file("batch_buffer.sv")],
            [StreamCase(good.parameters, swapped, good.outputs)], tmp_path,
        )  # fmt: skip
