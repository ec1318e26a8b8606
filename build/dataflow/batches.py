# SPDX-License-Identifier: Apache-2.0
"""Layers whose weights are streamed work on batches: the buffers in front of them and behind."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp


@dataclass(frozen=True)
class Inserted:
    """A node between two layers: op, its name, its attributes."""

    op: str
    name: str
    attributes: dict[str, Any]


def streamed(node: NodeProto | None) -> bool:
    """Whether it is a deconv whose weights are streamed."""
    return node is not None and node.op_type == "Deconv_rtl" and bool(getCustomOp(node).streamed)


def tiles_of(node: NodeProto | None) -> int:
    """Of the channels that leave thresholds, where they come in tiles; else 1."""
    return int(getCustomOp(node).tiles) if node is not None and node.op_type == "Thresholding_rtl" else 1


def batch_of(model: ModelWrapper) -> int:
    """Images that come and go together: those of the layers whose weights are streamed, else 1."""
    batches = [getCustomOp(n).batch for n in model.get_nodes_by_op_type("Deconv_rtl") if streamed(n)]
    return max([1, *batches])


def between(
    before: NodeProto | None, after: NodeProto, shape: list[int], words: tuple[int, int]
) -> Iterator[Inserted]:
    """What makes of a batch's tiles whole images, and of these as many as the next layer has tiles.

    before: None for the graph's input. shape: (1,H,W,C) of the image between them. words: elements that
    `before` puts out and `after` takes at a time.
    """
    produced, consumed = words
    tiles, times = tiles_of(before), int(getCustomOp(after).tiles) if streamed(after) else 1
    batch = int(getCustomOp(after if times > 1 else before).batch)
    index = after.name.rpartition("_")[2]
    chain = _Chain(shape, produced)
    if tiles > 1 and times > 1:
        both = math.gcd(shape[-1] // tiles, consumed)
        if times * math.prod(shape) // both <= getCustomOp(after).get_exp_cycles():  # the buffer keeps up
            yield from chain.to(both, f"tile_{index}")
            yield chain.buffer(f"batch_{index}", batch, tiles, times)
            yield from chain.to(consumed, f"word_{index}")
            return
    if tiles > 1:
        assert before is not None
        yield chain.buffer(f"whole_{before.name.rpartition('_')[2]}", batch, tiles, 1)
    if times > 1:
        yield from chain.to(consumed, f"tile_{index}")
        yield chain.buffer(f"batch_{index}", batch, 1, times)


class _Chain:
    """Nodes one after the other, of words of `elems` elements."""

    def __init__(self, shape: list[int], elems: int) -> None:
        self.shape, self.elems, self.times = shape, elems, 1

    def to(self, elems: int, name: str) -> Iterator[Inserted]:
        """A converter where words are others."""
        if elems != self.elems:
            words = {"in_elems": self.elems, "out_elems": elems}
            yield Inserted("WidthConvert_rtl", name, {"shape": self.shape, **words, "times": self.times})
        self.elems = elems

    def buffer(self, name: str, batch: int, tiles: int, times: int) -> Inserted:
        self.times = times
        return Inserted("BatchBuffer_rtl", name, {"size": self.shape[1:3], "NumChannels": self.shape[3],
                        "PE": self.elems, "batch": batch, "tiles": tiles, "times": times})  # fmt: skip
