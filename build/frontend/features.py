# SPDX-License-Identifier: Apache-2.0
"""Features of one pixel that a reshape turns into an image.

Where the C*H*W of them differ in their weights alone, they are the positions of a kernel on one pixel. Else
each keeps steps of its own: they are channels of one pixel in the order in which an image is streamed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fpgan.build.frontend.linear import Linear, Pads
from fpgan.build.frontend.network import Dims, IntArray, QuantLayer
from fpgan.build.frontend.parts import LinearPart

Features = TypeVar("Features", QuantLayer, LinearPart)
Floats = NDArray[np.float32]


def as_image(layer: Features, dims: Dims) -> Features:
    """The layer that makes the image (C,H,W). ValueError where it makes more than one pixel of features."""
    linear, (channels, *size) = layer.linear, dims
    if linear.out != (1, 1) or layer.regroup is not None:
        raise ValueError("reshapes features of more than one pixel into an image")
    if linear.size == linear.kernel == (1, 1) and all(_alike(v, channels) for v in _constants(layer)):
        linear = linear.dense()
        weights = linear.weights.reshape(-1, channels, *size)
        kernel = Linear(weights, (1, 1), (1, 1), (0, 0, 0, 0), (0, 0), linear.products)
        return _changed(layer, lambda v: v.reshape(channels, -1)[:, 0].copy(), kernel)
    order = np.arange(linear.channels).reshape(dims).transpose(1, 2, 0).ravel()
    made: Features = _selected(layer, order)
    note = f"{size[0]}x{size[1]} pixels, each channel of each with steps of its own"
    return replace(made, regroup=dims, notes=(*made.notes, note))


def cropped(layer: Features, crop: Pads) -> Features:
    """The layer without so many rows and columns of its output."""
    if layer.regroup is None:
        return replace(layer, linear=layer.linear.cropped(crop))
    c, h, w = layer.regroup
    top, left, bottom, right = crop
    kept = np.arange(c * h * w).reshape(h, w, c)[top : h - bottom, left : w - right]
    made: Features = _selected(layer, kept.ravel())
    return replace(made, regroup=(c, h - top - bottom, w - left - right))


def pixelwise(part: LinearPart) -> LinearPart:
    """Functions that follow are of the image's channels, not of each of its pixels."""
    if part.regroup is None:
        return part
    return replace(part, channels=np.arange(part.linear.channels) % part.regroup[0])


def _constants(layer: QuantLayer | LinearPart) -> list[Floats]:
    own = [layer.weight_scale] if layer.bias is None else [layer.weight_scale, layer.bias]
    return [*own, *(c for function in layer.functions for c in function.constants)]


def _alike(values: Floats, channels: int) -> bool:
    """(C*H*W), the same at every pixel of a channel."""
    return values.ndim == 0 or bool(
        (values.reshape(channels, -1) == values.reshape(channels, -1)[:, :1]).all()
    )


def _selected(layer: Features, order: IntArray) -> Features:
    """The layer whose channel i is channel order[i] of this one."""
    linear: Linear = layer.linear.dense()
    weights = linear.weights[:, order]
    products = linear.products and linear.products * len(order) // linear.weights.shape[1]
    return _changed(layer, lambda v: v[order], replace(linear, weights=weights, products=products))


def _changed(layer: Features, change: Callable[[Floats], Floats], linear: Linear) -> Features:
    """With another linear part, and each constant per channel changed."""

    def changed(values: Floats) -> Floats:
        return change(values) if values.ndim else values

    functions = tuple(replace(f, constants=tuple(map(changed, f.constants))) for f in layer.functions)
    bias = None if layer.bias is None else changed(layer.bias)
    return replace(
        layer, linear=linear, weight_scale=changed(layer.weight_scale), bias=bias, functions=functions
    )
