# SPDX-License-Identifier: Apache-2.0
"""Where the channels, rows and columns of an image lie in the axes of an ONNX tensor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.system.text import brief

CANONICAL = {2: ("N", "C"), 3: ("N", "C", "W"), 4: ("N", "C", "H", "W")}


@dataclass(frozen=True)
class View:
    """An image (C,H,W) and the axes of the tensor that holds it; axes that are missing have size 1."""

    dims: tuple[int, int, int]
    axes: tuple[str, ...]
    batch: int = 1

    @classmethod
    def of(cls, shape: Sequence[int]) -> View:
        """Of a tensor (N,C), (N,C,W) or (N,C,H,W)."""
        if len(shape) not in CANONICAL:
            raise ValueError(f"tensor of {len(shape)} axes; (N,C), (N,C,L) and (N,C,H,W) are supported")
        if any(size < 1 for size in shape):
            raise ValueError(f"tensor of shape {brief(list(shape))}: every size must be at least 1")
        axes = CANONICAL[len(shape)]
        sizes = dict(zip(axes, shape, strict=True))
        return cls((sizes["C"], sizes.get("H", 1), sizes.get("W", 1)), axes, sizes["N"])

    @property
    def size(self) -> tuple[int, int]:
        return self.dims[1], self.dims[2]

    @property
    def shape(self) -> tuple[int, ...]:
        sizes = {"N": self.batch, **dict(zip("CHW", self.dims, strict=True))}
        return tuple(math.prod(sizes[a] for a in axis) for axis in self.axes)

    @property
    def canonical(self) -> bool:
        return self.axes == CANONICAL.get(len(self.axes))

    @property
    def in_order(self) -> bool:
        """The values lie as those of (N,C,H,W)."""
        return tuple(a for axis in self.axes for a in axis if a == "N" or self._size(a) > 1) in _orders(
            self.dims
        )

    def _size(self, axis: str) -> int:
        return self.dims["CHW".index(axis)]

    def resized(self, dims: tuple[int, int, int]) -> View:
        return replace(self, dims=dims)

    def transposed(self, perm: Sequence[int]) -> View:
        if sorted(perm) != list(range(len(self.axes))):
            raise ValueError(f"perm={brief(list(perm))} does not permute {len(self.axes)} axes")
        return replace(self, axes=tuple(self.axes[i] for i in perm))

    def reshaped(self, target: Sequence[int]) -> View:
        """As Reshape makes it. ValueError where the image would be cut up otherwise than by its channels."""
        shape = self.resolved(target)
        whole = tuple(int(n) for n in shape[1:])
        if math.prod(whole) != math.prod(self.dims) or shape[0] != self.batch:
            raise ValueError(f"reshapes {list(self.shape)} to {brief(list(target))}")
        if shape == self.shape:
            return self
        flat_order = tuple(a for axis in self.axes for a in axis)
        if tuple(a for a in flat_order if a == "N" or self.dims["CHW".index(a)] > 1) not in _orders(
            self.dims
        ):
            raise ValueError(f"reshapes an image whose axes are in the order {flat_order}")
        if len(whole) == 1:
            return replace(self, axes=("N", "C") if self.size == (1, 1) else ("N", "CHW"))
        if len(whole) in (2, 3):
            new = View.of((self.batch, *whole))
            if new.dims == self.dims:
                return new
        raise ValueError(f"reshapes {list(self.shape)} to {brief(list(shape))}")

    def resolved(self, target: Sequence[int]) -> tuple[int, ...]:
        """Sizes that a Reshape to `target` means, its 0 and -1 replaced."""
        old = self.shape
        sizes = [int(old[i]) if t == 0 and i < len(old) else int(t) for i, t in enumerate(target)]
        if not sizes:
            raise ValueError("reshapes to a scalar")
        if sizes.count(-1) == 1:
            others = -math.prod(sizes)
            sizes[sizes.index(-1)] = math.prod(old) // others if others > 0 else -1
        if math.prod(sizes) != math.prod(old) or min(sizes) < 1:
            raise ValueError(f"reshapes {list(old)} to {brief(list(target))}")
        return tuple(sizes)

    def per_channel(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """A constant that is broadcast over the tensor -> () or (C)."""
        values = np.asarray(values, np.float32)
        if values.size == 1:
            return values.reshape(())
        shape = (1,) * (len(self.axes) - values.ndim) + values.shape
        if len(shape) != len(self.axes):
            raise ValueError(f"constant of shape {values.shape} on a tensor of {len(self.axes)} axes")
        for axis, size in zip(self.axes, shape, strict=True):
            if size > 1 and axis != "C":
                raise ValueError(f"constant of shape {values.shape} differs from pixel to pixel")
        if values.size != self.dims[0]:
            raise ValueError(f"constant of {values.size} values for {self.dims[0]} channels")
        return values.reshape(-1)


def _orders(dims: tuple[int, int, int]) -> tuple[tuple[str, ...], ...]:
    return (("N", *(a for a, n in zip("CHW", dims, strict=True) if n > 1)),)
