# SPDX-License-Identifier: Apache-2.0
"""Weights whose scales differ within an output channel, as those per input channel do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.quantized_constants import Scaled

MAX_WEIGHT = 512  # a magnitude: 8 bits with any zero point


def per_output(
    node: NodeProto, weights: Scaled, axis: int, groups: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Integers of the same shape, and scales () or (CO), `axis` being that of the outputs.

    Where scales are 1, 2, 4 ... times the least one of an output, weights take up the factors, exactly.
    groups: of a transposed convolution, each with outputs of its own on axis 1. UnsupportedError where
    ratios are others, or weights become too large.
    """
    shape = weights.integers.shape
    apart = (groups, shape[0] // groups, *shape[1:])
    integers = weights.integers.reshape(apart)
    scale = np.broadcast_to(weights.scale, shape).reshape(apart)
    inner = (1, *range(3, len(apart))) if axis == 1 else tuple(range(2, len(apart)))
    used = np.where(integers == 0, np.inf, scale).min(inner, keepdims=True)  # a weight of 0 has any scale
    least = np.where(np.isinf(used), scale.min(inner, keepdims=True), used).astype(np.float32)
    ratio = np.where(integers == 0, 1, scale / least)
    if (np.frexp(ratio)[0] != 0.5).any():
        raise UnsupportedError.at(
            node, f"weight scale of shape {weights.scale.shape}; one, one per output channel (axis {axis}), "
            "or such that are 1, 2, 4 ... times the least of their output, are supported",
        )  # fmt: skip
    grown = integers * ratio.astype(np.int64)
    if np.abs(grown).max(initial=0) > MAX_WEIGHT:
        raise UnsupportedError.at(
            node, f"weights up to {np.abs(grown).max()} once scales of {weights.scale.shape} are in them; "
            f"at most {MAX_WEIGHT} (8 bits) is supported",
        )  # fmt: skip
    return grown.reshape(shape), _compact(least.reshape(-1))


def _compact(scale: NDArray[np.float32]) -> NDArray[np.float32]:
    return scale[0].reshape(()) if (scale == scale[0]).all() else scale.copy()
