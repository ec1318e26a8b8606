# SPDX-License-Identifier: Apache-2.0
"""Geometry of a convolution, transposed or not: which kernel taps meet which input pixel, per axis.

Everything else (numpy, custom op, SystemVerilog, cycle counts) follows from one relation. For output
index o, kernel index k and input index i of one axis with stride S, leading padding P, step D and dilation L:

    o * D + P = i * S + k * L,   0 <= i < size,   0 <= k < kernel

so output o sees the first tap k for which S divides o * D + P - k * L, and every (S / g)-th after it, each
L / g inputs before the last (g = gcd(S, L)), as far as i falls inside the input. With L = 1 these are k =
(o * D + P) mod S plus multiples of S. S > 1 is the stride of a transposed convolution, D > 1 that of a plain
one.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property


class Reading(ABC):
    """Which inputs the outputs of one axis read, and so which must be there and may go."""

    size: int
    out: int

    @property
    @abstractmethod
    def taps(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each output index the (k, i) pairs that contribute to it, k ascending, i descending."""

    def released(self, par: int = 1) -> tuple[int, ...]:
        """For each output index the number of leading inputs, in groups of `par`, that no later one needs."""
        result, low = [0] * self.out, -(-self.size // par) * par
        for o in reversed(range(self.out)):
            result[o] = low
            if self.taps[o]:
                low = min(low, self.taps[o][-1][1] // par * par)
        return tuple(result)

    def needed(self, par: int = 1) -> tuple[int, ...]:
        """For each output index the number of inputs, from the first one on, that must be there."""
        result, high = [], 0
        for o, released in enumerate(self.released(par)):
            high = max(high, released, self.taps[o][0][1] + 1 if self.taps[o] else 0)
            result.append(high)
        return tuple(result)

    def held(self, par: int = 1) -> int:
        """Inputs, in groups of `par`, that must be held at once."""
        kept = (0, *self.released(par)[:-1])
        most = max(high - low for high, low in zip(self.needed(par), kept, strict=True))
        return -(-most // par) * par


@dataclass(frozen=True)
class Selection(Reading):
    """One axis of an image whose every pixel is one of another's: `picked`, of an input for each output."""

    size: int
    picked: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.picked or not 0 <= min(self.picked) <= max(self.picked) < self.size:
            raise ValueError(f"picked {self.picked}; at least one of 0 to {self.size - 1} is expected")

    @property
    def out(self) -> int:  # type: ignore[override]
        return len(self.picked)

    @property
    def taps(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(((0, i),) for i in self.picked)


@dataclass(frozen=True)
class Axis(Reading):
    """One spatial axis. `out` is the output size; `pad` is the leading padding that is cropped off.

    `step`: one of so many outputs is kept, the first one included. `dilation`: outputs between the places of
    two kernel taps.
    """

    size: int
    kernel: int
    stride: int
    pad: int
    out: int
    step: int = 1
    dilation: int = 1

    def __post_init__(self) -> None:
        for name in ("size", "kernel", "stride", "out", "step", "dilation"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        if self.pad < 0:
            raise ValueError(f"pad={self.pad} must not be negative")

    @cached_property
    def taps(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each output index the (k, i) pairs that contribute to it, k ascending, i descending."""
        return tuple(
            tuple(
                (k, i)
                for k in range(self.kernel)
                for i, rest in (divmod(self.position(o) - k * self.dilation, self.stride),)
                if rest == 0 and 0 <= i < self.size
            )
            for o in range(self.out)
        )

    def position(self, o: int) -> int:
        """Of output o among all outputs, those before the padding and between the steps included."""
        return o * self.step + self.pad

    @property
    def span(self) -> int:
        """Outputs from the first place of the kernel to its last."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def apart(self) -> int:
        """Kernel indices from one tap of an output to its next."""
        return self.stride // math.gcd(self.stride, self.dilation)

    @property
    def reach(self) -> int:
        """Inputs from one tap of an output back to its next."""
        return self.dilation // math.gcd(self.stride, self.dilation)

    @property
    def pars(self) -> tuple[int, ...]:
        """How many taps may be read at once: inputs lie in as many banks in turn, and no two in one."""
        most = -(-self.kernel // self.apart)
        return tuple(par for par in range(1, most + 1) if math.gcd(par, self.reach) == 1)

    def first(self, o: int) -> tuple[int, int]:
        """(k, i) of the first tap of an output that has taps, inside the input or not."""
        k = self.taps[o][0][0] % self.apart
        return k, (self.position(o) - k * self.dilation) // self.stride

    def blocks(self, par: int = 1) -> tuple[int, ...]:
        """For each output index the number of blocks of `par` taps that hold one inside the input.

        Taps are counted from the first k on, so that a block's weights do not depend on the output.
        """
        return tuple(len({k // self.apart // par for k, _ in taps}) for taps in self.taps)

    def weight_blocks(self, par: int = 1) -> tuple[tuple[int | None, ...], ...]:
        """Kernel indices of every block, by first tap; None fills its last block."""
        found = []
        for first in range(self.apart):
            ks = range(first, self.kernel, self.apart)
            padded = [*ks, *([None] * (-len(ks) % par))]
            found += [tuple(padded[i : i + par]) for i in range(0, len(padded), par)]
        return tuple(found)

    def side_by_side(self, count: int) -> tuple[Axis, tuple[tuple[int | None, ...], ...]]:
        """This axis with `count` neighbouring outputs taken for one.

        Returns the axis of these, and for each of the neighbours the kernel index that it has at each tap of
        that axis, None where it has none. Raises ValueError where `count` does not divide the outputs, or the
        kernel is dilated.
        """
        if self.out % count or self.dilation > 1:
            raise ValueError(f"{count} side by side of out={self.out} outputs, dilation={self.dilation}")
        stride, step = self.stride, count * self.step
        common = math.gcd(stride, step)
        starts = [self.pad + e * self.step for e in range(count)]
        low = min(-(start // common) for start in starts)  # of (k - start) / common
        high = max(low, *((self.kernel - 1 - start) // common for start in starts))
        taps = tuple(
            tuple(k if 0 <= (k := common * m + start) < self.kernel else None for m in range(low, high + 1))
            for start in starts
        )
        axis = replace(
            self, kernel=high - low + 1, stride=stride // common, pad=-low, out=self.out // count,
            step=step // common,
        )  # fmt: skip
        return axis, taps


@dataclass(frozen=True)
class DeconvGeometry:
    """A convolution in two dimensions: rows, then columns."""

    rows: Axis
    cols: Axis

    @classmethod
    def make(
        cls,
        size: tuple[int, int],
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        output_padding: tuple[int, int] = (0, 0),
        steps: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
    ) -> DeconvGeometry:
        """Build from ConvTranspose's ONNX attributes; `pads` is (top, left, bottom, right).

        steps: one of so many rows and columns of its output is kept.

        Raises ValueError when no output pixel is left.
        """
        axes = []
        for d in range(2):
            span = (kernel[d] - 1) * dilation[d] + 1
            out = (size[d] - 1) * stride[d] + span + output_padding[d] - pads[d] - pads[d + 2]
            if out < 1:
                raise ValueError(
                    f"output size {out} of axis {d} (input {size[d]}, kernel {span}, "
                    f"stride {stride[d]}, pads {pads[d]}+{pads[d + 2]}) must be at least 1"
                )
            kept = (out - 1) // steps[d] + 1
            axes.append(Axis(size[d], kernel[d], stride[d], pads[d], kept, steps[d], dilation[d]))
        return cls(*axes)

    @property
    def in_shape(self) -> tuple[int, int]:
        return self.rows.size, self.cols.size

    @property
    def out_shape(self) -> tuple[int, int]:
        return self.rows.out, self.cols.out

    @property
    def kernel(self) -> tuple[int, int]:
        return self.rows.kernel, self.cols.kernel

    @property
    def useful_taps(self) -> int:
        """Products per pair of channels of the mathematical operation: every tap meets every pixel.

        Of a strided convolution, every tap meets one pixel of a step.
        """
        rows, cols = (-(-axis.size // axis.step) * axis.kernel for axis in (self.rows, self.cols))
        return rows * cols

    def steps(self, neuron_fold: int, synapse_fold: int, taps: tuple[int, int] = (1, 1)) -> int:
        """Cycles of one image at II = 1: one per visited block of taps and fold, one where there is none.

        taps: taps of a block along (rows, cols).
        """
        counts = [y * x for y in self.rows.blocks(taps[0]) for x in self.cols.blocks(taps[1])]
        return neuron_fold * sum(n * synapse_fold if n else 1 for n in counts)

    def zero_inserted(self) -> tuple[tuple[int, int], DeconvGeometry]:
        """Split into zero insertion and a stride-1 deconvolution.

        Returns the (rows, cols) of the upsampled image, including zeros at the bottom and right up to the
        output padding, and the geometry of the dense convolution over it.
        """
        axes, sizes = [], []
        for axis in (self.rows, self.cols):
            core = (axis.size - 1) * axis.stride + 1
            extra = max(0, axis.position(axis.out - 1) + 1 - (core + axis.span - 1))
            sizes.append(core + extra)
            axes.append(replace(axis, size=core + extra, stride=1))
        return (sizes[0], sizes[1]), DeconvGeometry(*axes)
