# SPDX-License-Identifier: Apache-2.0
"""Resize and Upsample: pixels repeated, picked, or blended with their neighbours.

Whole factors that repeat each pixel are taken into the next layer's weights; other nearest neighbours are
picked. A linear Resize by whole factors is the same few weights around every pixel, so a transposed
convolution on each channel by itself, over an image whose borders are repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import Constants, attribute, text
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.linear import MAX_SIDE, Linear, Pair
from fpgan.build.frontend.linear_nodes import LinearNode
from fpgan.build.frontend.weight_scales import MAX_WEIGHT
from fpgan.hw.system.text import brief

_MAX_FACTOR = 64  # of pixels that weights repeat
Floats = NDArray[np.float32]


def resize(node: NodeProto, constants: Constants, branch: Branch) -> None:
    """Change the view of the branch, pick pixels, or open a layer. UnsupportedError, ValueError."""
    mode = text(node, "mode", "nearest")
    if mode not in ("nearest", "linear"):
        raise UnsupportedError.at(node, f"mode {mode}; nearest and linear are supported")
    for name in ("exclude_outside", "antialias", "axes"):
        if value := attribute(node, name, 0):
            raise UnsupportedError.at(node, f"{name}={brief(value)}; {mode} on every axis is supported")
    axes, shape = branch.view.axes, branch.view.shape
    factors = dict(zip(axes, _factors(node, constants, shape), strict=True))
    if factors.pop("N", 1) != 1 or factors.pop("C", 1) != 1 or "CHW" in factors:
        raise UnsupportedError.at(node, "resizes the batch or the channels; rows and columns are supported")
    pair = factors.get("H", 1.0), factors.get("W", 1.0)
    if mode == "linear":
        _blend(node, branch, pair)
    elif all(f.is_integer() and 1 <= f <= _MAX_FACTOR and _repeats(node, round(f)) for f in pair):
        branch.upsample((round(pair[0]), round(pair[1])))
    else:
        rows, cols = (_nearest(node, n, f) for n, f in zip(branch.view.size, pair, strict=True))
        branch.select(node, rows, cols)


def _factors(node: NodeProto, constants: Constants, shape: tuple[int, ...]) -> list[float]:
    """Upsample: (X, scales). Resize of opset 10: the same; from 11 on (X, roi, scales, sizes)."""
    old = _old(node)
    scales = constants.get(node.input[1 if old else 2]) if len(node.input) > 1 else None
    given = scales if scales is not None and scales.size else None
    if given is not None and len(node.input) > 3 and node.input[3]:
        raise UnsupportedError.at(node, "scales and sizes; one of them is expected")
    values = np.ravel(constants.required(node, 3, "scales or sizes") if given is None else given)
    if len(values) != len(shape):
        raise UnsupportedError.at(node, f"{len(values)} factors for {len(shape)} axes")
    if given is not None:
        return [float(s) for s in values]
    if (policy := text(node, "keep_aspect_ratio_policy", "stretch")) != "stretch":
        raise UnsupportedError.at(node, f"keep_aspect_ratio_policy {policy}; stretch is supported")
    return [float(s) / n for s, n in zip(values, shape, strict=True)]


def _old(node: NodeProto) -> bool:
    """Of a time before coordinates had modes: asymmetric, rounded down."""
    return node.op_type == "Upsample" or len(node.input) == 2


def _coordinates(node: NodeProto, o: Floats, factor: float, sizes: Pair) -> Floats:
    """Where outputs lie in the input, in float32 as ONNX Runtime computes it; sizes: of input and output."""
    mode = "asymmetric" if _old(node) else text(node, "coordinate_transformation_mode", "half_pixel")
    scale, half = np.float32(factor), np.float32(0.5)
    if mode == "asymmetric":
        return np.asarray(o / scale, np.float32)
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and sizes[1] > 1):
        return np.asarray((o + half) / scale - half, np.float32)
    if mode == "pytorch_half_pixel" or (mode == "align_corners" and sizes[1] == 1):
        return np.zeros_like(o)
    if mode == "align_corners":
        return np.asarray(o * np.float32(sizes[0] - 1) / np.float32(sizes[1] - 1), np.float32)
    raise UnsupportedError.at(
        node, f"coordinates {mode}; asymmetric, half_pixel and align_corners are supported"
    )


def _repeats(node: NodeProto, factor: int) -> bool:
    """Output o takes input o // factor, in an image of any size."""
    if factor == 1 or text(node, "coordinate_transformation_mode", "") == "align_corners":
        return factor == 1
    o = np.arange(4 * factor)
    x = _coordinates(node, o.astype(np.float32), factor, (4, 4 * factor))
    return bool(np.array_equal(np.clip(_rounded(node, x), 0, 3), o // factor))


def _nearest(node: NodeProto, size: int, factor: float) -> tuple[int, ...]:
    """For each output row or column the input's."""
    out = int(np.floor(round(size * factor, 4)))
    if factor == 1:
        return tuple(range(size))
    if not 1 <= out <= MAX_SIDE or (_old(node) and factor < 1):
        raise UnsupportedError.at(
            node, f"factor {factor:g} of {size} pixels; 1 to {MAX_SIDE} pixels are supported"
        )
    x = _coordinates(node, np.arange(out, dtype=np.float32), factor, (size, out))
    return tuple(int(i) for i in np.clip(_rounded(node, x), 0, size - 1))


def _rounded(node: NodeProto, x: Floats) -> NDArray[Any]:
    mode = "floor" if _old(node) else text(node, "nearest_mode", "round_prefer_floor")
    if mode not in _NEAREST:
        raise UnsupportedError.at(node, f"nearest_mode {mode}; known are {', '.join(_NEAREST)}")
    return _NEAREST[mode](x)


_NEAREST: dict[str, Callable[[Any], Any]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda v: np.ceil(v - np.float32(0.5)),
    "round_prefer_ceil": lambda v: np.floor(v + np.float32(0.5)),
}


def _blend(node: NodeProto, branch: Branch, factors: tuple[float, float]) -> None:
    """A linear Resize: the border's pixels repeated once, then a layer of weights without any of its own."""
    if not all(f.is_integer() and f >= 1 for f in factors):
        raise UnsupportedError.at(node, f"linear by factors {list(factors)}; whole ones are supported")
    if factors == (1, 1):
        return
    view = branch.linear_view(node)
    axes = [_Blended.of(node, round(f)) for f in factors]
    branch.select(node, *(axis.picked(n) for axis, n in zip(axes, view.size, strict=True)))
    kernel = np.outer(axes[0].kernel, axes[1].kernel)
    if kernel.max() > MAX_WEIGHT:
        raise UnsupportedError.at(
            node,
            f"linear by {list(factors)} has weights up to {kernel.max()}; at most {MAX_WEIGHT} is supported",
        )
    channels = view.dims[0]
    lead, trail = zip(*(axis.pads for axis in axes), strict=True)
    linear = Linear(
        np.broadcast_to(kernel, (channels, 1, *kernel.shape)).copy(), branch.view.size,
        (axes[0].factor, axes[1].factor), (*lead, *trail), (0, 0), groups=channels,
    ).checked()  # fmt: skip
    scale = np.asarray(1 / (axes[0].total * axes[1].total), np.float32)
    after = view.resized((channels, *linear.out))
    branch.add_linear(
        node, LinearNode(linear, scale, None, after, (f"linear by {axes[0].factor}x{axes[1].factor}",))
    )


class _Blended:
    """One axis: whole weights whose sum is `total` at every output, and how many pixels border it."""

    def __init__(self, factor: int, centred: bool) -> None:
        self.factor, self._before = factor, int(centred and factor > 1)
        self._border = int(factor > 1)
        even = centred and factor % 2 == 0
        up = np.arange(1, 2 * factor, 2) if even else np.arange(1, factor + 1)
        self.kernel = np.concatenate([up, up[::-1] if even else up[-2::-1]]).astype(np.int64)
        self.total = int(2 * factor if even else factor)
        reach = factor // 2 if even else (factor - 1) // 2 if centred else factor - 1
        self.pads = reach + self._before * factor, len(self.kernel) - factor - reach + self._border * factor

    @classmethod
    def of(cls, node: NodeProto, factor: int) -> _Blended:
        mode = "asymmetric" if _old(node) else text(node, "coordinate_transformation_mode", "half_pixel")
        if factor > 1 and mode == "align_corners":
            raise UnsupportedError.at(
                node, "linear with align_corners has weights that differ from pixel to pixel; half_pixel "
                "(align_corners=False) is supported",
            )  # fmt: skip
        if mode not in ("asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"):
            raise UnsupportedError.at(node, f"coordinates {mode}; asymmetric and half_pixel are supported")
        return cls(factor, mode != "asymmetric")

    def picked(self, size: int) -> tuple[int, ...]:
        """The pixels with their border."""
        return (*(0,) * self._before, *range(size), *(size - 1,) * self._border)
