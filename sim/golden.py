# SPDX-License-Identifier: Apache-2.0
"""The truth: every hardware layer as a numpy function on integers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.geometry import DeconvGeometry

IntArray = NDArray[np.int64]


def deconv(
    x: IntArray, w: IntArray, geometry: DeconvGeometry, bias: IntArray | None = None, groups: int = 1
) -> IntArray:
    """Convolution as defined: every input pixel adds its kernel to the output, of which the steps are kept.

    x (N,H,W,CI), w (CI,CO/groups,KH,KW), bias (CO) -> (N,OH,OW,CO), all integers. Channels of a group, which
    stand side by side on both sides, meet each other alone.
    """
    rows, cols = geometry.rows, geometry.cols
    oh, ow = rows.position(rows.out - 1) + 1 - rows.pad, cols.position(cols.out - 1) + 1 - cols.pad
    out = np.zeros((x.shape[0], oh, ow, w.shape[1] * groups), np.int64)
    for ky in range(rows.kernel):
        oy = np.arange(rows.size) * rows.stride + ky * rows.dilation - rows.pad
        ys = (oy >= 0) & (oy < oh)
        for kx in range(cols.kernel):
            ox = np.arange(cols.size) * cols.stride + kx * cols.dilation - cols.pad
            xs = (ox >= 0) & (ox < ow)
            out[:, oy[ys][:, None], ox[xs][None, :]] += grouped_matmul(
                x[:, ys][:, :, xs], w[:, :, ky, kx], groups
            )
    kept = out[:, :: rows.step, :: cols.step]
    return kept if bias is None else kept + bias


def zero_insert(x: IntArray, stride: tuple[int, int], size: tuple[int, int]) -> IntArray:
    """Spread pixels `stride` apart over an image of zeros: (N,H,W,C) -> (N,*size,C)."""
    out = np.zeros((x.shape[0], *size, x.shape[3]), x.dtype)
    out[:, : (x.shape[1] - 1) * stride[0] + 1 : stride[0], : (x.shape[2] - 1) * stride[1] + 1 : stride[1]] = x
    return out


def select(x: IntArray, rows: Sequence[int], cols: Sequence[int]) -> IntArray:
    """The image of those rows and columns of x: (N,H,W,C) -> (N,len(rows),len(cols),C)."""
    return x[:, list(rows)][:, :, list(cols)]


def threshold(acc: IntArray, thresholds: IntArray, offset: int = 0) -> IntArray:
    """Count the thresholds that are reached: acc (...,C), thresholds (C,T) ascending -> (...,C) + offset."""
    flat = acc.reshape(-1, acc.shape[-1])
    counts = [np.searchsorted(thresholds[c], flat[:, c], side="right") for c in range(flat.shape[1])]
    return np.stack(counts, -1).reshape(acc.shape).astype(np.int64) + offset


def requantize(
    acc: IntArray, multiplier: IntArray, offset: IntArray, shift: int, marks: IntArray, low: int = 0
) -> IntArray:
    """Levels on a line: (multiplier * acc + offset) >> shift within 0 .. L, plus `low`.

    acc (...,C), multiplier and offset (C). Where the line reaches a level too early, by marks (C,L+1)
    accumulators, these stay a level below.
    """
    t = acc * multiplier + offset
    level = np.clip(t >> shift, 0, marks.shape[1] - 1)
    early = (t & ((1 << shift) - 1)) < marks[np.arange(acc.shape[-1]), level] * multiplier
    return level - (early & (level == t >> shift)) + low


def matmul(x: IntArray, w: IntArray) -> IntArray:
    """Exact integer product (...,CI) @ (CI,CO), by float64 BLAS where every partial sum stays below 2^53."""
    bound = int(np.abs(x).max(initial=0)) * int(np.abs(w).sum(0).max(initial=0))
    if bound < 2**53:
        return (x.astype(np.float64) @ w.astype(np.float64)).astype(np.int64)
    return x.astype(np.int64) @ w.astype(np.int64)


def grouped_matmul(x: IntArray, w: IntArray, groups: int) -> IntArray:
    """x (...,CI), w (CI,CO/groups) -> (...,CO): the product of each group's channels."""
    if groups == 1:
        return matmul(x, w)
    apart = zip(np.split(x, groups, -1), np.split(w, groups), strict=True)
    return np.concatenate([matmul(a, b) for a, b in apart], -1)


def groups_at_once(out_channels: int, groups: int, pe: int) -> int:
    """Groups that are walked at the same time, by a fold of `pe` output channels."""
    return max(1, pe * groups // out_channels)


def weight_words(
    w: IntArray, geometry: DeconvGeometry, pe: int, simd: int, taps: tuple[int, int] = (1, 1), groups: int = 1
) -> IntArray:
    """Weights in the order of the hardware's ROM.

    w (CI,CO/groups,KH,KW) -> (BY*BX*NF*SF, PE, TY*TX*SIMD/GP), address ((by*BX + bx)*NF + nf)*SF + sf, where
    NF = CO/PE, GP groups are walked at once, SF = CI*GP/groups/SIMD, and by, bx count the blocks of
    `taps` = (TY, TX) along each axis (Axis.weight_blocks); taps that fill a block have weight 0.
    """
    ci, co = w.shape[0] // groups, w.shape[1]
    at_once = groups_at_once(co * groups, groups, pe)
    pe, simd = pe // at_once, simd // at_once
    padded = np.pad(w, ((0, 0), (0, 0), (0, 1), (0, 1)))  # kernel index -1 is a weight of 0
    ky, kx = (
        np.array([[-1 if k is None else k for k in block] for block in axis.weight_blocks(par)])
        for axis, par in zip((geometry.rows, geometry.cols), taps, strict=True)
    )
    blocks = padded[:, :, ky[:, None, :, None], kx[None, :, None, :]]  # CI, CO, BY, BX, TY, TX
    folded = blocks.reshape(
        groups // at_once, at_once, ci // simd, simd, co // pe, pe, len(ky), len(kx), *taps
    )
    ordered = folded.transpose(6, 7, 0, 4, 2, 1, 5, 8, 9, 3)
    return ordered.reshape(-1, at_once * pe, math.prod(taps) * simd)


def lookup(x: IntArray, table: IntArray) -> IntArray:
    """x (N,H,W,C) -> `table[row, bits]` by channel and by the pattern of x's bits; table (1 or C, 2^bits)."""
    rows = np.zeros(x.shape[-1], np.int64) if len(table) == 1 else np.arange(x.shape[-1])
    return table[rows, x & (table.shape[1] - 1)]


def weighted_sum(
    images: Sequence[IntArray], factors: Sequence[int], negated: Sequence[int] | None = None
) -> IntArray:
    """Sum of images (N,H,W,C), each times its factor, negated in the channels where `negated` (C) is 1."""
    terms = [image * factor for image, factor in zip(images, factors, strict=True)]
    total: IntArray = np.sum(np.stack(terms), axis=0)
    return np.where(np.asarray(negated, bool), -total, total) if negated else total


def window_max(x: IntArray, window: int) -> IntArray:
    """The largest of each channel of a window's pixels, side by side: (N,H,W,window*C) -> (N,H,W,C)."""
    return x.reshape(*x.shape[:3], window, -1).max(3)


def concat(images: Sequence[IntArray]) -> IntArray:
    """Images (N,H,W,C_k) as one: of each pixel all channels of the first, then of the second, and so on."""
    return np.concatenate(images, axis=3)


def cascade_places(simd: int, chain: int) -> IntArray:
    """Of each of `simd` products, its place in a chain of so many slices (simd): see mvu_cascade.sv."""
    chains = -(-simd // chain)
    head = simd - (chain - 1) * chains  # of place 0
    return np.array([0 if s < head else 1 + (s - head) // chains for s in range(simd)])
