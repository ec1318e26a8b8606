# SPDX-License-Identifier: Apache-2.0
"""Brevitas layers with power-of-two scales.

Every scale is a power of two, so in eval mode an activation is an exact integer times its scale, and float32
convolutions of them are exact while the accumulator stays below 2^24. Activation scales are constants unless
they are to be learned: the BatchNorm before each normalises what comes in and learns how much of the range it
uses.
"""

from __future__ import annotations

from typing import Any

from brevitas.core.function_wrapper.ops_ste import RoundSte
from brevitas.core.scaling import ScalingImplType
from brevitas.core.stats import MeanSigmaStd
from brevitas.inject import ExtendedInjector
from brevitas.inject.enum import RestrictValueType
from brevitas.nn import QuantConv2d, QuantConvTranspose2d, QuantIdentity, QuantReLU, QuantUpsample
from brevitas.quant.fixed_point import Int8WeightPerTensorFixedPoint
from brevitas.quant.scaled_int import (
    Int8ActPerTensorFloat,
    Int16Bias,
    Uint8ActPerTensorFloat,
)
from torch import nn

from fpgan.model.accumulator import Accumulator, AccumulatorAwareIntQuant

_LEAK = 0.2
_ACT_RANGE = 4.0  # four standard deviations of what BatchNorm puts out
_FEW_BITS = 2  # with so few levels a finer step is worth more than the tail
_LATENT_RANGE = 4.0


class PowerOfTwoWeight(Int8WeightPerTensorFixedPoint):
    """Signed narrow-range weights; one scale per tensor, the power of two nearest to the best clipping.

    For normal weights mean(|w|) + 2.5 std(|w|) is 2.3 standard deviations, where 4-bit rounding and clipping
    balance. The largest weight instead would leave most weights within one or two steps of zero.
    """

    scaling_stats_impl = MeanSigmaStd
    sigma = 2.5
    restrict_value_float_to_int_impl = RoundSte


class AccumulatorAwareWeight(PowerOfTwoWeight):
    """The same, smaller where the layer's accumulator would overflow."""

    tensor_quant = AccumulatorAwareIntQuant


class _ConstPowerOfTwo(ExtendedInjector):
    """Mixed into an activation quantizer: scale = scaling_init / 2^bits (2^(bits-1) if signed), for good."""

    scaling_impl_type = ScalingImplType.CONST
    restrict_scaling_type = RestrictValueType.POWER_OF_TWO


class _LearnedPowerOfTwo(ExtendedInjector):
    """Mixed into an activation quantizer: starts like the constant; training moves the exponent."""

    scaling_impl_type = ScalingImplType.PARAMETER
    restrict_scaling_type = RestrictValueType.POWER_OF_TWO
    restrict_value_float_to_int_impl = RoundSte
    scaling_min_val = 2.0**-10


class SignedAct(_ConstPowerOfTwo, Int8ActPerTensorFloat):
    """Signed activation of constant power-of-two scale."""


class UnsignedAct(_ConstPowerOfTwo, Uint8ActPerTensorFloat):
    """Unsigned activation of constant power-of-two scale."""


class LearnedSignedAct(_LearnedPowerOfTwo, Int8ActPerTensorFloat):
    """Signed activation whose power-of-two scale is learned."""


class LearnedUnsignedAct(_LearnedPowerOfTwo, Uint8ActPerTensorFloat):
    """Unsigned activation whose power-of-two scale is learned."""


def latent_quant(bits: int | None) -> nn.Module:
    """Signed latent within +-4, scale 2^(3 - bits); bits None: as it is, here and below."""
    if bits is None:
        return nn.Identity()
    return QuantIdentity(
        act_quant=SignedAct, bit_width=bits, scaling_init=_LATENT_RANGE, return_quant_tensor=True
    )


def output_quant(bits: int | None) -> nn.Module:
    """Signed image within +-1, scale 2^(1 - bits)."""
    return nn.Identity() if bits is None else QuantIdentity(SignedAct, bit_width=bits, scaling_init=1.0)


def activation(kind: str, bits: int | None, learned: bool = False) -> nn.Module:
    """`relu`: ReLU onto unsigned bits. `leaky_relu`: LeakyReLU(0.2) onto signed. learned: the scale is."""
    if bits is None:
        return nn.ReLU() if kind == "relu" else nn.LeakyReLU(_LEAK)
    span = _ACT_RANGE if bits > _FEW_BITS else _ACT_RANGE / 2
    if kind == "relu":
        quant = LearnedUnsignedAct if learned else UnsignedAct
        return QuantReLU(act_quant=quant, bit_width=bits, scaling_init=span, return_quant_tensor=True)
    quant = LearnedSignedAct if learned else SignedAct
    signed = QuantIdentity(
        act_quant=quant, bit_width=bits, scaling_init=_ACT_RANGE / 2, return_quant_tensor=True
    )
    return nn.Sequential(nn.LeakyReLU(_LEAK), signed)


def upsample(factor: int, bits: int | None) -> nn.Module:
    """Repeat each pixel factor x factor times."""
    cls = nn.Upsample if bits is None else QuantUpsample
    return cls(scale_factor=factor, mode="nearest")


def _weight_quant(bits: int | None, bias: bool, accumulator: Accumulator | None) -> dict[str, Any]:
    """A bias is 16 bits at the accumulator's scale."""
    if bits is None:
        return {"weight_quant": None}
    kind = {"weight_quant": PowerOfTwoWeight} if accumulator is None else {
        "weight_quant": AccumulatorAwareWeight, "weight_accumulator": accumulator
    }  # fmt: skip
    return {**kind, "weight_bit_width": bits, "bias_quant": Int16Bias if bias else None}


def deconv(
    inputs: int,
    outputs: int,
    geometry: tuple[int, int, int, int],
    bits: int | None,
    bias: bool,
    accumulator: Accumulator | None = None,
) -> QuantConvTranspose2d:
    """Transposed convolution (N,inputs,H,W) -> (N,outputs,H',W').

    geometry: kernel, stride, padding, output_padding. accumulator: what its sums must fit in, if anything.
    """
    kernel, stride, padding, output_padding = geometry
    return QuantConvTranspose2d(
        inputs, outputs, kernel, stride=stride, padding=padding, output_padding=output_padding, bias=bias,
        **_weight_quant(bits, bias, accumulator),
    )  # fmt: skip


def conv3x3(
    inputs: int, outputs: int, bits: int | None, bias: bool, accumulator: Accumulator | None = None
) -> QuantConv2d:
    """3x3 convolution that keeps the size, (N,inputs,H,W) -> (N,outputs,H,W)."""
    return QuantConv2d(inputs, outputs, 3, padding=1, bias=bias, **_weight_quant(bits, bias, accumulator))
