# SPDX-License-Identifier: Apache-2.0
"""Packings of core cascade: every sum of every width leaves the slices as it is; how many share a slice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from fpgan.build.dataflow.cascade import packing

WIDTHS = list(itertools.product(range(1, 9), range(1, 9), (False, True), (False, True)))
PREADDER = {"DSP48E1": 25, "DSP48E2": 27}
PE, SIMD, STEPS = 6, 20, 3


def sums_of_all(weight_bits, act_bits, signed, narrow) -> int:
    """Bits of a sum of a group's products, each as large as the widths allow."""
    return int(STEPS * SIMD * 2 ** (weight_bits - 1 + act_bits)).bit_length() + 1


@pytest.mark.parametrize("block", PREADDER)
def test_what_is_packed_comes_out(block):
    """In integers, with weights and activations at their ends, or any; in some lanes weights of 0."""
    rng = np.random.default_rng(0)
    for widths in WIDTHS:
        weight_bits, act_bits, signed, narrow = widths
        found = packing(1, PE, SIMD, *widths, sums_of_all(*widths), block)
        assert found is not None
        terms = SIMD * STEPS if found.in_slices else found.chain
        least, most = int(narrow) - 2 ** (weight_bits - 1), 2 ** (weight_bits - 1) - 1
        act_least = -(2 ** (act_bits - 1)) if signed else 0
        act_most = 2**act_bits - 1 + act_least
        ends = itertools.product(ranges(least, most), ranges(act_least, act_most))
        for (low, high), (act_low, act_high) in ends:
            weights = rng.integers(low, high + 1, (found.lanes, terms))
            acts = rng.integers(act_low, act_high + 1, terms)
            weights[rng.random(found.lanes) < 0.3] *= 0
            came = unpacked(weights, acts, found, PREADDER[block])
            assert came == (weights @ acts).tolist(), (widths, found)


def ranges(least, most):
    return (least, most), (least, least), (most, most)


def unpacked(weights, acts, found, bits):
    """What mvu_cascade_pe makes of a chain."""
    words = [sum(int(w) << found.pitch * i for i, w in enumerate(column)) for column in weights.T]
    assert all(-(2 ** (bits - 1)) <= word < 2 ** (bits - 1) for word in words)
    half = 1 << found.pitch - 1
    total = sum(half << found.pitch * i for i in range(found.lanes))
    total = (total + sum(word * int(a) for word, a in zip(words, acts, strict=True))) % 2**48
    return [(total >> found.pitch * i) % (2 * half) - half for i in range(found.lanes)]


@pytest.mark.parametrize(
    ("block", "widths", "acc_bits", "lanes", "slices", "latency"),
    [
        ("DSP48E2", (4, 4, False, False), 17, 3, 2 * 16, 13),  # chains of 8, LUTs accumulate
        ("DSP48E2", (4, 8, True, False), 17, 2, 3 * 16, 19),  # one chain, whose last slice accumulates
        ("DSP48E2", (2, 2, False, False), 11, 6, 16, 9),
        ("DSP48E1", (4, 4, False, True), 17, 3, 2 * 16, 10),
        ("DSP48E1", (8, 8, True, True), 26, 2, 3 * 16, 10),
    ],
)
def test_channels_of_a_slice(block, widths, acc_bits, lanes, slices, latency):
    found = packing(1, 6, 16, *widths, acc_bits, block)
    assert found is not None and (found.lanes, found.slices, found.latency) == (lanes, slices, latency)


def test_sums_that_fit_no_slice():
    assert packing(1, 2, 4, 8, 8, False, False, 40, "DSP58") is None
