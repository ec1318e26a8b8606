# SPDX-License-Identifier: Apache-2.0
"""Activations that ONNX has no operator for, made of those it has: what is exported is what PyTorch computes.

As one function, PyTorch rounds them otherwise in the last place, and an integer behind one could differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Composed(nn.Module):
    """An activation of several operators."""


class LogSigmoid(Composed):
    """log(sigmoid(x))."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.log(torch.sigmoid(x))


class SiLU(Composed):
    """x sigmoid(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Mish(Composed):
    """x tanh(softplus(x))."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tanh(nn.functional.softplus(x))


class Hardswish(Composed):
    """x relu6(x + 3) / 6."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.clamp(x + 3, 0, 6) / 6)


class Tanhshrink(Composed):
    """x - tanh(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x - torch.tanh(x)


class Softshrink(Composed):
    """x, nearer to 0 by `edge`."""

    def __init__(self, edge: float) -> None:
        super().__init__()
        self.edge = edge

    def forward(self, x: Tensor) -> Tensor:
        return x - torch.clamp(x, -self.edge, self.edge)


class GELU(Composed):
    """x times the normal distribution at x, by erf."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.erf(x / math.sqrt(2)) + 1) * 0.5


class TanhGELU(Composed):
    """The approximation by a Tanh."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.tanh((x + x**3 * 0.044715) * math.sqrt(2 / math.pi)) + 1) * 0.5


COMPOSED: dict[type[nn.Module], Callable[[Any], Composed]] = {
    nn.LogSigmoid: lambda module: LogSigmoid(),
    nn.SiLU: lambda module: SiLU(),
    nn.Mish: lambda module: Mish(),
    nn.Hardswish: lambda module: Hardswish(),
    nn.Tanhshrink: lambda module: Tanhshrink(),
    nn.Softshrink: lambda module: Softshrink(float(module.lambd)),
    nn.GELU: lambda module: GELU() if module.approximate == "none" else TanhGELU(),
}
