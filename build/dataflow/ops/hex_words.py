# SPDX-License-Identifier: Apache-2.0
"""What $readmemh reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hex_words(words: NDArray[np.int64], bits: int) -> str:
    """Rows of `words` (...) as $readmemh lines: two's complement, the last axes' first element lowest."""
    rows = words.reshape(words.shape[0], -1) & ((1 << bits) - 1)
    digits = -(-rows.shape[1] * bits // 4)
    planes = (rows[:, :, None] >> np.arange(bits)) & 1
    packed = np.packbits(planes.reshape(rows.shape[0], -1).astype(np.uint8), axis=1, bitorder="little")
    return "".join(f"{int.from_bytes(row.tobytes(), 'little'):0{digits}x}\n" for row in packed)
