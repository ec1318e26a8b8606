# SPDX-License-Identifier: Apache-2.0
"""The one linear operation that everything becomes: a transposed convolution on integers, of whose outputs
every step-th is kept.

Convolutions, strided or not, upsampling, pixel shuffling, padding and cropping are rewritten into
its weights and geometry, each exactly: weights of 0 where the operation has none. Channels may be of groups
that do not meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.geometry import DeconvGeometry

IntArray = NDArray[np.int64]
Pair = tuple[int, int]
Pads = tuple[int, int, int, int]  # top, left, bottom, right
MAX_SIDE = 8192
_MAX_WEIGHTS = 1 << 26
_MAX_TAPS = 1 << 22  # output pixels times kernel taps along one axis


@dataclass(frozen=True)
class Linear:
    """Weights (CI,CO/groups,KH,KW), ONNX attributes, input size; pads may be negative until `settled`."""

    weights: IntArray
    size: Pair
    stride: Pair
    pads: Pads
    output_padding: Pair
    products: int | None = None  # weights of the mathematical operation, where zeros were added
    step: Pair = (1, 1)
    groups: int = 1  # of channels, each convolved by itself
    dilation: Pair = (1, 1)  # pixels from one tap to the next

    @property
    def channels(self) -> int:
        """That come out."""
        return int(self.weights.shape[1]) * self.groups

    @property
    def geometry(self) -> DeconvGeometry:
        return DeconvGeometry.make(
            self.size, self.kernel, self.stride, self.pads, self.output_padding, self.step, self.dilation
        )

    @property
    def kernel(self) -> Pair:
        return int(self.weights.shape[2]), int(self.weights.shape[3])

    @property
    def span(self) -> Pair:
        """Rows and columns of the kernel, those between its taps included."""
        rows, cols = ((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))
        return rows, cols

    @property
    def out(self) -> Pair:
        """Rows and columns that come out."""
        rows, cols = ((full - 1) // step + 1 for full, step in zip(self.full, self.step, strict=True))
        return rows, cols

    @property
    def full(self) -> Pair:
        """Rows and columns, those between the steps included."""
        rows, cols = (
            (self.size[d] - 1) * self.stride[d] + self.span[d] + self.output_padding[d]
            - self.pads[d] - self.pads[d + 2]
            for d in range(2)
        )  # fmt: skip
        return rows, cols

    @property
    def useful_macs(self) -> int:
        """Products of one image that the mathematical operation has."""
        pixels = math.prod(-(-n // step) for n, step in zip(self.size, self.step, strict=True))
        return pixels * (self.weights.size if self.products is None else self.products)

    def accumulator_range(self, low: int, high: int) -> tuple[IntArray, IntArray]:
        """Exact bounds per output channel for inputs in [low, high], zero (outside the image) included."""
        return accumulator_range(self.weights, self.geometry, self.groups, low, high)

    def by_weight(self, values: NDArray[Any]) -> NDArray[Any]:
        """Of each output, () or (CO) -> of each weight, (..,..,1,1), to be multiplied."""
        if values.ndim == 0 or self.groups == 1:
            return values.reshape(1, -1, 1, 1)
        inputs = len(self.weights) // self.groups
        return np.repeat(values.reshape(self.groups, -1), inputs, 0)[:, :, None, None]

    # -- rewriting ----------------------------------------------------------------------------------
    def upsampled(self, factor: Pair) -> Linear:
        """Over an image of which each pixel was repeated: the same over the image itself.

        Input i of the image stands for inputs i*U + a of the repeated one, which meet tap k where the
        sum of both meets tap a*S + k.
        """
        grown = self.undilated()._coarser(factor, lambda grown, a, b: grown)
        if self.products is None:
            return grown
        return replace(grown, products=self.products * math.prod(grown.kernel) // math.prod(self.kernel))

    def shuffled(self, factor: int, crd: bool) -> Linear:
        """Over a DepthToSpace of an image: over the image itself, whose channels are the factor^2 pixels.

        crd: the channel is the slowest of (channel, row, column), else the fastest.
        """
        if self.groups > 1 and not crd:
            return self.dense().shuffled(factor, crd)  # a group's channels do not stay together
        if self.dilation != (1, 1):
            return self.undilated().shuffled(factor, crd)
        count, fold = self.weights.shape[0], factor**2

        def place(grown: IntArray, a: int, b: int) -> IntArray:
            phase = a * factor + b
            index = np.arange(count) * fold + phase if crd else phase * count + np.arange(count)
            spread = np.zeros((count * fold, *grown.shape[1:]), np.int64)
            spread[index] = grown
            return spread

        products = (self.weights.size if self.products is None else self.products) * fold
        return replace(self._coarser((factor, factor), place), products=products)

    def _coarser(self, factor: Pair, place: Callable[[IntArray, int, int], IntArray]) -> Linear:
        _check_weights(self.weights.size * math.prod(factor) ** 2, self.kernel)
        kernel = tuple(k + (u - 1) * s for k, u, s in zip(self.kernel, factor, self.stride, strict=True))
        total: IntArray | None = None
        for a, b in np.ndindex(*factor):
            grown = np.zeros((*self.weights.shape[:2], *kernel), np.int64)
            rows, cols = a * self.stride[0], b * self.stride[1]
            grown[:, :, rows : rows + self.kernel[0], cols : cols + self.kernel[1]] = self.weights
            part = place(grown, a, b)
            total = part if total is None else total + part
        assert total is not None
        return replace(
            self, weights=total,
            size=(self.size[0] // factor[0], self.size[1] // factor[1]),
            stride=(self.stride[0] * factor[0], self.stride[1] * factor[1]),
        )  # fmt: skip

    def padded(self, pads: Pads) -> Linear:
        """Over an image with zeros around it: over the image itself."""
        (top, left, bottom, right), (sy, sx) = pads, self.stride
        moved = (
            self.pads[0] - top * sy, self.pads[1] - left * sx,
            self.pads[2] - bottom * sy, self.pads[3] - right * sx,
        )  # fmt: skip
        size = (self.size[0] - pads[0] - pads[2], self.size[1] - pads[1] - pads[3])
        return replace(self, size=size, pads=moved)

    def cropped(self, crop: Pads) -> Linear:
        """Without so many rows and columns of its output."""
        lead = [self.pads[d] + crop[d] * self.step[d] for d in range(2)]
        kept = [(self.out[d] - crop[d] - crop[d + 2] - 1) * self.step[d] + 1 for d in range(2)]
        trail = [self.pads[d] + self.pads[d + 2] + self.full[d] - kept[d] - lead[d] for d in range(2)]
        return replace(self, pads=(lead[0], lead[1], trail[0], trail[1]))

    def dense(self) -> Linear:
        """The same as one group: weights of 0 between the groups."""
        if self.groups == 1:
            return self
        inputs, outputs = self.weights.shape[0] // self.groups, self.weights.shape[1]
        _check_weights(self.weights.size * self.groups, self.kernel)
        whole = np.zeros((self.weights.shape[0], self.channels, *self.kernel), np.int64)
        for g in range(self.groups):
            mine = slice(g * inputs, (g + 1) * inputs)
            whole[mine, g * outputs : (g + 1) * outputs] = self.weights[mine]
        products = self.weights.size if self.products is None else self.products
        return replace(self, weights=whole, products=products, groups=1)

    def undilated(self) -> Linear:
        """The same with weights of 0 between the taps."""
        if self.dilation == (1, 1):
            return self
        _check_weights(math.prod((*self.weights.shape[:2], *self.span)), self.span)
        spread = np.zeros((*self.weights.shape[:2], *self.span), np.int64)
        spread[:, :, :: self.dilation[0], :: self.dilation[1]] = self.weights
        products = self.weights.size if self.products is None else self.products
        return replace(self, weights=spread, products=products, dilation=(1, 1))

    def settled(self) -> Linear:
        """The same with no negative pads, and output padding below the stride: taps of weight 0 instead."""
        lead = [max(0, -self.pads[d]) for d in range(2)]
        ends = [self.pads[d + 2] - self.output_padding[d] for d in range(2)]
        beyond = [max(0, -end) for end in ends]
        trail = [b if b >= s else 0 for b, s in zip(beyond, self.stride, strict=True)]
        if self.dilation != (1, 1) and any((*lead, *trail)):
            return self.undilated().settled()
        kernel = [k + a + b for k, a, b in zip(self.kernel, lead, trail, strict=True)]
        _check_weights(math.prod((*self.weights.shape[:2], *kernel)), (kernel[0], kernel[1]))
        weights = np.pad(self.weights, ((0, 0), (0, 0), (lead[0], trail[0]), (lead[1], trail[1])))
        return replace(
            self, weights=weights,
            pads=(max(0, self.pads[0]), max(0, self.pads[1]), max(0, ends[0]), max(0, ends[1])),
            output_padding=(beyond[0] - trail[0], beyond[1] - trail[1]),
            products=self.products if self.products is not None else self.weights.size,
        ).checked()  # fmt: skip

    def checked(self) -> Linear:
        """Itself. ValueError where a side is not positive, or sizes are beyond what is built."""
        for d in range(2):
            size, out, kernel = self.size[d], self.out[d], self.span[d]
            if min(size, out) < 1 or max(size, out, kernel) > MAX_SIDE or out * kernel > _MAX_TAPS:
                raise ValueError(
                    f"axis {d} goes from {size} to {out} pixels with kernel {kernel}; 1 to {MAX_SIDE} each, "
                    f"{_MAX_TAPS} products, are supported"
                )
        return self


def from_conv(
    weights: IntArray,
    size: Pair,
    pads: Pads,
    strides: Pair = (1, 1),
    groups: int = 1,
    dilation: Pair = (1, 1),
) -> Linear:
    """A convolution, weights (CO,CI/groups,KH,KW): its kernel turned, pads' complement, strides as steps."""
    reach = [(k - 1) * d for k, d in zip(weights.shape[2:], dilation, strict=True)]
    top, left, bottom, right = (r - p for r, p in zip(reach * 2, pads, strict=True))
    outputs, inputs, *kernel = weights.shape
    apart = weights.reshape(groups, outputs // groups, inputs, *kernel).swapaxes(1, 2)
    turned = apart.reshape(groups * inputs, outputs // groups, *kernel)[:, :, ::-1, ::-1]
    return Linear(
        turned, size, (1, 1), (top, left, bottom, right), (0, 0), step=strides, groups=groups,
        dilation=dilation,
    )  # fmt: skip


def accumulator_range(
    weights: IntArray, geometry: DeconvGeometry, groups: int, low: int, high: int
) -> tuple[IntArray, IntArray]:
    """Exact bounds per output channel of weights (CI,CO/groups,KH,KW), inputs in [low, high] or outside."""
    lows, highs = [], []
    products = np.stack([weights * low, weights * high])
    smallest = _over_inputs(np.minimum(products.min(0), 0), groups)
    largest = _over_inputs(np.maximum(products.max(0), 0), groups)
    for row in {tuple(k for k, _ in taps) for taps in geometry.rows.taps}:
        for col in {tuple(k for k, _ in taps) for taps in geometry.cols.taps}:
            index = np.ix_(range(smallest.shape[0]), row, col)
            lows.append(smallest[index].sum((1, 2)))
            highs.append(largest[index].sum((1, 2)))
    return np.min(lows, 0), np.max(highs, 0)


def _over_inputs(values: IntArray, groups: int) -> IntArray:
    """Of each weight (CI,CO/groups,KH,KW) -> sums (CO,KH,KW) over the inputs of an output."""
    apart = values.reshape(groups, -1, *values.shape[1:])
    sums: IntArray = apart.sum(1).reshape(-1, *values.shape[2:])
    return sums


def identity(channels: int, size: Pair) -> Linear:
    """Passes every channel on."""
    ones = np.ones((channels, 1, 1, 1), np.int64)
    return Linear(ones, size, (1, 1), (0, 0, 0, 0), (0, 0), groups=channels)


def _check_weights(count: int, kernel: tuple[int, ...]) -> None:
    if count > _MAX_WEIGHTS or max(kernel) > MAX_SIDE:
        raise ValueError(f"{count} weights with kernel {tuple(kernel)}; at most {_MAX_WEIGHTS} are supported")
