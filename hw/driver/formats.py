# SPDX-License-Identifier: Apache-2.0
"""Integers to stream words and back: element 0 in the low bits, words padded to whole bytes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class Format(NamedTuple):
    """Of a stream: elements per beat, bits of one, whether it is signed."""

    elements: int
    bits: int
    signed: bool

    @property
    def beat_bytes(self) -> int:
        return -(-self.elements * self.bits // 8)


def pack(values: IntArray, elements: int, bits: int) -> Bytes:
    """Integers (any shape, N*`elements` of them) -> bytes (N words, bytes per word), two's complement."""
    rows = values.reshape(-1, elements) & ((1 << bits) - 1)
    if bits == 8:
        return rows.astype(np.uint8)
    planes = (rows[:, :, None] >> np.arange(bits)) & 1
    return np.packbits(planes.reshape(rows.shape[0], -1).astype(np.uint8), axis=1, bitorder="little")


def unpack(data: Bytes, elements: int, bits: int, signed: bool) -> IntArray:
    """Bytes (words, bytes per word) -> integers (words * elements)."""
    if bits == 8:
        return (data.view(np.int8) if signed else data).astype(np.int64).reshape(-1)
    planes = np.unpackbits(data, axis=1, bitorder="little")[:, : elements * bits]
    values = planes.reshape(-1, bits).astype(np.int64) @ (1 << np.arange(bits, dtype=np.int64))
    return np.where(values >> (bits - 1) & 1, values - (1 << bits), values) if signed else values
