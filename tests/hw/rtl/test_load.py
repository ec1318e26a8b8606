# SPDX-License-Identifier: Apache-2.0
"""Loading: right files are in every memory to the bit, wrong ones are refused before an image."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from fpgan.hw.driver.weights import MAGIC, refused, weights_file
from fpgan.sim.benches.load_bench import Memory, check_loading

SIZES = {"first": 10, "second": 10, "third": 9}


@pytest.mark.verilator
def test_files_are_loaded_and_a_thousand_wrong_ones_are_not(tmp_path):
    memories = [
        Memory(5, 12, "distributed"),
        Memory(5, 16, "ultra"),
        Memory(3, 75, "ultra"),  # a word in two rows
        Memory(3, 20, "block"),
        Memory(1, 7, "block"),
    ]
    check_loading(memories, 1, 1000, tmp_path / "one")


@pytest.mark.verilator
def test_images_of_several_beats(tmp_path):
    check_loading([Memory(5, 8, "block"), Memory(5, 8, "distributed")], 3, 20, tmp_path)


def test_a_file_is_refused_by_name_before_it_is_loaded():
    rng = np.random.default_rng(1)
    sections = [rng.integers(0, 256, size, np.uint8).tobytes() for size in SIZES.values()]
    good = weights_file(7, sections)
    assert good[:8] == MAGIC + struct.pack("<I", 7) and refused(good, 7, SIZES) is None
    assert refused(good, 8, SIZES) == "has weights of another design (00000007), this one is 00000008"
    assert refused(good[:-1], 7, SIZES) == "has 48 bytes, the design takes 49"
    assert refused(b"", 7, SIZES) == "is no file of weights"
    assert refused(weights_file(7, [sections[1], sections[0], sections[2]])[:-1] + b"x", 7, SIZES)
    swapped = good[:8] + good[22:36] + good[8:22] + good[36:]
    assert refused(swapped, 7, SIZES) == "is damaged: the CRC of first is wrong"
    for place in range(len(good)):
        bad = good[:place] + bytes([good[place] ^ int(rng.integers(1, 256))]) + good[place + 1 :]
        assert refused(bad, 7, SIZES), place
