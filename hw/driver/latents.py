# SPDX-License-Identifier: Apache-2.0
"""Random latents as the accelerator's generator makes them."""

from __future__ import annotations

import math

import numpy as np

from .formats import IntArray


def latent_table(bits: int, low: int, scale: float) -> IntArray:
    """2^32 * P(a standard normal number quantizes to k or less), k = low .. low + 2^bits - 2, in 32 bits."""
    steps = (np.arange(low, low + 2**bits - 1) + 0.5) * scale
    table = [round(2**31 * math.erfc(-x / math.sqrt(2))) for x in steps]
    return np.minimum(np.array(table, np.int64), 2**32 - 1)


def seed_state(seed: int) -> tuple[int, int, int, int]:
    """A state of the generator for any seed: four words of SplitMix32."""
    words, state = [], seed & 0xFFFFFFFF
    for _ in range(4):
        state = (state + 0x9E3779B9) & 0xFFFFFFFF
        z = ((state ^ state >> 16) * 0x85EBCA6B) & 0xFFFFFFFF
        z = ((z ^ z >> 13) * 0xC2B2AE35) & 0xFFFFFFFF
        words.append(z ^ z >> 16)
    return words[0], words[1], words[2], words[3]


def xoshiro128pp(state: tuple[int, int, int, int], count: int) -> IntArray:
    """The next `count` words of xoshiro128++ (Blackman and Vigna, 2021), 32 bits each."""
    a, b, c, d = state
    mask, words = 0xFFFFFFFF, np.empty(count, np.int64)
    for i in range(count):
        x = (a + d) & mask
        words[i] = ((x << 7 & mask | x >> 25) + a) & mask
        t = b << 9 & mask
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= t
        d = d << 11 & mask | d >> 21
    return words


def random_latents(seed: int, n: int, elements: int, bits: int, low: int, scale: float) -> IntArray:
    """What the accelerator's generator makes: (n, elements) normal numbers, quantized to integers."""
    words = xoshiro128pp(seed_state(seed), n * elements)
    return (np.searchsorted(latent_table(bits, low, scale), words, side="right") + low).reshape(n, elements)
