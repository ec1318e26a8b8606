# SPDX-License-Identifier: Apache-2.0
"""Quantizers of activations and weights: Quant, IntQuant, BipolarQuant, Trunc, QuantizeLinear pairs.

Each becomes integers x with value x * scale. A zero point z is folded exactly: x = q - z, so that the zeros
around an image stay 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from fpgan.hw.system.text import brief

Float = torch.Tensor

# As QONNX defines them (IntQuant); HALF_UP and HALF_DOWN look at the magnitude.
ROUNDING: dict[str, Callable[[Float], Float]] = {
    "ROUND": torch.round,
    "CEIL": torch.ceil,
    "FLOOR": torch.floor,
    "UP": lambda x: torch.sign(x) * torch.ceil(torch.abs(x)),
    "ROUND_TO_ZERO": torch.trunc,
    "HALF_UP": lambda x: torch.sign(x) * torch.floor(torch.abs(x) + 0.5),
    "HALF_DOWN": lambda x: torch.sign(x) * torch.ceil(torch.abs(x) - 0.5),
}
ROUNDING_ALIASES = {"HALF_EVEN": "ROUND", "DOWN": "ROUND_TO_ZERO"}

IDEMPOTENT = ("ROUND", "HALF_UP", "HALF_DOWN")  # what passes an integer on


@dataclass(frozen=True)
class Quantizer:
    """Integers [low, high], each worth `scale`; `zero` and `rounding` only say how a float becomes one."""

    scale: float
    low: int
    high: int
    zero: int = 0  # the file's zero point, already taken off low and high
    rounding: str = "ROUND"
    rounds_first: bool = False  # QuantizeLinear rounds, then adds the zero point; Quant the other way round
    bipolar: bool = False  # -1 and +1 only
    shift: int = 0  # Trunc: bits that are dropped after rounding to multiples of `step`
    step: float = 0.0

    @property
    def levels(self) -> NDArray[np.int64]:
        return np.arange(self.low, self.high + 1)

    @property
    def values(self) -> NDArray[np.int64]:
        """Integers that occur."""
        return np.array([-1, 1]) if self.bipolar else self.levels

    @property
    def bits(self) -> int:
        return max(1, int(len(self.values) - 1).bit_length())

    @property
    def power_of_two(self) -> bool:
        return bool(np.frexp(np.float32(self.scale))[0] == 0.5)

    def __call__(self, x: Float) -> Float:
        """Floats of any shape -> integers, as floats, computed in the precision of x."""
        if self.bipolar:
            return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)
        x = x / torch.tensor(self.step or self.scale, dtype=x.dtype)
        rounding = ROUNDING[self.rounding]
        if self.step:
            x = rounding(torch.round(x) / 2.0**self.shift)
        elif self.zero and not self.rounds_first:
            x = rounding(x + self.zero) - self.zero
        else:
            x = rounding(x)
        return torch.clamp(x, self.low, self.high)

    def __str__(self) -> str:
        if self.bipolar:
            return f"bipolar x {self.scale:.6g}"
        sign = "s" if self.low < 0 else "u"
        more = f" zero {self.zero}" if self.zero else ""
        mode = "" if self.rounding == "ROUND" else f" {self.rounding}"
        return f"{sign}{self.bits} [{self.low},{self.high}] x {self.scale:.6g}{more}{mode}"


def passed(quantizer: Quantizer, padded: bool) -> Quantizer:
    """One that lets all integers of another pass, and the zeros around a padded image."""
    low, high = (min(0, quantizer.low), max(0, quantizer.high)) if padded else (quantizer.low, quantizer.high)
    same = (low, high) == (quantizer.low, quantizer.high) and not (padded and quantizer.bipolar)
    if same and not quantizer.step and (quantizer.bipolar or quantizer.rounding in IDEMPOTENT):
        return quantizer
    return Quantizer(quantizer.scale, low, high)


def parse_quantizer(text: str) -> Quantizer:
    """Of `u8:0.00390625` or `s8:1/128`: sign, bits, value of one step. ValueError."""
    kind, _, step = text.partition(":")
    over, slash, under = step.partition("/")
    try:
        bits = int(kind[1:])
        scale = float(np.float32(float(over) / (float(under) if slash else 1.0)))
        if kind[0] not in "su" or not 1 + (kind[0] == "s") <= bits <= 8 or not 0 < scale < np.inf:
            raise ValueError
    except (ValueError, IndexError, ZeroDivisionError, OverflowError):
        raise ValueError(
            f"{brief(text)}: sign, bits (u1 to u8, s2 to s8) and the value of one step are expected, as "
            "u8:0.00390625 or s8:1/128"
        ) from None
    return Quantizer(scale, *integer_range(bits, kind[0] == "s", False))


def integer_range(bits: int, signed: bool, narrow: bool) -> tuple[int, int]:
    """Lowest and highest integer of a Quant node, its zero point included."""
    if signed:
        return -(2 ** (bits - 1)) + narrow, 2 ** (bits - 1) - 1
    return 0, 2**bits - 1 - narrow
