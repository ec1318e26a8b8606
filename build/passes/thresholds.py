# SPDX-License-Identifier: Apache-2.0
"""Thresholds by bisection of the very float32 function that PyTorch computes.

Between an integer accumulator and the next integer activation lie a scale, a bias, batch normalization, an
activation function and a quantizer. Per channel all of that is one monotone step function of the
accumulator, whose steps are found by evaluating it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.passes.errors import UnsupportedError
from fpgan.build.passes.read_qonnx import Quantizer, attribute

Float = torch.Tensor
StepFunction = Callable[[NDArray[np.int64]], NDArray[np.int64]]  # (C,T) accumulators -> (C,T) activations
_FULL_CHECK = 1 << 22  # accumulator values times channels that are all evaluated to prove the result


def step_function(
    model: ModelWrapper,
    nodes: tuple[NodeProto, ...],
    scale: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    target: Quantizer,
) -> StepFunction:
    """The float32 chain from accumulators (C,T) to integers (C,T), computed by PyTorch's own kernels.

    scale: () or (C), what one accumulator step is worth; bias: (C) added by the linear layer.
    """
    functions = [_pointwise(model, node) for node in nodes]

    def apply(acc: NDArray[np.int64]) -> NDArray[np.int64]:
        x = torch.from_numpy(acc.astype(np.float32)) * torch.from_numpy(np.reshape(scale, (-1, 1)))
        x = x[None, :, :, None].contiguous()  # N,C,H,W, the layout that the network runs in
        if bias is not None:
            x = x + torch.from_numpy(bias.reshape(1, -1, 1, 1))
        for function in functions:
            x = function(x)
        x = torch.round(x / torch.tensor(target.scale, dtype=torch.float32))
        return torch.clamp(x, target.low, target.high)[0, :, :, 0].numpy().astype(np.int64)

    return apply


def find_thresholds(
    function: StepFunction, low: NDArray[np.int64], high: NDArray[np.int64], target: Quantizer
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Smallest accumulator that reaches each level: thresholds (C, levels - 1) ascending, flipped (C).

    low, high (C) bound the accumulator. A level that is never reached gets high + 1, one that always is gets
    low. Where `flipped`, the function decreases and the thresholds are those of the negated accumulator.
    Raises ValueError when the function is not monotone on the values that are evaluated.
    """
    ends = function(np.stack([low, high], 1))
    flipped = ends[:, 0] > ends[:, 1]
    sign = np.where(flipped, -1, 1)[:, None]
    low, high = np.where(flipped, -high, low), np.where(flipped, -low, high)
    levels = target.levels[None, 1:]
    left = np.repeat(low[:, None], levels.size, 1)
    right = np.repeat(high[:, None] + 1, levels.size, 1)
    while np.any(left < right):
        middle = (left + right) >> 1
        # high + 1 lies outside the accumulator's range but is never a middle while left < right
        reached = function(sign * middle) >= levels
        right = np.where(reached & (left < right), middle, right)
        left = np.where(~reached & (left < right), middle + 1, left)
    _prove(function, sign, low, high, left, target)
    return left, flipped


def _prove(
    function: StepFunction,
    sign: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    thresholds: NDArray[np.int64],
    target: Quantizer,
) -> None:
    """Compare with the function on the whole range, or around each threshold where the range is large."""
    bottom, top = int(low.min()), int(high.max())
    if (top - bottom + 1) * len(low) <= _FULL_CHECK:
        points = np.repeat(np.arange(bottom, top + 1)[None], len(low), 0)
    else:
        near = (thresholds[:, :, None] + np.arange(-2, 3)).reshape(len(low), -1)
        points = np.concatenate([near, low[:, None], high[:, None]], 1)
    points = np.clip(points, low[:, None], high[:, None])
    expected = function(sign * points)
    for channel in range(len(low)):
        counted = np.searchsorted(thresholds[channel], points[channel], side="right") + target.low
        wrong = np.flatnonzero(counted != expected[channel])
        if wrong.size:
            raise ValueError(
                f"activation of channel {channel} is not monotone at accumulator "
                f"{points[channel][wrong[0]]}; "
                "monotone activations are supported"
            )


def _pointwise(model: ModelWrapper, node: NodeProto) -> Callable[[Float], Float]:
    """One ONNX node as PyTorch computes it."""

    def constant(index: int) -> Float:
        value = model.get_initializer(node.input[index])
        if value is None:
            raise UnsupportedError.at(node, f"input {node.input[index]} must be a constant")
        return torch.from_numpy(np.array(value, np.float32))

    kind = node.op_type
    if kind == "BatchNormalization":
        gamma, beta, mean, variance = (constant(i) for i in range(1, 5))
        eps = float(attribute(node, "epsilon", 1e-5))  # type: ignore[arg-type]
        return lambda x: F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, eps)
    if kind in ("Add", "Mul", "Sub", "Div"):
        swapped = model.get_initializer(node.input[0]) is not None
        other = constant(0 if swapped else 1)
        function: Any = {"Add": torch.add, "Mul": torch.mul, "Sub": torch.sub, "Div": torch.div}[kind]
        return (lambda x: function(other, x)) if swapped else (lambda x: function(x, other))
    if kind == "LeakyRelu":
        slope = float(attribute(node, "alpha", 0.01))  # type: ignore[arg-type]
        return lambda x: F.leaky_relu(x, slope)
    if kind == "Clip":
        return lambda x: torch.clamp(x, constant(1), constant(2))
    return {"Relu": torch.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "Identity": lambda x: x}[kind]
