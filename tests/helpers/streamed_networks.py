# SPDX-License-Identifier: Apache-2.0
"""A small generator, two of whose layers hold more weights than a batch's images."""

from __future__ import annotations

import onnx
from onnx_models import Chain


def network(seed: int = 1, latent: int = 8, wide: int = 16, narrow: int = 8) -> onnx.ModelProto:
    """(1,latent,1,1) -> 2x2 -> 4x4 -> (1,1,8,8)."""
    chain = Chain((1, latent, 1, 1), seed=seed)
    chain.quant(0.125, 4)
    chain.op("ConvTranspose", chain.weights((latent, wide, 2, 2), bits=4)).op("Relu")
    chain.quant(0.125, 3, signed=False)
    chain.op("ConvTranspose", chain.weights((wide, narrow, 4, 4), bits=4), strides=[2, 2], pads=[1, 1, 1, 1])
    chain.op("Relu")
    chain.quant(0.25, 3, signed=False)
    chain.op("ConvTranspose", chain.weights((narrow, 1, 2, 2), bits=4), strides=[2, 2])
    chain.quant(0.5, 4)
    return chain.model()
