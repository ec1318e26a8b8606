# SPDX-License-Identifier: Apache-2.0
"""The floats in which ONNX graphs hold integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_EXACT = 2**24  # integers up to here are exact in float32


def carried(values: NDArray[np.int64]) -> NDArray[np.float32] | NDArray[np.float64]:
    """float32, FINN's carrier, where it holds every one of these integers; else float64."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    return values.astype(np.float32) if max(-low, high) <= _EXACT else values.astype(np.float64)
