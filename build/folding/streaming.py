# SPDX-License-Identifier: Apache-2.0
"""Which layers' weights may come from memory while they compute, and what that takes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow import memory_costs
from fpgan.build.dataflow.costs import Cost, DeconvShape

LATENCY = 64  # cycles from a reset to the first beat of a memory, as designs are timed and simulated
_FEWEST = 8  # channels of a tile, where there are two such
_WORD = 36  # bits of the words in which a batch's images are priced: those of a block RAM


@dataclass(frozen=True)
class Streaming:
    """How weights may be streamed: for batches of so many images, in beats of so many bits, over some ports.

    bandwidth: MB/s that the memory gives to all of them. clock_mhz: of the accelerator, and so of the ports.
    """

    batch: int
    beat_bits: int
    ports: int
    bandwidth: float
    clock_mhz: float

    @property
    def bytes_per_cycle(self) -> float:
        """That the memory gives to all streams."""
        return self.bandwidth / self.clock_mhz

    def tiled(self, shape: DeconvShape, tiles: int) -> DeconvShape:
        """A deconv's shape, whose words of weights are those of all tiles, with banks of one tile."""
        return DeconvShape(
            **vars(shape) | {"weight_words": shape.weight_words // tiles, "beat_bits": self.beat_bits}
        )

    def bytes_per_image(self, shape: DeconvShape, tiles: int) -> int:
        """That a deconv with such banks reads of memory."""
        width = shape.lanes * shape.weight_bits
        beats = tiles * memory_costs.tile_beats(width, shape.weight_words, self.beat_bits)
        return math.ceil(beats * self.beat_bits / 8 / self.batch)

    def cycles(self, bytes_per_image: int, ports: int = 1) -> int:
        """Per image, in which so many bytes come over so many ports, and from the memory."""
        return math.ceil(bytes_per_image / min(self.bytes_per_cycle, ports * self.beat_bits / 8))

    def rate(self, bytes_per_image: int, cycles: int) -> int:
        """MB/s, where an image takes so many cycles."""
        return math.ceil(bytes_per_image * self.clock_mhz / cycles)

    def images(self, elements: int, bits: int) -> Cost:
        """Of a buffer of batches of images of so many elements of so many bits."""
        return memory_costs.batch_buffer_cost(_WORD, math.ceil(2 * self.batch * elements * bits / _WORD))


def tiles_for(channels: int, pe: int) -> int:
    """Two tiles or more, of whole folds: of _FEWEST channels or a few more, as words for what follows."""
    folds = channels // pe
    sizes = [n for n in range(1, folds) if folds % n == 0]
    return folds // next((n for n in sizes if n * pe >= _FEWEST), sizes[-1])


def may_stream(op: Any, steps: Any, last: bool) -> bool:
    """Whether a deconv's weights can be streamed: its channels come in tiles up to its thresholds.

    last: what leaves its thresholds is the accelerator's output, of which each image goes by itself.
    """
    tiled = op.groups == 1 and op.get_nodeattr("CO") > 1
    return not last and tiled and steps.onnx_node.op_type == "Thresholding_rtl"


def worth_streaming(op: Any, out_bits: int, batch: int) -> bool:
    """Whether its weights are more bits than the images that are held so that they are read once a batch."""
    weights = math.prod(op.get_normal_input_shape(1)) * op.get_input_datatype(1).bitwidth()
    given = math.prod(op.get_normal_input_shape()) * op.get_input_datatype().bitwidth()
    taken = math.prod(op.get_normal_output_shape()) * out_bits
    return bool(weights > 2 * batch * (given + taken))


def stream(model: ModelWrapper, node: NodeProto, steps: NodeProto, tiles: int, streaming: Streaming) -> None:
    """Let a deconv's weights be streamed, and its thresholds take its channels in tiles."""
    getCustomOp(node).set_nodeattr("beat_bits", streaming.beat_bits)
    for one in (node, steps):
        getCustomOp(one).set_nodeattr("tiles", tiles)
        getCustomOp(one).set_nodeattr("batch", streaming.batch)


def share_bandwidth(model: ModelWrapper, streaming: Streaming | None) -> None:
    """Give each stream of weights its part of the memory's bandwidth: by the bytes that it takes."""
    ops = [getCustomOp(node) for node in model.get_nodes_by_op_type("Deconv_rtl")]
    ops = [op for op in ops if op.streamed]
    if not ops or streaming is None:
        return
    whole = sum(op.tiles * op.weight_beats for op in ops)
    for op in ops:
        part = streaming.bytes_per_cycle * op.tiles * op.weight_beats / whole
        op.set_nodeattr("bytes_per_cycle", min(part, streaming.beat_bits / 8))
        op.set_nodeattr("latency", LATENCY)
