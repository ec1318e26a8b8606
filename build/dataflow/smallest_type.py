# SPDX-License-Identifier: Apache-2.0
"""The narrowest type of integers."""

from __future__ import annotations

from qonnx.core.datatype import BaseDataType, DataType


def smallest_type(low: int, high: int, signed: bool = False) -> BaseDataType:
    """Narrowest UINTn or INTn (n >= 2) that holds [low, high]."""
    if low >= 0 and not signed:
        return DataType[f"UINT{max(2, high.bit_length())}"]
    return DataType[
        f"INT{max(2, (-low - 1).bit_length() + 1 if low < 0 else 0, max(high, 0).bit_length() + 1)}"
    ]
