# SPDX-License-Identifier: Apache-2.0
"""Integers to stream words and back, for any width and number of elements."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fpgan.sim.packing import pack, unpack


@settings(max_examples=100, deadline=None)
@given(
    elements=st.integers(1, 40),
    bits=st.integers(1, 32),
    signed=st.booleans(),
    words=st.integers(1, 20),
    seed=st.integers(0, 1000),
)
def test_unpack_inverts_pack(elements, bits, signed, words, seed):
    low = -(2 ** (bits - 1)) if signed else 0
    values = np.random.default_rng(seed).integers(low, low + 2**bits, words * elements)
    packed = pack(values, elements, bits)
    assert packed.shape == (words, (elements * bits + 7) // 8)
    assert np.array_equal(unpack(packed, elements, bits, signed), values)


def test_element_0_is_in_the_low_bits_and_words_are_padded():
    packed = pack(np.array([1, -1, 2, 5, 0, 3]), elements=3, bits=3)
    assert [int.from_bytes(word.tobytes(), "little") for word in packed] == [
        1 | 7 << 3 | 2 << 6,
        5 | 0 << 3 | 3 << 6,
    ]
    assert packed.shape == (2, 2)


def test_axes_are_read_channels_last():
    x = np.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4)
    assert np.array_equal(unpack(pack(x, 4, 6), 4, 6, signed=False), x.reshape(-1))
