# SPDX-License-Identifier: Apache-2.0
"""Which nodes of a graph hold constants that are loaded, and what a file of weights holds of each."""

from __future__ import annotations

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.ops.loaded import Section
from fpgan.build.dataflow.styles import Storage

_LOADABLE = ("Deconv_rtl", "Thresholding_rtl")


def loaded_nodes(model: ModelWrapper) -> list[NodeProto]:
    """In the order of the graph, which is that of the loading chain."""
    return [n for n in model.graph.node if n.op_type in _LOADABLE and getCustomOp(n).loaded]


def load_all(model: ModelWrapper) -> None:
    """Let all weights and thresholds be loaded, in place."""
    for node in model.graph.node:
        if node.op_type in _LOADABLE:
            getCustomOp(node).set_nodeattr("weight_storage", "loaded")


def most_sections(model: ModelWrapper, storage: Storage) -> int:
    """How many memories may be loaded."""
    kinds = {"rom": (), "streamed": (), "auto": ("Deconv_rtl",), "loaded": _LOADABLE}[storage]
    return sum(node.op_type in kinds for node in model.graph.node)


def sections(model: ModelWrapper) -> list[Section]:
    """What a file of weights loads into each memory, in the chain's order."""
    return [getCustomOp(node).section(model) for node in loaded_nodes(model)]
