# SPDX-License-Identifier: Apache-2.0
"""Weights whose accumulators fit in so many bits, whatever comes in.

The aim is that of A2Q and A2Q+ (Colbert et al., arXiv 2308.13504 and 2401.10432): smaller weights for a
channel whose sums could overflow, trained as such. Three things differ, as a generator needs them. Only taps
that meet in one output pixel are summed up, a quarter of a 4x4 kernel of stride 2. The limit is checked on
the rounded integers themselves, so that weights are rounded to the nearest and not towards zero. And scales
stay one power of two per tensor, with nothing learned beside the weights, so that images stay exact in
float32 and float weights can be quantized at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from brevitas.core.quant import RescalingIntQuant
from torch import Tensor
from torch.nn import Module

from fpgan.model.clipping import clipped

_HALVINGS = 9  # to within a percent
_ALL = 2.001  # a largest weight of a step, divided by this, is rounded to 0


@dataclass(frozen=True)
class Accumulator:
    """What the accumulator of a layer must hold.

    bits: its width, signed; one value of them is the hardware's, for thresholds that are never reached. low,
    high: range of the layer's integer inputs, 0 among them. apart: taps so many rows and columns from each
    other meet in one output pixel. axis: of the output channels in the weights.
    """

    bits: int
    low: int
    high: int
    apart: int
    axis: int

    @property
    def limit(self) -> int:
        """Largest magnitude of a sum."""
        return int(2 ** (self.bits - 1) - 2)

    def largest(self, weights: Tensor) -> Tensor:
        """Largest magnitude that any input brings about in each output channel: (C), of integer weights."""
        rows = weights.transpose(0, self.axis)
        found = []
        for y in range(min(self.apart, rows.shape[2])):
            for x in range(min(self.apart, rows.shape[3])):
                taps = rows[:, :, y :: self.apart, x :: self.apart].flatten(1)
                above, below = taps.clamp(min=0).sum(1), taps.clamp(max=0).sum(1)
                found += [self.high * above + self.low * below, -self.low * above - self.high * below]
        return torch.stack(found).max(0).values

    def spread(self, values: Tensor, weights: Tensor) -> Tensor:
        """One value per output channel, (C), shaped to go with the weights."""
        return values.view([-1 if axis == self.axis else 1 for axis in range(weights.ndim)])


class AccumulatorAwareIntQuant(RescalingIntQuant):
    """Brevitas' integer quantizer; weights of a channel that could overflow are divided until it cannot."""

    def __init__(
        self,
        int_quant: Module,
        scaling_impl: Module,
        int_scaling_impl: Module,
        zero_point_impl: Module,
        bit_width_impl: Module,
        accumulator: Accumulator,
    ) -> None:
        super().__init__(int_quant, scaling_impl, int_scaling_impl, zero_point_impl, bit_width_impl)
        self.accumulator = accumulator

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Weights -> quantized weights, their scale, zero point and bits."""
        y, scale, zero_point, bits = super().forward(x)
        over = self._overflows(y, scale)
        if over.any():
            divisor = self._divisor(over, x, scale, zero_point, bits)
            y = self.int_quant(scale, zero_point, bits, x / divisor)
        return y, scale, zero_point, bits

    @torch.no_grad()
    def _overflows(self, y: Tensor, scale: Tensor) -> Tensor:
        """Which output channels could, (C)."""
        return self.accumulator.largest(torch.round(y / scale)) > self.accumulator.limit

    @torch.no_grad()
    def _divisor(self, over: Tensor, x: Tensor, scale: Tensor, zero: Tensor, bits: Tensor) -> Tensor:
        """About the least that makes each output channel fit, by bisection: sums only fall when it grows."""
        axis = self.accumulator.axis
        rounded_away = x.abs().transpose(0, axis).flatten(1).amax(1) / scale.flatten() * _ALL
        low, high = torch.ones_like(rounded_away), torch.where(over, rounded_away, 1.0)
        for _ in range(_HALVINGS):
            middle = torch.sqrt(low * high)
            divided = self.int_quant(scale, zero, bits, x / self.accumulator.spread(middle, x))
            over = self._overflows(divided, scale)
            low, high = torch.where(over, middle, low), torch.where(over, high, middle)
        return self.accumulator.spread(high, x)


class AccumulatorAwareClippedIntQuant(AccumulatorAwareIntQuant):
    """The same behind `clipped`."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Weights -> quantized weights, their scale, zero point and bits."""
        return super().forward(clipped(x, self.msb_clamp_bit_width_impl(), self.accumulator.axis))
