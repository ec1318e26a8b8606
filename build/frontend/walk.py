# SPDX-License-Identifier: Apache-2.0
"""The nodes of a graph that make its output of its input, each after those whose tensors it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from onnx import NodeProto

from fpgan.build.frontend.errors import UnsupportedError
from fpgan.hw.system.text import brief


class Walk:
    """From the tensor `source` to an output; `images`: tensors made of the source."""

    def __init__(self, source: str, consumers: Mapping[str, Sequence[NodeProto]]) -> None:
        self.producers: dict[str, NodeProto] = {}
        self.images = {source}
        self.readers: Counter[str] = Counter()  # of each image, nodes on the way to the output
        waiting = [source]
        while waiting:
            for node in consumers.get(waiting.pop(), ()):
                for name in node.output:
                    if name and name not in self.images:
                        self.images.add(name)
                        self.producers[name] = node
                        waiting.append(name)

    def order(self, end: str) -> list[NodeProto]:
        """Where no way leads to `end`, all that is made of the input. UnsupportedError on a loop."""
        ordered: list[NodeProto] = []
        state: dict[int, bool] = {}  # of nodes by id: whether all before them are in order
        ends = [end] if end in self.images else list(self.producers)
        stack = [(name, False) for name in reversed(ends)]
        while stack:
            name, complete = stack.pop()
            node = self.producers.get(name)
            if node is None:
                continue
            if complete:
                state[id(node)] = True
                ordered.append(node)
            elif id(node) not in state:
                state[id(node)] = False
                stack.append((name, True))
                inputs = [i for i in node.input if i in self.images]
                self.readers.update(inputs)
                stack.extend((i, False) for i in reversed(inputs))
            elif not state[id(node)]:
                raise UnsupportedError(f"tensor {brief(name)} is part of a loop")
        return ordered
