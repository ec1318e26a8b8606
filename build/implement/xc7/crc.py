# SPDX-License-Identifier: Apache-2.0
"""The CRC of configuration words: CRC-32C over 37 bits a word, the register's number above its 32 bits.

A CRC is linear, so that of a million words is a tree: of each word alone, then of pairs that double in size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # CRC-32C, lowest bit first
_BITS = 37

Words = NDArray[np.uint32]
Map = NDArray[np.uint32]  # a linear map of 32 bits: what each bit becomes


class Crc:
    """`start`, and the CRC `after` more words."""

    start = 0

    def __init__(self) -> None:
        after_word = np.array([_shifted(1 << bit, _BITS) for bit in range(32)], np.uint32)
        self._powers = [after_word]  # after 1, 2, 4, ... words of zeros
        for _ in range(30):
            self._powers.append(_apply(self._powers[-1], self._powers[-1]))

    def after(self, crc: int, register: int, values: Words) -> int:
        """The CRC once `values` have been written to a register, when it was `crc` before."""
        own = _word_map()
        codes = _apply(own, values) ^ np.uint32(_shifted_in(register, 5))
        count = len(codes)
        for level in range(count.bit_length()):
            if len(codes) == 1:
                break
            if len(codes) % 2:  # words of zeros in front change nothing
                codes = np.concatenate([np.zeros(1, np.uint32), codes])
            codes = _apply(self._powers[level], codes[::2]) ^ codes[1::2]
        before = np.array([crc], np.uint32)
        for level, power in enumerate(self._powers):
            if count >> level & 1:
                before = _apply(power, before)
        return int(before[0] ^ codes[0])


def _shifted(crc: int, bits: int) -> int:
    for _ in range(bits):
        crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc


def _shifted_in(value: int, bits: int) -> int:
    return _shifted(value, bits)


def _word_map() -> Map:
    """What each bit of a word makes of a CRC of 0, the five bits of the register behind it included."""
    return np.array([_shifted(_shifted(1 << bit, 32), 5) for bit in range(32)], np.uint32)


def _apply(mapping: Map, values: Words) -> Words:
    """The map of many values at once, a byte at a time."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    found = np.zeros(len(values), np.uint32)
    for byte in range(4):
        part = np.where(bits == 1, mapping[8 * byte : 8 * byte + 8], np.uint32(0))
        table = np.bitwise_xor.reduce(part.astype(np.uint32), axis=1)
        found ^= table[values >> np.uint32(8 * byte) & np.uint32(255)]
    return found


CONFIGURATION_CRC = Crc()
