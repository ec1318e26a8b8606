# SPDX-License-Identifier: Apache-2.0
"""Constant arrays of the HLS kernels: taps of a deconvolution's axes, weights, thresholds."""

from __future__ import annotations

import numpy as np

from fpgan.hw.geometry import Axis
from fpgan.sim.golden import IntArray

CHUNK_BITS = 64  # weights lie in native words: constants of any compiler, no constructor runs


def axis_table(axis: Axis, par: int, ring: bool) -> IntArray:
    """One row per output index; columns as AxisColumn of hw/hls/deconv.hpp.

    BLOCKS visited; BLOCK: the first one's weights; GROUP: the group of `par` inputs that its first tap falls
    into, counted from the oldest held group (`ring`) or from the image's first; PLACE: of that input in its
    group; LOW, HIGH: first and last tap inside the input, counted from the first visited block's first; MORE
    inputs needed than for the output before; DROP: inputs that no later output needs.
    """
    released, needed = (0, *axis.released(par)), (0, *axis.needed(par))
    first_block = np.cumsum(
        [0] + [-(-len(range(k, axis.kernel, axis.apart)) // par) for k in range(axis.apart)]
    )
    rows = []
    for o, taps in enumerate(axis.taps):
        k, nearest = axis.first(o) if taps else (0, 0)
        low, high = (taps[0][0] // axis.apart, taps[-1][0] // axis.apart) if taps else (0, -1)
        skipped = low // par
        group = nearest // par - skipped * axis.reach - (released[o] // par if ring else 0)
        rows.append([
            len({k // axis.apart // par for k, _ in taps}), first_block[k] + skipped if taps else 0,
            group if taps else 0, nearest % par, low - skipped * par, high - skipped * par,
            needed[o + 1] - needed[o], released[o + 1] - released[o],
        ])  # fmt: skip
    return np.array(rows, np.int64)


def weight_chunks(words: IntArray, bits: int) -> IntArray:
    """Weight words (WORDS, PE, WIDE) -> (WORDS, CHUNKS), uint64 with 64 // bits weights in each."""
    per_chunk = CHUNK_BITS // bits
    flat = words.reshape(len(words), -1) & ((1 << bits) - 1)
    padded = np.pad(flat, ((0, 0), (0, -flat.shape[1] % per_chunk))).astype(np.uint64)
    shifts = (np.arange(per_chunk) * bits).astype(np.uint64)
    chunks: IntArray = np.bitwise_or.reduce(padded.reshape(len(words), -1, per_chunk) << shifts, axis=2)
    return chunks


def threshold_tables(thresholds: IntArray, pe: int) -> IntArray:
    """Thresholds (C,T) ascending -> (BITS, PE, TABLE): for each stage of a binary search what it compares.

    Stage s of the fold f finds its 2^s candidates from f * 2^s on; channel c is fold c // PE, element c % PE.
    """
    channels, count = thresholds.shape
    bits, folds = max(1, count.bit_length()), channels // pe
    padded = np.pad(thresholds, ((0, 0), (0, (1 << bits) - 1 - count)))
    tables = np.zeros((bits, pe, folds << (bits - 1)), np.int64)
    for stage in range(bits):
        step = 1 << (bits - 1 - stage)
        compared = padded[:, step - 1 :: 2 * step]  # (C, 2^stage)
        by_fold = compared.reshape(folds, pe, -1).transpose(1, 0, 2).reshape(pe, -1)
        tables[stage, :, : by_fold.shape[1]] = by_fold
    return tables
