# SPDX-License-Identifier: Apache-2.0
"""What numpy says of every layer of a build: the streams that a simulation can be compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.ops import register
from fpgan.build.dataflow.ops.base import StreamOp
from fpgan.hw.design import Design
from fpgan.hw.system.reading import DamagedError
from fpgan.sim.golden import IntArray, threshold
from fpgan.sim.layers import LayerStream, LayerTruth


def layer_truth(design: Design) -> LayerTruth:
    """Of BUILD/dataflow.onnx, node by node on integers. DamagedError where it is not the design's."""
    register()
    path = design.root / "dataflow.onnx"
    try:
        model = ModelWrapper(onnx.load(str(path), load_external_data=False))
        nodes = [_Node(model, node) for node in model.graph.node]
    except Exception as error:
        what = (str(error) or type(error).__name__).splitlines()[0]
        raise DamagedError(path, f"is damaged: {what}", "run fpgan build again") from None
    if [node.name for node in nodes] != [layer.name for layer in design.nodes]:
        raise DamagedError(path, "has other layers than design.json", "run fpgan build again")
    source = model.graph.input[0].name

    def values(latent: IntArray) -> list[IntArray]:
        images = {source: latent.transpose(1, 2, 0)[None]}
        for node in nodes:
            images |= zip(node.outputs, node.run(images), strict=True)
        return [images[name][0] for node in nodes for name in node.outputs]

    return LayerTruth(tuple(stream for node in nodes for stream in node.streams()), values)


class _Node:
    """A node of the dataflow graph with its constants."""

    def __init__(self, model: ModelWrapper, node: NodeProto) -> None:
        self.name, self.inputs, self.outputs = node.name, list(node.input), list(node.output)
        self._op: Any = getCustomOp(node)
        values = {name: model.get_initializer(name) for name in node.input}
        self._constants = {k: np.rint(v).astype(np.int64) for k, v in values.items() if v is not None}

    def run(self, images: dict[str, IntArray]) -> tuple[IntArray, ...]:
        """Images (1,H,W,C) of its outputs, from those of its inputs."""
        known = images | self._constants
        arrays = [known[name] for name in self.inputs]
        if isinstance(self._op, StreamOp):
            y = self._op.compute(*arrays)
            return y if isinstance(y, tuple) else (y,)
        x, steps = arrays
        steps = np.broadcast_to(steps, (x.shape[-1], steps.shape[1]))
        return (threshold(x, steps, self._op.get_nodeattr("ActVal")),)

    def streams(self) -> list[LayerStream]:
        kinds = [self._op.get_output_datatype(ind) for ind in range(len(self.outputs))]
        return [
            LayerStream(
                self.name, ind, int(self._op.get_folded_output_shape(ind)[-1]), kind.bitwidth(), kind.signed()
            )
            for ind, kind in enumerate(kinds)
        ]
