# SPDX-License-Identifier: Apache-2.0
"""Rows, latency and LUTs of hw/rtl/engine/mvu_lut.sv, as functions of its parameters.

A group of pairs of products shares one running sum, to which a row adds a bit of both weights of a pair; an
adder tree sums up the groups.
"""

from __future__ import annotations

import math
from functools import cache

_MOST_ROWS = 8  # of a longer running sum: see mvu_lut.sv
_CONSTANT_SHARE = 0.63  # of the LUTs of rows and tree where weights never change


def shared_pairs(wide: int, weight_bits: int) -> int:
    """Pairs of `wide` products that share a running sum."""
    pairs = 1
    while 2 * pairs * weight_bits <= _MOST_ROWS and 2 * pairs < wide:
        pairs *= 2
    return pairs


def latency(wide: int, weight_bits: int) -> int:
    """Cycles from the last step of a group to its sum."""
    pairs = shared_pairs(wide, weight_bits)
    rows = math.ceil(weight_bits / 2) if wide == 1 else weight_bits * pairs
    return 2 + math.ceil(rows / 2) + _levels(math.ceil(wide / 2 / pairs))


def core_lut(
    pe: int, wide: int, weight_bits: int, act_bits: int, acc_bits: int, signed: bool, constant: bool
) -> float:
    """LUTs of a core of so many outputs per cycle, each of `wide` products: rows, tree, accumulators.

    signed: activations; constant: weights never change.
    """
    pairs, step = shared_pairs(wide, weight_bits), 2 if wide == 1 else 1
    sums = _sum_bits(1 if wide == 1 else 2, pairs, step, weight_bits, act_bits, signed)
    # Above a choice's bits a row is carry chain alone, where it does not subtract.
    rows = sum(
        width - low if signed or low + step >= weight_bits else min(width - low, act_bits + step)
        for low, width in ((row // pairs * step, width) for row, width in enumerate(sums))
    )
    bits = rows * wide / (1 if wide == 1 else 2 * pairs)
    groups, width = math.ceil(wide / 2 / pairs), sums[-1]
    while groups > 1:
        width = min(width + 1, acc_bits)
        bits, groups = bits + groups // 2 * width, -(-groups // 2)
    bits = bits * (_CONSTANT_SHARE if constant else 1) + acc_bits
    return pe * bits + math.ceil(wide / 2) * (act_bits + step)


@cache
def _sum_bits(
    products: int, pairs: int, step: int, weight_bits: int, act_bits: int, signed: bool
) -> list[int]:
    """Bits of the running sum behind each row, of pairs of so many products; see `bound` of mvu_lut_pe.sv."""
    acts = (-(2 ** (act_bits - 1)), 2 ** (act_bits - 1) - 1) if signed else (0, 2**act_bits - 1)
    found = []
    for row in range(pairs * math.ceil(weight_bits / step)):
        low = high = 0
        for pair in range(pairs):
            added = (row // pairs + (pair <= row % pairs)) * step
            weights = (
                (0, 2**added - 1)
                if added < weight_bits
                else (-(2 ** (weight_bits - 1)), 2 ** (weight_bits - 1) - 1)
            )
            corners = [w * a for w in weights for a in acts]
            low, high = low + products * min(corners), high + products * max(corners)
        found.append(max((-low - 1).bit_length(), high.bit_length()) + 1 if low < 0 else high.bit_length())
    return found


def _levels(count: int) -> int:
    return math.ceil(math.log2(count)) if count > 1 else 0
