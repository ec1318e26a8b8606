# SPDX-License-Identifier: Apache-2.0
"""Random latents: the generator's words, their seeds, and how they are distributed."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.hw.driver import latents


def test_generator_is_xoshiro128pp():
    # the first outputs that its authors' program gives for the state 1, 2, 3, 4
    expected = [641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295]
    assert latents.xoshiro128pp((1, 2, 3, 4), 8).tolist() == expected


def test_seeds_give_different_states_and_more_latents_begin_with_fewer():
    states = {latents.seed_state(seed) for seed in range(1000)}
    assert len(states) == 1000 and (0, 0, 0, 0) not in states
    many, few = (latents.random_latents(3, n, 7, 8, -128, 2.0**-5) for n in (20, 5))
    assert (many[:5] == few).all()


@pytest.mark.parametrize(
    ("bits", "low", "scale"), [(8, -128, 2.0**-5), (4, -8, 0.5), (2, -2, 1.0), (3, 0, 0.4)]
)
def test_latents_are_distributed_as_quantized_normal_numbers(bits, low, scale):
    """Each value's share is within 5 standard deviations of what `rint` and `clip` make of normal numbers."""
    n = 40_000
    found = np.bincount(
        latents.random_latents(1, n // 8, 8, bits, low, scale).ravel() - low, minlength=2**bits
    )
    normal = np.random.default_rng(0).standard_normal(4_000_000)
    values = np.clip(np.rint(normal / scale), low, low + 2**bits - 1).astype(int) - low
    share = np.bincount(values, minlength=2**bits) / len(values)
    assert (np.abs(found - n * share) <= 5 * np.sqrt(n * share) + 1).all()


def test_table_ascends_within_32_bits():
    for bits, scale in ((8, 2.0**-5), (9, 1.0), (2, 0.01)):
        table = latents.latent_table(bits, -(2 ** (bits - 1)), scale)
        assert len(table) == 2**bits - 1 and (np.diff(table) >= 0).all()
        assert table[0] >= 0 and table[-1] < 2**32
