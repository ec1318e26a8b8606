# SPDX-License-Identifier: Apache-2.0
"""Nodes that move pixels about: Transpose, Reshape, Resize, DepthToSpace, Pad, Slice and their like."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import NodeProto

from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import Constants, attribute
from fpgan.build.frontend.errors import UnsupportedError

_MAX_FACTOR = 64


def apply_spatial(node: NodeProto, constants: Constants, branch: Branch) -> None:
    """Change the view of the branch, or leave work for the next layer. UnsupportedError, ValueError."""
    _READERS[node.op_type](node, constants, branch)


def _transpose(node: NodeProto, constants: Constants, branch: Branch) -> None:
    rank = len(branch.view.axes)
    branch.view = branch.view.transposed(attribute(node, "perm", list(range(rank))[::-1]))


def _reshape(node: NodeProto, constants: Constants, branch: Branch) -> None:
    target = [int(v) for v in np.ravel(constants.required(node, 1, "the shape"))]
    branch.reshape(node, target)


def _flatten(node: NodeProto, constants: Constants, branch: Branch) -> None:
    if attribute(node, "axis", 1) != 1:
        raise UnsupportedError.at(node, f"axis={attribute(node, 'axis', 1)}; 1 is supported")
    shape = branch.view.shape
    branch.reshape(node, [shape[0], math.prod(shape[1:])])


def _axes(node: NodeProto, constants: Constants, rank: int) -> list[int]:
    """An attribute up to opset 12, an input from 13 on."""
    values = attribute(node, "axes", None)
    if values is None and len(node.input) > 1:
        values = constants.required(node, 1, "the axes")
    axes = [int(v) + (rank if int(v) < 0 else 0) for v in np.ravel(values if values is not None else [])]
    if any(not 0 <= a < rank for a in axes):
        raise UnsupportedError.at(node, f"axes={axes} of {rank}")
    return axes


def _squeeze(node: NodeProto, constants: Constants, branch: Branch) -> None:
    shape = branch.view.shape
    axes = _axes(node, constants, len(shape)) or [i for i, n in enumerate(shape) if n == 1 and i > 0]
    branch.reshape(node, [n for i, n in enumerate(shape) if i not in axes])


def _unsqueeze(node: NodeProto, constants: Constants, branch: Branch) -> None:
    shape = list(branch.view.shape)
    count = len(shape) + (
        len(attribute(node, "axes", [])) or int(constants.required(node, 1, "the axes").size)
    )
    axes = set(_axes(node, constants, count))
    rest = iter(shape)
    branch.reshape(node, [1 if i in axes else next(rest) for i in range(count)])


def _resize(node: NodeProto, constants: Constants, branch: Branch) -> None:
    if attribute(node, "mode", b"nearest") != b"nearest":
        raise UnsupportedError.at(node, f"mode {attribute(node, 'mode', b'').decode()}; nearest is supported")
    shape = branch.view.shape
    factors = dict(zip(branch.view.axes, _factors(node, constants, shape), strict=True))
    if factors.pop("N", 1) != 1 or factors.pop("C", 1) != 1 or "CHW" in factors:
        raise UnsupportedError.at(node, "resizes the batch or the channels; rows and columns are supported")
    whole = {axis: round(f) for axis, f in factors.items()}
    if any(
        w != f or not 1 <= w <= _MAX_FACTOR for w, f in zip(whole.values(), factors.values(), strict=True)
    ):
        raise UnsupportedError.at(
            node, f"factors {list(factors.values())}; 1 to {_MAX_FACTOR}, whole, are supported"
        )
    if any(not _repeats(node, w) for w in whole.values()):
        raise UnsupportedError.at(
            node, "picks other pixels than each one repeated; asymmetric with floor is supported"
        )
    branch.upsample((whole.get("H", 1), whole.get("W", 1)))


def _factors(node: NodeProto, constants: Constants, shape: tuple[int, ...]) -> list[float]:
    """Upsample: (X, scales). Resize of opset 10: the same; from 11 on (X, roi, scales, sizes)."""
    old = node.op_type == "Upsample" or len(node.input) == 2
    scales = constants.get(node.input[1 if old else 2]) if len(node.input) > 1 else None
    if scales is not None and scales.size:
        factors = [float(s) for s in np.ravel(scales)]
    else:
        sizes = np.ravel(constants.required(node, 3, "scales or sizes"))
        factors = [float(s) / n for s, n in zip(sizes, shape, strict=True)]
    if attribute(node, "axes", None) is not None:
        raise UnsupportedError.at(node, "axes; scales or sizes for every axis are supported")
    if len(factors) != len(shape):
        raise UnsupportedError.at(node, f"{len(factors)} factors for {len(shape)} axes")
    return factors


def _repeats(node: NodeProto, factor: int) -> bool:
    """Output o takes input o // factor, by this node's coordinates and rounding."""
    if node.op_type == "Upsample" or len(node.input) == 2 or factor == 1:
        return True
    o = np.arange(4 * factor)
    mode = attribute(node, "coordinate_transformation_mode", b"half_pixel").decode()
    x = {"asymmetric": o / factor, "half_pixel": (o + 0.5) / factor - 0.5,
         "pytorch_half_pixel": (o + 0.5) / factor - 0.5}.get(mode)  # fmt: skip
    if x is None:
        return False
    rounding = attribute(node, "nearest_mode", b"round_prefer_floor").decode()
    picked = _NEAREST[rounding](x) if rounding in _NEAREST else x - 1
    return bool(np.array_equal(np.clip(picked, 0, 3), o // factor))


_NEAREST: dict[str, Callable[[Any], Any]] = {
    "floor": np.floor,
    "ceil": np.ceil,
    "round_prefer_floor": lambda v: np.ceil(v - 0.5),
    "round_prefer_ceil": lambda v: np.floor(v + 0.5),
}


def _depth_to_space(node: NodeProto, constants: Constants, branch: Branch) -> None:
    factor, mode = int(attribute(node, "blocksize", 0)), attribute(node, "mode", b"DCR")
    channels = branch.view.dims[0]
    if branch.view.axes != ("N", "C", "H", "W"):
        raise UnsupportedError.at(node, f"axes {branch.view.axes}; (N,C,H,W) is supported")
    if mode not in (b"DCR", b"CRD"):
        raise UnsupportedError.at(node, f"mode {mode.decode(errors='replace')}; DCR and CRD are supported")
    if not 1 <= factor <= _MAX_FACTOR or channels % factor**2:
        raise UnsupportedError.at(
            node, f"blocksize={factor} on {channels} channels; its square must divide them"
        )
    branch.shuffle(factor, mode == b"CRD")


def _pad(node: NodeProto, constants: Constants, branch: Branch) -> None:
    if attribute(node, "mode", b"constant") != b"constant":
        raise UnsupportedError.at(node, f"mode {attribute(node, 'mode', b'').decode()}; zeros are supported")
    value = float(attribute(node, "value", 0.0))
    if len(node.input) > 2 and node.input[2]:
        value = constants.number(node, 2, "the value")
    if value:
        raise UnsupportedError.at(node, f"pads with {value:g}; 0 is supported")
    pads = attribute(node, "pads", None)
    pads = [int(v) for v in np.ravel(constants.required(node, 1, "the pads") if pads is None else pads)]
    if len(node.input) > 3 and node.input[3]:
        raise UnsupportedError.at(node, "axes; pads for every axis are supported")
    sides = _sides(node, branch, pads[: len(pads) // 2], pads[len(pads) // 2 :])
    if min(sides) < 0 < max(sides):
        raise UnsupportedError.at(node, f"pads and crops at once ({pads})")
    if max(sides) > 0:
        branch.pad(node, sides)
    elif min(sides) < 0:
        top, left, bottom, right = (-s for s in sides)
        branch.crop(node, (top, left, bottom, right))


def _sides(node: NodeProto, branch: Branch, begin: list[int], end: list[int]) -> tuple[int, int, int, int]:
    axes = branch.view.axes
    if not len(begin) == len(end) == len(axes):
        raise UnsupportedError.at(node, f"{len(begin) + len(end)} values for {len(axes)} axes")
    found = {axis: (b, e) for axis, b, e in zip(axes, begin, end, strict=True)}
    if any(found.get(axis, (0, 0)) != (0, 0) for axis in ("N", "C", "CHW")):
        raise UnsupportedError.at(node, "changes the batch or the channels; rows and columns are supported")
    (top, bottom), (left, right) = found.get("H", (0, 0)), found.get("W", (0, 0))
    return top, left, bottom, right


def _slice(node: NodeProto, constants: Constants, branch: Branch) -> None:
    """Attributes up to opset 9, inputs from 10 on."""
    parts: list[Any] = [attribute(node, name, None) for name in ("starts", "ends", "axes")]
    steps: Any = None
    if len(node.input) > 1:
        parts = [constants.required(node, i, "an index") if i < len(node.input) and node.input[i] else None
                 for i in (1, 2, 3)]  # fmt: skip
        steps = constants.get(node.input[4]) if len(node.input) > 4 else None
    if steps is not None and np.any(steps != 1):
        raise UnsupportedError.at(node, f"steps {np.ravel(steps).tolist()}; only 1 is supported")
    starts, ends = (np.ravel(p).tolist() for p in parts[:2])
    shape = branch.view.shape
    axes = np.ravel(parts[2]).tolist() if parts[2] is not None else list(range(len(starts)))
    begin, end = [0] * len(shape), [0] * len(shape)
    for axis, start, stop in zip(axes, starts, ends, strict=True):
        first, last, _ = slice(start, stop).indices(shape[axis])
        begin[axis], end[axis] = first, shape[axis] - last
    sides = _sides(node, branch, begin, end)
    if any(sides):
        branch.crop(node, sides)


_READERS: dict[str, Callable[[NodeProto, Constants, Branch], None]] = {
    "Transpose": _transpose, "Reshape": _reshape, "Flatten": _flatten, "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze, "Resize": _resize, "Upsample": _resize, "DepthToSpace": _depth_to_space,
    "Pad": _pad, "Slice": _slice,
}  # fmt: skip
SPATIAL = tuple(_READERS)
