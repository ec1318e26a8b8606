# SPDX-License-Identifier: Apache-2.0
"""What a file holds once read: layers of integers between quantizers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from fpgan.build.frontend.linear import Linear
from fpgan.build.frontend.pointwise import Float, Pointwise
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.sums import Worth

IntArray = NDArray[np.int64]
Dims = tuple[int, int, int]  # C, H, W
StepFunction = Callable[[IntArray], IntArray]  # (C,T) accumulators -> (C,T) activations
_EXACT = 2**24  # sums below are exact in float32


@dataclass(frozen=True, kw_only=True)
class Layer(ABC):
    """Makes an image of earlier ones: image 0 is the network's input, layer I makes image I+1."""

    name: str  # of the file's node, for messages
    ops: tuple[str, ...]  # of the file
    inputs: tuple[int, ...]  # images
    sources: tuple[Quantizer, ...]  # of each input
    target: Quantizer
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def dims(self) -> Dims:
        """Of the image that it makes."""

    @property
    @abstractmethod
    def power_of_two(self) -> bool:
        """float32 computes this layer exactly."""

    @abstractmethod
    def run(self, images: Sequence[Float], exact: bool) -> Float:
        """Integers (N,C,H,W), as float32, of those of its inputs.

        exact: sums are integers (in float64) and meet one scale; else float32 all along, as frameworks do.
        """


@dataclass(frozen=True, kw_only=True)
class ThresholdLayer(Layer):
    """Sums of integers, functions of each, a quantizer."""

    functions: tuple[Pointwise, ...] = ()

    @property
    @abstractmethod
    def acc_scale(self) -> NDArray[np.float32]:
        """Value of one step of the accumulator, () or (C)."""

    @property
    @abstractmethod
    def acc_range(self) -> tuple[IntArray, IntArray]:
        """Lowest and highest accumulator of each channel."""

    @property
    def power_of_two(self) -> bool:
        """Scales are powers of two and sums stay below 2^24."""
        low, high = self.acc_range
        scales = all(q.power_of_two for q in (*self.sources, self.target))
        return scales and bool(max(-low.min(), high.max()) < _EXACT)

    def after(self, x: Float) -> Float:
        """Sums with bias (N,C,H,W), floats -> integers of the target, as floats."""
        for function in self.functions:
            x = function(x)
        return self.target(x)

    def scaled(self, acc: Float) -> Float:
        """Accumulators (N,C,H,W), floats -> the values that they stand for."""
        return acc * torch.from_numpy(np.reshape(self.acc_scale, (-1, 1, 1)).copy()).to(acc.dtype)

    def values(self, acc: Float) -> Float:
        """Exact accumulators (N,C,H,W), float64 -> the float32 that they stand for."""
        return self.scaled(acc.float())

    def step_function(self) -> StepFunction:
        """The float32 chain from accumulators (C,T) to integers (C,T), computed by PyTorch's own kernels.

        It raises ValueError where what comes out is no number, as the root of a negative one.
        """

        def apply(acc: IntArray) -> IntArray:
            x = torch.from_numpy(acc.astype(np.float64))[None, :, :, None].contiguous()
            y = self.after(self.values(x))[0, :, :, 0].numpy()
            return _integers(y, acc)

        return apply


def _integers(y: NDArray[np.floating], given: NDArray[Any]) -> IntArray:
    """Integers (C,T) that are floats. ValueError where one is no number, by what it was made of (C,T)."""
    if np.isnan(y).any():
        channel, point = np.argwhere(np.isnan(y))[0]
        raise ValueError(f"channel {channel} is no number at accumulator {given[channel, point]}")
    return y.astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class QuantLayer(ThresholdLayer):
    """A linear part, functions of each pixel, the quantizer."""

    linear: Linear
    weight_scale: NDArray[np.float32]  # () or (CO)
    bias: NDArray[np.float32] | None = None  # (CO)
    regroup: Dims | None = None  # the image whose pixels the channels are, in the order (y,x,c)

    @property
    def source(self) -> Quantizer:
        return self.sources[0]

    @property
    def dims(self) -> Dims:
        return self.regroup or (self.linear.channels, *self.linear.out)

    @property
    def acc_scale(self) -> NDArray[np.float32]:
        return np.asarray(np.float32(self.source.scale) * self.weight_scale, np.float32)

    @property
    def acc_range(self) -> tuple[IntArray, IntArray]:
        return self.linear.accumulator_range(self.source.low, self.source.high)

    @property
    def power_of_two(self) -> bool:
        return bool(np.all(np.frexp(self.weight_scale)[0] == 0.5)) and super().power_of_two

    def scaled(self, acc: Float) -> Float:
        x = super().scaled(acc)
        return x if self.bias is None else x + torch.from_numpy(self.bias.reshape(1, -1, 1, 1)).to(acc.dtype)

    def run(self, images: Sequence[Float], exact: bool) -> Float:
        x = self.after(self._sums(images[0], exact))
        if self.regroup is None:
            return x
        c, h, w = self.regroup
        return x.reshape(-1, h, w, c).permute(0, 3, 1, 2).contiguous()

    def _sums(self, x: Float, exact: bool) -> Float:
        weights = torch.from_numpy(self.linear.weights.astype(np.float64))
        if exact:
            return self.values(_deconv(self.linear, x.double(), weights))
        real = weights.float() * torch.from_numpy(self.linear.by_weight(self.weight_scale).copy())
        y = _deconv(self.linear, x * self.source.scale, real)
        return y if self.bias is None else y + torch.from_numpy(self.bias.reshape(1, -1, 1, 1))


def _deconv(linear: Linear, x: Float, weights: Float) -> Float:
    """PyTorch's uncropped transposed convolution, cropped and extended as ONNX defines it, its steps kept."""
    (top, left), (rows, cols) = linear.pads[:2], linear.full
    full = F.conv_transpose2d(
        x, weights, stride=linear.stride, groups=linear.groups, dilation=linear.dilation
    )
    full = F.pad(full, (0, max(0, left + cols - full.shape[3]), 0, max(0, top + rows - full.shape[2])))
    return full[:, :, top : top + rows : linear.step[0], left : left + cols : linear.step[1]].contiguous()


@dataclass(frozen=True, kw_only=True)
class SumLayer(ThresholdLayer):
    """factor 0 * image + factor 1 * other image, pixel by pixel, functions of each, the quantizer."""

    factors: tuple[int, int]
    image: Dims
    worth: Worth | None = None  # where the scales are not in proportion to the factors

    @property
    def dims(self) -> Dims:
        return self.image

    @property
    def power_of_two(self) -> bool:
        return self.worth is None and super().power_of_two

    @property
    def acc_scale(self) -> NDArray[np.float32]:
        one = min(range(2), key=lambda k: self.factors[k])
        return np.asarray(self.sources[one].scale / self.factors[one], np.float32)

    @property
    def acc_range(self) -> tuple[IntArray, IntArray]:
        pairs = list(zip(self.factors, self.sources, strict=True))
        low, high = sum(f * q.low for f, q in pairs), sum(f * q.high for f, q in pairs)
        return np.full(self.image[0], low, np.int64), np.full(self.image[0], high, np.int64)

    def steps_of_values(self, channels: int) -> Callable[[NDArray[np.float32]], IntArray]:
        """The same chain from values (T), of each of so many channels, to integers (C,T)."""

        def apply(values: NDArray[np.float32]) -> IntArray:
            x = torch.from_numpy(values)[None, None, :, None].expand(1, channels, -1, 1).contiguous()
            return _integers(
                self.after(x)[0, :, :, 0].numpy(), np.broadcast_to(values, (channels, len(values)))
            )

        return apply

    def values(self, acc: Float) -> Float:
        return super().values(acc) if self.worth is None else torch.from_numpy(self.worth(acc.numpy()))

    def run(self, images: Sequence[Float], exact: bool) -> Float:
        (a, b), (one, other) = images, self.factors
        if exact:
            return self.after(self.values(a.double() * one + b.double() * other))
        return self.after(a * self.sources[0].scale + b * self.sources[1].scale)


@dataclass(frozen=True, kw_only=True)
class FunctionLayer(ThresholdLayer):
    """Functions of each element of one image, the quantizer."""

    image: Dims

    @property
    def dims(self) -> Dims:
        return self.image

    @property
    def acc_scale(self) -> NDArray[np.float32]:
        return np.asarray(self.sources[0].scale, np.float32)

    @property
    def acc_range(self) -> tuple[IntArray, IntArray]:
        low, high = (np.full(self.image[0], end) for end in (self.sources[0].low, self.sources[0].high))
        return low, high

    def run(self, images: Sequence[Float], exact: bool) -> Float:
        return self.after(self.values(images[0].double()))


@dataclass(frozen=True, kw_only=True)
class ConcatLayer(Layer):
    """Channels of several images of one scale side by side."""

    images: tuple[Dims, ...]  # of the inputs

    @property
    def dims(self) -> Dims:
        return sum(c for c, _, _ in self.images), *self.images[0][1:]

    @property
    def power_of_two(self) -> bool:
        return self.target.power_of_two

    def run(self, images: Sequence[Float], exact: bool) -> Float:
        return torch.cat(list(images), 1)


@dataclass(frozen=True)
class Network:
    """Layers, each after those whose images it takes, from an image (C,H,W) of `source` integers.

    The last layer's image is what comes out, and no layer takes it.
    """

    source: Quantizer
    dims: Dims
    layers: tuple[Layer, ...]
    notes: tuple[str, ...] = field(default=())
    tensors: tuple[str, str] | None = (
        None  # of the file, whose values in order are what comes in and goes out
    )

    @property
    def target(self) -> Quantizer:
        return self.layers[-1].target

    @property
    def power_of_two(self) -> bool:
        return all(layer.power_of_two for layer in self.layers)

    def run(self, x: Float, exact: bool) -> Float:
        """Integers that come out (N,C,H,W) of those that go in, as float32."""
        images, last = {0: x}, {i: k for k, layer in enumerate(self.layers) for i in layer.inputs}
        for index, layer in enumerate(self.layers):
            images[index + 1] = layer.run([images[i] for i in layer.inputs], exact)
            for i in set(layer.inputs):
                if last[i] == index:
                    del images[i]
        return images[len(self.layers)]
