# SPDX-License-Identifier: Apache-2.0
"""Brevitas layers with power-of-two scales.

Every scale is a power of two, so in eval mode an activation is an exact integer times its scale, and float32
convolutions of them are exact while the accumulator stays below 2^24. Activation scales are constants unless
they are to be learned: the BatchNorm before each normalises what comes in and learns how much of the range it
uses.
"""

from __future__ import annotations

from dataclasses import dataclass
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

from fpgan.model.accumulator import Accumulator, AccumulatorAwareClippedIntQuant, AccumulatorAwareIntQuant
from fpgan.model.clipping import ClippedIntQuant

_LEAK = 0.2
_ACT_RANGE = 4.0  # four standard deviations of what BatchNorm puts out
_FEW_BITS = 2  # with so few levels a finer step is worth more than the tail
_MANY_BITS = 6  # with so many the tail is worth more
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


class ClippedWeight(Int8WeightPerTensorFixedPoint):
    """Signed narrow-range weights of unit range, each output channel divided by its best clipping before."""

    tensor_quant = ClippedIntQuant
    scaling_impl_type = ScalingImplType.CONST
    scaling_init = 1.0


class AccumulatorAwareClippedWeight(ClippedWeight):
    """The same, smaller where the layer's accumulator would overflow."""

    tensor_quant = AccumulatorAwareClippedIntQuant  # type: ignore[assignment]


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
    span = _ACT_RANGE / 2 if bits <= _FEW_BITS else _ACT_RANGE * 2 if bits >= _MANY_BITS else _ACT_RANGE
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


@dataclass(frozen=True)
class Weights:
    """How a layer's weights are quantized.

    bits: signed; None: not at all. clipped_axis: of the output channels, each of which is divided by its own
    clipping, as only a BatchNorm behind can make good; None: one power of two for all. bias: there is one, of
    16 bits at the accumulator's scale. accumulator: what the layer's sums must fit in, if anything.
    """

    bits: int | None
    clipped_axis: int | None = None
    bias: bool = False
    accumulator: Accumulator | None = None

    def arguments(self) -> dict[str, Any]:
        """What a Brevitas layer is to be given."""
        if self.bits is None:
            return {"weight_quant": None, "bias": self.bias}
        clipped, aware = self.clipped_axis is not None, self.accumulator is not None
        kinds = {
            (False, False): PowerOfTwoWeight, (False, True): AccumulatorAwareWeight,
            (True, False): ClippedWeight, (True, True): AccumulatorAwareClippedWeight,
        }  # fmt: skip
        return {
            "weight_quant": kinds[clipped, aware],
            "weight_bit_width": self.bits,
            "bias": self.bias,
            "bias_quant": Int16Bias if self.bias else None,
            **({"weight_channel_axis": self.clipped_axis} if clipped else {}),
            **({"weight_accumulator": self.accumulator} if aware else {}),
        }


def deconv(
    inputs: int, outputs: int, geometry: tuple[int, int, int, int], weights: Weights
) -> QuantConvTranspose2d:
    """Transposed convolution (N,inputs,H,W) -> (N,outputs,H',W').

    geometry: kernel, stride, padding, output_padding.
    """
    kernel, stride, padding, output_padding = geometry
    return QuantConvTranspose2d(
        inputs, outputs, kernel, stride=stride, padding=padding, output_padding=output_padding,
        **weights.arguments(),
    )  # fmt: skip


def conv3x3(inputs: int, outputs: int, weights: Weights) -> QuantConv2d:
    """3x3 convolution that keeps the size, (N,inputs,H,W) -> (N,outputs,H,W)."""
    return QuantConv2d(inputs, outputs, 3, padding=1, **weights.arguments())
