# SPDX-License-Identifier: Apache-2.0
"""What a file holds once read: layers of integers between quantizers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from fpgan.build.frontend.linear import Linear
from fpgan.build.frontend.pointwise import Float, Pointwise
from fpgan.build.frontend.quantizers import Quantizer

IntArray = NDArray[np.int64]
StepFunction = Callable[[IntArray], IntArray]  # (C,T) accumulators -> (C,T) activations


@dataclass(frozen=True)
class QuantLayer:
    """One layer between two activation quantizers: a linear part, functions of each pixel, the quantizer."""

    name: str  # of the file's node, for messages
    ops: tuple[str, ...]  # of the file
    linear: Linear
    weight_scale: NDArray[np.float32]  # () or (CO)
    bias: NDArray[np.float32] | None  # (CO)
    functions: tuple[Pointwise, ...]
    source: Quantizer
    target: Quantizer
    notes: tuple[str, ...] = ()

    @property
    def acc_scale(self) -> NDArray[np.float32]:
        """Value of one step of the accumulator, () or (CO)."""
        return np.asarray(np.float32(self.source.scale) * self.weight_scale, np.float32)

    @property
    def acc_range(self) -> tuple[IntArray, IntArray]:
        """Lowest and highest accumulator of each output channel."""
        return self.linear.accumulator_range(self.source.low, self.source.high)

    @property
    def power_of_two(self) -> bool:
        """float32 computes this layer exactly: scales are powers of two and sums stay below 2^24."""
        low, high = self.acc_range
        exact = np.all(np.frexp(self.weight_scale)[0] == 0.5) and self.source.power_of_two
        return bool(exact and self.target.power_of_two and max(-low.min(), high.max()) < 2**24)

    def after(self, x: Float) -> Float:
        """Sums with bias (N,CO,H,W), floats -> integers of the target, as floats."""
        for function in self.functions:
            x = function(x)
        return self.target(x)

    def scaled(self, acc: Float) -> Float:
        """Accumulators (N,CO,H,W), floats -> what the linear layer puts out."""
        x = acc * torch.from_numpy(np.reshape(self.acc_scale, (-1, 1, 1)).copy()).to(acc.dtype)
        return x if self.bias is None else x + torch.from_numpy(self.bias.reshape(1, -1, 1, 1)).to(acc.dtype)

    def step_function(self) -> StepFunction:
        """The float32 chain from accumulators (C,T) to integers (C,T), computed by PyTorch's own kernels."""

        def apply(acc: IntArray) -> IntArray:
            x = torch.from_numpy(acc.astype(np.float32))[None, :, :, None].contiguous()
            return self.after(self.scaled(x))[0, :, :, 0].numpy().astype(np.int64)

        return apply


@dataclass(frozen=True)
class Network:
    """A chain of layers from an image (C,H,W) of `source` integers."""

    source: Quantizer
    dims: tuple[int, int, int]
    layers: tuple[QuantLayer, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def target(self) -> Quantizer:
        return self.layers[-1].target

    @property
    def power_of_two(self) -> bool:
        return all(layer.power_of_two for layer in self.layers)
