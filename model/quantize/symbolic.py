# SPDX-License-Identifier: Apache-2.0
"""A module's forward as a graph of calls, by torch.fx, with an answer where it asks about its input.

It is quantized on the CPU: `input.is_cuda` is False. How many axes and pixels an input has is known once its
shape is; what depends on its values is not a graph, and is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx, nn

from fpgan.model.quantize.ops import LINEAR, computes

_ON_CPU = {
    "is_cuda": False, "is_xpu": False, "is_mps": False, "is_meta": False, "is_sparse": False,
    "is_quantized": False, "is_cpu": True, "requires_grad": False,
}  # fmt: skip


class _Input(fx.Proxy):
    """A tensor that is not there yet, but whose device is known."""

    def __getattr__(self, k: str) -> Any:
        if k in _ON_CPU:
            return _ON_CPU[k]
        return torch.device("cpu") if k == "device" else super().__getattr__(k)


class Tracer(fx.Tracer):
    """Notes the line of each call; layers that a user derived from PyTorch's stay whole.

    example: an input; conditions on its shape are then answered by it.
    """

    record_stack_traces = True

    def __init__(self, example: Tensor | None = None) -> None:
        super().__init__()
        self.example = example
        self._values: dict[fx.Node, Any] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return any(computes(m, cls) for cls in LINEAR) or super().is_leaf_module(m, module_qualified_name)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Input(node, self)

    def to_bool(self, obj: fx.Proxy) -> bool:
        if self.example is not None:
            with torch.no_grad():
                value = self._value(obj.node)
            if isinstance(value, bool | int | float):
                return bool(value)
        return super().to_bool(obj)

    def _value(self, node: fx.Node) -> Any:
        """What a node gives for the example."""
        if node not in self._values:
            args, options = fx.map_arg((node.args, node.kwargs), self._value)
            self._values[node] = self._computed(node, args, options)
        return self._values[node]

    def _computed(self, node: fx.Node, args: Any, options: Any) -> Any:
        if node.op == "placeholder":
            return self.example
        if node.op == "get_attr":
            owner, _, name = str(node.target).rpartition(".")
            return getattr(self.root.get_submodule(owner), name)
        if node.op == "call_module":
            return self.root.get_submodule(str(node.target))(*args, **options)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **options)
        return node.target(*args, **options)  # type: ignore[operator]


def fixed_arguments(module: nn.Module) -> dict[str, Any]:
    """Of forward, but for its one tensor. ValueError where it takes more, or none."""
    parameters = inspect.signature(module.forward).parameters.values()
    required = [
        p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if len(required) != 1:
        raise ValueError(
            f"{type(module).__name__}.forward takes {', '.join(required) or 'nothing'}; one tensor is "
            "supported, which may hold a condition as further channels"
        )
    return {p.name: p.default for p in parameters if p.name not in required and p.default is not p.empty}


def symbolic(module: nn.Module, fixed: dict[str, Any], example: Tensor | None = None) -> fx.Graph:
    """The graph; raises whatever user code does."""
    with on_one_device():
        return Tracer(example).trace(module, concrete_args=fixed)


@contextmanager
def on_one_device() -> Iterator[None]:
    """nn.parallel.data_parallel calls its module, whatever devices it is given."""

    def call(module: nn.Module, inputs: Any, *args: Any, **options: Any) -> Any:
        return module(*inputs) if isinstance(inputs, tuple) else module(inputs)

    before = nn.parallel.data_parallel
    nn.parallel.data_parallel = call  # type: ignore[assignment]
    try:
        yield
    finally:
        nn.parallel.data_parallel = before
