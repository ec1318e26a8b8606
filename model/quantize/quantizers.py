# SPDX-License-Identifier: Apache-2.0
"""Brevitas quantizers whose scales are powers of two, found by least squared error."""

from __future__ import annotations

import math

from brevitas.nn import QuantIdentity
from brevitas.quant.fixed_point import (
    Int8ActPerTensorFixedPointMSE,
    Int8WeightPerChannelFixedPointMSE,
    Int8WeightPerTensorFixedPointMSE,
    Uint8ActPerTensorFixedPointMSE,
)

from fpgan.model.layers import SignedAct, UnsignedAct

Range = tuple[float, float]
ChannelWeight = Int8WeightPerChannelFixedPointMSE
TensorWeight = Int8WeightPerTensorFixedPointMSE


def calibrated(bits: int, signed: bool) -> QuantIdentity:
    """A quantizer whose scale calibration finds, among powers of two that with the least squared error."""
    quant = Int8ActPerTensorFixedPointMSE if signed else Uint8ActPerTensorFixedPointMSE
    return QuantIdentity(act_quant=quant, bit_width=bits)


def constant(bits: int, span: Range) -> QuantIdentity:
    """A quantizer of a known range: the least power of two that covers it, signed where it must be."""
    largest = 2.0 ** math.ceil(math.log2(max(-span[0], span[1])))
    return QuantIdentity(
        act_quant=SignedAct if span[0] < 0 else UnsignedAct, bit_width=bits, scaling_init=largest
    )
