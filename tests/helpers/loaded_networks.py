# SPDX-License-Identifier: Apache-2.0
"""Small generators of one shape, whose weights are loaded."""

from __future__ import annotations

import numpy as np
import onnx
from onnx_models import Chain


def network(
    seed: int, hidden: int = 4, bits: int = 3, last: float = 1.0, rows: int = 2, loud: bool = False
) -> onnx.ModelProto:
    """A generator of 2 channels, some of whose functions fall; loud: weights are as large as can be."""
    chain = Chain((1, 6, 1, 1), seed=seed)
    chain.quant(0.125, 4)
    chain.op("ConvTranspose", chain.weights((6, hidden, rows, 2), bits=bits))
    chain.op("Mul", chain.const(chain.rng.choice([-0.5, 0.5, 1.0], (1, hidden, 1, 1))))
    chain.op("Add", chain.const(chain.rng.integers(-3, 4, (1, hidden, 1, 1)) / 8)).op("Relu")
    chain.quant(0.125, 3, signed=False)
    chain.op("ConvTranspose", chain.weights((hidden, 2, 2, 2), bits=bits), strides=[2, 2])
    chain.op("Add", chain.const(chain.rng.integers(-3, 4, (1, 2, 1, 1)) / 8))
    chain.quant(0.0625 * last, 4)
    if loud:
        chain.values = [
            (name, np.abs(v).max() + 0 * v if v.ndim == 4 and v.size > 9 else v) for name, v in chain.values
        ]
    return chain.model()
