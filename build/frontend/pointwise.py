# SPDX-License-Identifier: Apache-2.0
"""What stands between a linear layer and its quantizer, node by node, as PyTorch computes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import NodeProto

from fpgan.build.frontend.constants import Constants, attribute, number, text
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.leaning import LEANING, Lean, lean_elu, lean_norm
from fpgan.build.frontend.view import View

Float = torch.Tensor
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Pointwise:
    """One function of an image (N,C,H,W); its constants are () or (C)."""

    op: str
    function: Callable[..., Float]
    constants: tuple[FloatArray, ...] = ()
    lean: Lean | None = None  # where libraries compute it each in its own way

    def __call__(self, x: Float) -> Float:
        parts = [torch.from_numpy(c.copy()).to(x.dtype) for c in self.constants]
        return self.function(x, *(p.reshape(1, -1, 1, 1) if p.ndim else p for p in parts))

    def mapped(self, channels: NDArray[np.int64] | None) -> Pointwise:
        """For an image whose channel c is channel channels[c] of this one's."""
        if channels is None:
            return self
        return replace(self, constants=tuple(c[channels] if c.ndim else c for c in self.constants))

    def sliced(self, start: int, stop: int) -> Pointwise:
        """For some channels alone."""
        return replace(self, constants=tuple(c[start:stop] if c.ndim else c for c in self.constants))

    @property
    def inexact(self) -> bool:
        """Whether another library may give another float32."""
        return self.lean is not None or (isinstance(self.function, Both) and self.function.inexact)

    def leaning(self, sign: int) -> Pointwise:
        """The function as far above (1) or below (-1) PyTorch's as another library's may be."""
        if isinstance(self.function, Both):
            return replace(self, function=self.function.leaning(sign))
        return self if self.lean is None else replace(self, function=_Leaning(self.function, self.lean, sign))


@dataclass(frozen=True)
class _Leaning:
    """A function and what is put on top of it."""

    function: Callable[..., Float]
    lean: Lean
    sign: int

    def __call__(self, x: Float, *constants: Float) -> Float:
        return self.lean(self.sign, x, self.function(x, *constants), *constants)


@dataclass(frozen=True)
class Both:
    """What a node makes of two lists of functions of the same values."""

    op: str
    left: tuple[Pointwise, ...]
    right: tuple[Pointwise, ...]

    def __call__(self, x: Float, *constants: Float) -> Float:
        rest = iter(constants)
        values = []
        for functions in (self.left, self.right):
            value = x
            for function in functions:
                value = function.function(value, *islice(rest, len(function.constants)))
            values.append(value)
        return ARITHMETIC[self.op](*values)

    @property
    def inexact(self) -> bool:
        return any(function.inexact for function in (*self.left, *self.right))

    def leaning(self, sign: int) -> Both:
        left, right = (tuple(f.leaning(sign) for f in side) for side in (self.left, self.right))
        return replace(self, left=left, right=right)


def read_pointwise(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    """The function of a node whose image input is laid out as `view`. Raises UnsupportedError."""
    kind = node.op_type
    if kind in _PLAIN:
        return Pointwise(kind, _PLAIN[kind], lean=LEANING.get(kind))
    try:
        found = _READERS[kind](node, constants, view)
        if not all(np.isfinite(c).all() for c in found.constants):
            raise UnsupportedError.at(node, "constants that are not finite")
        return found
    except UnsupportedError:
        raise
    except ValueError as error:
        raise UnsupportedError.at(node, str(error)) from None


def _batch_norm(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    if attribute(node, "training_mode", 0):
        raise UnsupportedError.at(node, "training mode; export the network in eval mode")
    if view.axes[1] != "C":
        raise UnsupportedError.at(node, "normalises an axis that is not the channels")
    parts = [constants.floats(node, i, "a parameter") for i in range(1, 5)]
    for part in parts:
        if part.shape != (view.dims[0],):
            raise UnsupportedError.at(node, f"a parameter of shape {part.shape} on {view.dims[0]} channels")
    eps = number(node, "epsilon", 1e-5)
    if eps < 0:
        raise UnsupportedError.at(node, f"epsilon={eps:g}; 0 or more is supported")
    if (parts[3] + eps <= 0).any():
        raise UnsupportedError.at(node, "a variance that is not positive")

    def apply(x: Float, gamma: Float, beta: Float, mean: Float, variance: Float) -> Float:
        m, v, g, b = (t.reshape(-1) for t in (mean, variance, gamma, beta))
        return F.batch_norm(x, m, v, g, b, training=False, momentum=0.0, eps=eps)

    return Pointwise(node.op_type, apply, tuple(parts), lean_norm(eps))


def _arithmetic(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    if len(node.input) != 2:
        raise UnsupportedError.at(node, f"{len(node.input)} inputs; 2 are supported")
    swapped = constants.get(node.input[0]) is not None
    if constants.get(node.input[0 if swapped else 1]) is None:
        raise UnsupportedError.at(node, "needs an image or a constant as its other input")
    other = constants.floats(node, 0 if swapped else 1, "the other input")
    if node.op_type == "Div" and not swapped and not other.all():
        raise UnsupportedError.at(node, "divides by 0")
    function = ARITHMETIC[node.op_type]
    apply = (lambda x, c: function(c, x)) if swapped else function
    return Pointwise(node.op_type, apply, (view.per_channel(other),))


def _power(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    exponent = constants.number(node, 1, "the exponent")
    return Pointwise("Pow", lambda x: torch.pow(x, exponent), lean=LEANING["Pow"])


def _gelu(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    form = text(node, "approximate", "none")
    if form not in ("none", "tanh"):
        raise UnsupportedError.at(node, f"approximate={form}; none or tanh")
    return Pointwise("Gelu", lambda x: F.gelu(x, approximate=form), lean=LEANING["Gelu"])


def _prelu(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    slope = constants.floats(node, 1, "the slope")
    return Pointwise("PRelu", lambda x, s: torch.where(x >= 0, x, x * s), (view.per_channel(slope),))


def _clip(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    for index in (i for i in (1, 2) if i < len(node.input) and node.input[i]):
        constants.floats(node, index, "a bound")
    low, high = clip_bounds(node, constants)
    return Pointwise("Clip", lambda x: torch.clamp(x, low, high))


def clip_bounds(node: NodeProto, constants: Constants) -> tuple[float, float]:
    """Of a Clip node: attributes up to opset 10, inputs from 11 on."""
    bounds = [float(attribute(node, "min", -np.inf)), float(attribute(node, "max", np.inf))]
    for index in (1, 2):
        if index < len(node.input) and node.input[index]:
            bounds[index - 1] = constants.number(node, index, "a bound")
    if np.isnan(bounds).any():
        raise UnsupportedError.at(node, f"bounds {bounds[0]} and {bounds[1]}; numbers are expected")
    return bounds[0], bounds[1]


def _leaky(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    slope = number(node, "alpha", 0.01)
    return Pointwise(node.op_type, lambda x: F.leaky_relu(x, slope))


def _hard_sigmoid(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    alpha, beta = number(node, "alpha", 0.2), number(node, "beta", 0.5)
    return Pointwise(node.op_type, lambda x: torch.clamp(alpha * x + beta, 0.0, 1.0))


def _elu(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    alpha = number(node, "alpha", 1.0)
    return Pointwise(node.op_type, lambda x: F.elu(x, alpha), lean=lean_elu(alpha))


def _selu(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    alpha, gamma = number(node, "alpha", 1.6732632423543772), number(node, "gamma", 1.0507009873554805)
    return Pointwise("Selu", lambda x: torch.ops.aten.elu(x, alpha, gamma, 1), lean=lean_elu(alpha * gamma))


def _celu(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    alpha = number(node, "alpha", 1.0)
    if alpha <= 0:
        raise UnsupportedError.at(node, f"alpha={alpha:g}; more than 0 is supported")
    return Pointwise("Celu", lambda x: F.celu(x, alpha), lean=lean_elu(alpha))


def _shrink(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    bias, edge = number(node, "bias", 0.0), number(node, "lambd", 0.5)

    def apply(x: Float) -> Float:
        return torch.where(x > edge, x - bias, torch.where(x < -edge, x + bias, torch.zeros_like(x)))

    return Pointwise("Shrink", apply)


def _thresholded(node: NodeProto, constants: Constants, view: View) -> Pointwise:
    alpha = number(node, "alpha", 1.0)
    return Pointwise("ThresholdedRelu", lambda x: torch.where(x > alpha, x, torch.zeros_like(x)))


_PLAIN: dict[str, Callable[..., Float]] = {
    "Relu": torch.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "Softsign": F.softsign,
    "Softplus": F.softplus, "Neg": torch.neg, "Erf": torch.erf, "HardSwish": F.hardswish, "Mish": F.mish,
    "Abs": torch.abs, "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt, "Reciprocal": torch.reciprocal,
    "Sin": torch.sin, "Cos": torch.cos, "Atan": torch.atan, "Sinh": torch.sinh, "Cosh": torch.cosh,
    "Asinh": torch.asinh, "Floor": torch.floor, "Ceil": torch.ceil, "Round": torch.round, "Sign": torch.sign,
}  # fmt: skip
ARITHMETIC: dict[str, Callable[..., Float]] = {
    "Add": torch.add, "Mul": torch.mul, "Sub": torch.sub, "Div": torch.div, "Max": torch.maximum,
    "Min": torch.minimum,
}  # fmt: skip
_READERS: dict[str, Callable[[NodeProto, Constants, View], Pointwise]] = {
    "BatchNormalization": _batch_norm, "PRelu": _prelu, "Clip": _clip, "LeakyRelu": _leaky,
    "HardSigmoid": _hard_sigmoid, "Elu": _elu, "Pow": _power, "Gelu": _gelu,
    "Selu": _selu, "Celu": _celu, "Shrink": _shrink, "ThresholdedRelu": _thresholded,
    **dict.fromkeys(ARITHMETIC, _arithmetic),
}  # fmt: skip
POINTWISE = (*_PLAIN, *_READERS)
