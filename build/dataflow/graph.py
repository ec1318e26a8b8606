# SPDX-License-Identifier: Apache-2.0
"""Streams of a dataflow graph: which tensors are streams, in which order, between which nodes."""

from __future__ import annotations

from dataclasses import dataclass

from qonnx.core.modelwrapper import ModelWrapper

JOINS = ("Add_rtl", "Concat_rtl")
STEPS = ("Thresholding_rtl", "Requantize_rtl")  # what puts sums onto levels


@dataclass(frozen=True)
class Streams:
    """Tensors in the order in which they are made: the graph's input first, its output last.

    inputs, outputs: numbers of the streams of each node, nodes in topological order. In a chain stream i
    enters node i.
    """

    tensors: tuple[str, ...]
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, model: ModelWrapper) -> Streams:
        nodes = list(model.graph.node)
        tensors = [model.graph.input[0].name, *(name for node in nodes for name in node.output)]
        number = {name: i for i, name in enumerate(tensors)}
        return cls(
            tuple(tensors),
            tuple(tuple(number[name] for name in node.input if name in number) for node in nodes),
            tuple(tuple(number[name] for name in node.output) for node in nodes),
        )
