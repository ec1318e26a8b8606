# SPDX-License-Identifier: Apache-2.0
"""Integers to stream words and back: element 0 in the low bits, words padded to whole bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pack(values: NDArray[np.int64], elements: int, bits: int) -> NDArray[np.uint8]:
    """Integers (any shape, N*`elements` of them) -> bytes (N words, bytes per word), two's complement."""
    rows = values.reshape(-1, elements) & ((1 << bits) - 1)
    planes = (rows[:, :, None] >> np.arange(bits)) & 1
    return np.packbits(planes.reshape(rows.shape[0], -1).astype(np.uint8), axis=1, bitorder="little")


def unpack(data: NDArray[np.uint8], elements: int, bits: int, signed: bool) -> NDArray[np.int64]:
    """Bytes (words, bytes per word) -> integers (words * elements)."""
    planes = np.unpackbits(data, axis=1, bitorder="little")[:, : elements * bits]
    values = planes.reshape(-1, bits).astype(np.int64) @ (1 << np.arange(bits, dtype=np.int64))
    return np.where(values >> (bits - 1) & 1, values - (1 << bits), values) if signed else values
