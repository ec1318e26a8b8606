# SPDX-License-Identifier: Apache-2.0
"""Weights whose output channels are each divided by their own best clipping before they are quantized.

The BatchNorm behind such a layer undoes any factor of a channel, in float as in hardware, where its
thresholds take it in. So the factor costs nothing and needs not be a power of two, as a scale must be for
exact float32: the integers are those of the best clipping of each channel, their scale is one constant.
"""

from __future__ import annotations

from brevitas.core.quant import RescalingIntQuant
from torch import Tensor
from torch.nn import Module

_LEAST = 1e-9  # a channel of nothing but zeros stays one


def clipping(weights: Tensor, bits: Tensor, axis: int) -> Tensor:
    """The largest value worth keeping in each output channel, (C) shaped to go with the weights.

    The fourth root of the mean fourth power weighs tails as rounding to few bits does. With this factor the
    mean square error at 2 to 4 bits is within a tenth of the least that any clipping has, for weights from
    Gaussian to heavy-tailed; at more bits, where it hardly matters, within a half.
    """
    rest = [other for other in range(weights.ndim) if other != axis]
    return (0.52 * bits - 0.1) * weights.pow(4).mean(rest, keepdim=True).pow(0.25).clamp(min=_LEAST)


def clipped(weights: Tensor, bits: Tensor, axis: int) -> Tensor:
    """Weights divided so that each channel's clipping becomes the largest value, 1 - 2^(1 - bits)."""
    return weights * ((1 - 2 ** (1 - bits)) / clipping(weights, bits, axis))


class ClippedIntQuant(RescalingIntQuant):
    """Brevitas' integer quantizer behind `clipped`."""

    def __init__(
        self,
        int_quant: Module,
        scaling_impl: Module,
        int_scaling_impl: Module,
        zero_point_impl: Module,
        bit_width_impl: Module,
        channel_axis: int,
    ) -> None:
        super().__init__(int_quant, scaling_impl, int_scaling_impl, zero_point_impl, bit_width_impl)
        self.channel_axis = channel_axis

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Weights -> quantized weights, their scale, zero point and bits."""
        quantized: tuple[Tensor, Tensor, Tensor, Tensor] = super().forward(
            clipped(x, self.msb_clamp_bit_width_impl(), self.channel_axis)
        )
        return quantized
