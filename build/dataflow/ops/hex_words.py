# SPDX-License-Identifier: Apache-2.0
"""Words of memories: as $readmemh reads them, and as they are loaded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hex_words(words: NDArray[np.int64], bits: int) -> str:
    """Rows of `words` (...) as $readmemh lines: two's complement, the last axes' first element lowest."""
    digits = -(-words[0].size * bits // 4)
    packed = byte_words(words, bits)
    return "".join(f"{int.from_bytes(row.tobytes(), 'little'):0{digits}x}\n" for row in packed)


def byte_words(words: NDArray[np.int64], bits: int) -> NDArray[np.uint8]:
    """Rows of `words` (N,...) as whole bytes (N,B), in the same order, the low byte first."""
    rows = words.reshape(words.shape[0], -1) & ((1 << bits) - 1)
    planes = (rows[:, :, None] >> np.arange(bits)) & 1
    return np.packbits(planes.reshape(rows.shape[0], -1).astype(np.uint8), axis=1, bitorder="little")


def hex_pairs(low: NDArray[np.int64], high: NDArray[np.int64], bits: tuple[int, int]) -> str:
    """As hex_words, of elements {high, low} (rows, elements) of so many bits, maybe over 64 together."""
    width = sum(bits)
    lines = []
    for row in zip(low.tolist(), high.tolist(), strict=True):
        pairs = [
            a & ((1 << bits[0]) - 1) | (b & ((1 << bits[1]) - 1)) << bits[0]
            for a, b in zip(*row, strict=True)
        ]
        word = sum(pair << width * place for place, pair in enumerate(pairs))
        lines.append(f"{word:0{-(-width * len(pairs) // 4)}x}\n")
    return "".join(lines)
