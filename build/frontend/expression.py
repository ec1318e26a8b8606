# SPDX-License-Identifier: Apache-2.0
"""Functions of a pixel that a file spells with several nodes: SiLU as x * Sigmoid(x), GELU with Erf."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from onnx import NodeProto

from fpgan.build.frontend.constants import Constants
from fpgan.build.frontend.pointwise import ARITHMETIC, POINTWISE, Float, FloatArray, Pointwise, read_pointwise
from fpgan.build.frontend.view import View

Consumers = Mapping[str, Sequence[NodeProto]]


@dataclass(frozen=True)
class Expression:
    """Nodes between a tensor that is used more than once and the one that all of its uses end in."""

    nodes: tuple[NodeProto, ...]
    function: Pointwise

    @property
    def tensor(self) -> str:
        """The tensor that it ends in."""
        return str(self.nodes[-1].output[0])


@dataclass(frozen=True)
class _Step:
    """One node: what it computes from which tensors and how many constants."""

    function: Callable[..., Float]
    inputs: tuple[str, ...]
    constants: tuple[FloatArray, ...]
    output: str


def read_expression(
    tensor: str, graph: Sequence[NodeProto], consumers: Consumers, constants: Constants, view: View
) -> Expression | None:
    """None where the uses of `tensor` do not end in one tensor through functions of each pixel alone.

    Raises UnsupportedError where a function of theirs is not read.
    """
    nodes: list[NodeProto] = []
    steps: list[_Step] = []
    known = {tensor}
    for node in graph:
        images = [name for name in node.input if name and constants.get(name) is None]
        if node.op_type not in POINTWISE or not images or not known.issuperset(images):
            continue
        nodes.append(node)
        steps.append(_step(node, images, constants, view))
        known.add(node.output[0])
        if _closed(known, nodes, consumers):
            return Expression(tuple(nodes), _composed(tensor, steps, "+".join(n.op_type for n in nodes)))
    return None


def _closed(known: set[str], nodes: list[NodeProto], consumers: Consumers) -> bool:
    """All tensors but the last one are used by `nodes` alone."""
    inside = {id(node) for node in nodes}
    last = nodes[-1].output[0]
    used = {name: [id(node) for node in consumers.get(name, ())] for name in known if name != last}
    return all(ids and inside.issuperset(ids) for ids in used.values())


def _step(node: NodeProto, images: list[str], constants: Constants, view: View) -> _Step:
    if len(images) == 2 and node.op_type in ARITHMETIC:
        return _Step(ARITHMETIC[node.op_type], tuple(images), (), node.output[0])
    function = read_pointwise(node, constants, view)
    return _Step(function.function, tuple(images), function.constants, node.output[0])


def _composed(tensor: str, steps: list[_Step], op: str) -> Pointwise:
    def apply(x: Float, *constants: Float) -> Float:
        values, rest = {tensor: x}, iter(constants)
        for step in steps:
            given = list(islice(rest, len(step.constants)))
            values[step.output] = step.function(*(values[name] for name in step.inputs), *given)
        return values[steps[-1].output]

    return Pointwise(op, apply, tuple(c for step in steps for c in step.constants))
