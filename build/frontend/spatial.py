# SPDX-License-Identifier: Apache-2.0
"""Nodes that move pixels about: Transpose, Reshape, Resize, DepthToSpace, Pad, Slice and their like."""

from __future__ import annotations

import math
from collections.abc import Callable

from onnx import NodeProto

from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import Constants, attribute, text
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.linear import MAX_SIDE
from fpgan.build.frontend.resize import resize
from fpgan.hw.system.text import brief

_MAX_FACTOR = 64


def apply_spatial(node: NodeProto, constants: Constants, branch: Branch) -> None:
    """Change the view of the branch, or leave work for the next layer. UnsupportedError, ValueError."""
    _READERS[node.op_type](node, constants, branch)


def _transpose(node: NodeProto, constants: Constants, branch: Branch) -> None:
    rank = len(branch.view.axes)
    branch.view = branch.view.transposed(attribute(node, "perm", list(range(rank))[::-1]))


def _reshape(node: NodeProto, constants: Constants, branch: Branch) -> None:
    target = constants.integers(node, 1, "the shape")
    if attribute(node, "allowzero", 0) and 0 in target:
        raise UnsupportedError.at(node, f"reshapes to {brief(target)} with allowzero; sizes start at 1")
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
        values = constants.integers(node, 1, "the axes")
    return _each_once(node, values or [], rank)


def _each_once(node: NodeProto, values: list[int], rank: int) -> list[int]:
    """Axes counted from the front. UnsupportedError where one is none, or comes twice."""
    axes = [v + (rank if v < 0 else 0) for v in values]
    if any(not 0 <= a < rank for a in axes) or len(set(axes)) < len(axes):
        raise UnsupportedError.at(node, f"axes={brief(axes)} of {rank}; each once is expected")
    return axes


def _squeeze(node: NodeProto, constants: Constants, branch: Branch) -> None:
    shape = branch.view.shape
    axes = _axes(node, constants, len(shape)) or [i for i, n in enumerate(shape) if n == 1 and i > 0]
    branch.reshape(node, [n for i, n in enumerate(shape) if i not in axes])


def _unsqueeze(node: NodeProto, constants: Constants, branch: Branch) -> None:
    shape = list(branch.view.shape)
    count = len(shape) + (len(attribute(node, "axes", [])) or len(constants.integers(node, 1, "the axes")))
    axes = set(_axes(node, constants, count))
    rest = iter(shape)
    branch.reshape(node, [1 if i in axes else next(rest) for i in range(count)])


def _depth_to_space(node: NodeProto, constants: Constants, branch: Branch) -> None:
    factor, mode = int(attribute(node, "blocksize", 0)), text(node, "mode", "DCR")
    channels = branch.view.dims[0]
    if branch.view.axes != ("N", "C", "H", "W"):
        raise UnsupportedError.at(node, f"axes {branch.view.axes}; (N,C,H,W) is supported")
    if mode not in ("DCR", "CRD"):
        raise UnsupportedError.at(node, f"mode {mode}; DCR and CRD are supported")
    if not 1 <= factor <= _MAX_FACTOR or channels % factor**2:
        raise UnsupportedError.at(
            node, f"blocksize={factor} on {channels} channels; its square must divide them"
        )
    branch.shuffle(factor, mode == "CRD")


def _pad(node: NodeProto, constants: Constants, branch: Branch) -> None:
    mode = text(node, "mode", "constant")
    if mode not in ("constant", *_BORDERS):
        raise UnsupportedError.at(node, f"mode {mode}; constant, {', '.join(_BORDERS)} are supported")
    value = float(attribute(node, "value", 0.0))
    if len(node.input) > 2 and node.input[2]:
        value = constants.number(node, 2, "the value")
    if value and mode == "constant":
        raise UnsupportedError.at(node, f"pads with {value:g}; 0 is supported")
    pads = attribute(node, "pads", None)
    pads = constants.integers(node, 1, "the pads") if pads is None else pads
    if len(node.input) > 3 and node.input[3]:
        raise UnsupportedError.at(node, "axes; pads for every axis are supported")
    sides = _sides(node, branch, pads[: len(pads) // 2], pads[len(pads) // 2 :])
    if min(sides) < 0 < max(sides):
        raise UnsupportedError.at(node, f"pads and crops at once ({brief(pads)})")
    if max(sides) > 0 and mode != "constant":
        _border(node, branch, mode, sides)
    elif max(sides) > 0:
        branch.pad(node, sides)
    elif min(sides) < 0:
        top, left, bottom, right = (-s for s in sides)
        branch.crop(node, (top, left, bottom, right))


def _border(node: NodeProto, branch: Branch, mode: str, pads: tuple[int, int, int, int]) -> None:
    """Pixels of the image itself around it."""
    rows, cols = (_BORDERS[mode](n, pads[d], pads[d + 2]) for d, n in enumerate(branch.view.size))
    for size, picked in zip(branch.view.size, (rows, cols), strict=True):
        if picked is None or len(picked) > MAX_SIDE:
            raise UnsupportedError.at(node, f"pads {pads} with mode {mode} around {size} pixels")
    branch.select(node, rows, cols)


def _mirrored(size: int, lead: int, trail: int) -> Picked | None:
    """The last pixel is the mirror; None where more are wanted than lie behind it."""
    if max(lead, trail) >= size:
        return None
    return (*range(lead, 0, -1), *range(size), *range(size - 2, size - 2 - trail, -1))


def _repeated(size: int, lead: int, trail: int) -> Picked:
    return (*(0,) * lead, *range(size), *(size - 1,) * trail)


def _wrapped(size: int, lead: int, trail: int) -> Picked | None:
    if max(lead, trail) > size:
        return None
    return (*range(size - lead, size), *range(size), *range(trail))


Picked = tuple[int, ...]
_BORDERS: dict[str, Callable[[int, int, int], Picked | None]] = {
    "reflect": _mirrored, "edge": _repeated, "wrap": _wrapped,
}  # fmt: skip


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
    parts = [attribute(node, name, None) for name in ("starts", "ends", "axes")]
    if len(node.input) > 1:
        given = [i for i in range(1, 5) if i < len(node.input) and node.input[i]]
        found = {i: constants.integers(node, i, "an index") for i in given}
        parts = [found.get(i) for i in range(1, 5)]
    starts, ends = parts[0] or [], parts[1] or []
    steps = (parts[3] if len(parts) > 3 else None) or [1] * len(starts)
    shape = branch.view.shape
    axes = _each_once(node, list(range(len(starts))) if parts[2] is None else parts[2], len(shape))
    if not len(starts) == len(ends) == len(axes) == len(steps):
        counts = f"{len(starts)} starts, {len(ends)} ends, {len(axes)} axes, {len(steps)} steps"
        raise UnsupportedError.at(node, f"{counts}; as many of each are expected")
    if set(steps) - {1}:
        _stepped(node, branch, dict(zip(axes, zip(starts, ends, steps, strict=True), strict=True)))
        return
    begin, end = [0] * len(shape), [0] * len(shape)
    for axis, start, stop in zip(axes, starts, ends, strict=True):
        first, last, _ = slice(start, stop).indices(shape[axis])
        begin[axis], end[axis] = first, shape[axis] - last
    sides = _sides(node, branch, begin, end)
    if any(sides):
        branch.crop(node, sides)


def _stepped(node: NodeProto, branch: Branch, slices: dict[int, tuple[int, int, int]]) -> None:
    """Every so many-th row or column; backwards, too."""
    picked = {axis: tuple(range(n)) for axis, n in zip(("H", "W"), branch.view.size, strict=True)}
    for axis, (start, stop, step) in slices.items():
        name, count = branch.view.axes[axis], branch.view.shape[axis]
        kept = tuple(range(count))[start:stop:step] if step else ()
        if (name not in picked and kept != tuple(range(count))) or not kept:
            raise UnsupportedError.at(
                node, f"keeps {len(kept)} of {count} along {name}; rows and columns are supported"
            )
        if name in picked:
            picked[name] = kept
    branch.select(node, picked["H"], picked["W"])


_READERS: dict[str, Callable[[NodeProto, Constants, Branch], None]] = {
    "Transpose": _transpose, "Reshape": _reshape, "Flatten": _flatten, "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze, "Resize": resize, "Upsample": resize, "DepthToSpace": _depth_to_space,
    "Pad": _pad, "Slice": _slice,
}  # fmt: skip
SPATIAL = tuple(_READERS)
