# SPDX-License-Identifier: Apache-2.0
"""How far apart libraries are in float32, function by function; PyTorch is the reference.

IEEE 754 fixes sums, products and quotients, so that all libraries agree on them. An exponential, or a
normalisation as a whole, each computes in its own way, PyTorch itself with other instructions on another
CPU, and at the end of an array. A function that leans is what another library may make of it at most: with
room above what PyTorch and ONNX Runtime were measured to differ by, on millions of values of each function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

Float = torch.Tensor
Lean = Callable[..., Float]  # (sign, x, y = f(x, *constants), *constants) -> y, as far up (1) or down (-1)
_OF_RESULT, _OF_INPUT, _ABSOLUTE = 2.0**-20, 2.0**-21, 2.0**-22


def _lean(sign: int, x: Float, y: Float, *, absolute: float = 0.0, of_input: float = 0.0) -> Float:
    """Zeros are exact in all libraries; the range is not kept: ONNX Runtime has a Tanh below -1."""
    apart = y.abs() * _OF_RESULT + x.abs() * of_input + absolute
    return torch.where(y == 0, y, y + sign * apart)


def lean_elu(alpha: float) -> Lean:
    """ONNX Runtime subtracts 1 from the exponential."""
    return partial(_lean, absolute=abs(alpha) * _ABSOLUTE)


def lean_norm(eps: float) -> Lean:
    """Of a BatchNormalization: the sum of three products may cancel."""

    def lean(sign: int, x: Float, y: Float, gamma: Float, beta: Float, mean: Float, variance: Float) -> Float:
        factor = gamma.abs() / torch.sqrt(variance + eps)
        return y + sign * _OF_INPUT * ((x.abs() + mean.abs()) * factor + beta.abs())

    return lean


LEANING: dict[str, Lean] = {
    **dict.fromkeys(("Tanh", "Softsign", "Erf", "Softplus", "Pow", "Exp", "Atan", "Sinh", "Cosh"), _lean),
    **dict.fromkeys(("Log", "Sin", "Cos", "Asinh"), partial(_lean, absolute=_ABSOLUTE)),
    **dict.fromkeys(("Gelu", "HardSwish", "Mish"), partial(_lean, of_input=_OF_INPUT)),
    "Sigmoid": partial(_lean, absolute=_ABSOLUTE),
}  # fmt: skip
