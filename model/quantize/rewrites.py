# SPDX-License-Identifier: Apache-2.0
"""Layers that are written in other ways: torch.maximum(x, 0.2 * x) is a LeakyReLU."""

from __future__ import annotations

import operator
from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from fpgan.model.quantize.unsupported import Unsupported

_PRODUCTS = (operator.mul, torch.mul, torch.multiply, "mul", "multiply")
_LARGER = (torch.maximum, torch.max, "maximum", "max")
_POSITIVE = (operator.gt, torch.gt, "gt", operator.ge, torch.ge, "ge")


def recognize(graph: fx.Graph) -> None:
    """Exchange each for the function that it is: max(x, c*x) of c from 0 to 1, where(x > 0, x, c*x)."""
    for node in list(graph.nodes):
        found = _leaky(node)
        if found is not None:
            with graph.inserting_before(node):
                leaky = graph.call_function(F.leaky_relu, found)
            leaky.stack_trace = node.stack_trace
            node.replace_all_uses_with(leaky)
            graph.erase_node(node)


def _leaky(node: fx.Node) -> tuple[fx.Node, float] | None:
    """Image and slope."""
    args = node.args
    if node.op not in ("call_function", "call_method") or node.kwargs:
        return None
    if node.target in _LARGER and len(args) == 2:
        for x, other in (args, args[::-1]):
            slope = _slope(x, other)
            if isinstance(x, fx.Node) and slope is not None and 0 <= slope <= 1:
                return x, slope
    if node.target is torch.where and len(args) == 3 and _positive(args[0], args[1]):
        x, slope = args[1], _slope(args[1], args[2])
        if isinstance(x, fx.Node) and slope is not None:
            return x, slope
    return None


def _slope(x: Any, other: Any) -> float | None:
    """c where `other` is c * x or, c being 0, a number that torch.where takes; None where it is neither."""
    if not isinstance(other, fx.Node):
        return 0.0 if isinstance(other, int | float) and other == 0 else None
    if other.target not in _PRODUCTS or len(other.args) != 2 or x not in other.args or other.kwargs:
        return None
    constant = other.args[0] if other.args[1] is x else other.args[1]
    return float(constant) if isinstance(constant, int | float) else None


def _positive(condition: Any, x: Any) -> bool:
    """Whether it is x > 0 or x >= 0."""
    return isinstance(condition, fx.Node) and condition.target in _POSITIVE and condition.args == (x, 0)


def sized(module: nn.Module, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> nn.Module:
    """A ConvTranspose that was called with the size that it is to put out. Unsupported where it is none."""
    if not isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d):
        raise Unsupported("is called with more than one tensor; only the image is supported")
    geometry = module.stride, module.padding, module.dilation, module.kernel_size
    axes: Any = zip(inputs[1:], *geometry, strict=True)
    least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in axes]
    copied = deepcopy(module)
    copied.output_padding = tuple(o - n for o, n in zip(outputs[1:], least, strict=True))
    return copied
