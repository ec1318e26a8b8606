# SPDX-License-Identifier: Apache-2.0
"""Several columns of the last image side by side in a word: an output pixel per cycle is no bound then.

Neighbouring output columns become channels of one pixel: a stream carries the same elements in the same
order, only in wider words. Of a kernel's taps each column has some: with stride 2 no two columns of a pair
share a weight.
"""

from __future__ import annotations

import copy
import json

import numpy as np
from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.integer_graph import REACH
from fpgan.build.dataflow.ops import RTL_DOMAIN
from fpgan.sim.golden import IntArray

Taps = tuple[tuple[int | None, ...], ...]  # of each column, the kernel index at each tap


def side_by_side(model: ModelWrapper, columns: int) -> ModelWrapper | None:
    """A lowered graph with `columns` output columns in each word of its last layer's, and of its output's.

    That layer is a deconvolution over its own input, without groups, and what makes integers of its sums.
    None where the graph ends otherwise, where `columns` does not divide its width, or where nothing is gained
    because its input has more pixels than its output has words.
    """
    made = copy.deepcopy(model)
    found = _last(made)
    if found is None:
        return None
    deconv, behind = found
    op = getCustomOp(deconv)
    cols, rows = op.geometry.cols, op.geometry.rows
    if cols.out % columns or cols.dilation > 1 or op.groups > 1:
        return None
    if rows.size * cols.size > rows.out * cols.out // columns:
        return None
    widen(made, deconv, columns)
    for node in behind:
        _steps(made, node, columns)
    _output(made, behind[-1], columns)
    return made


def placed(weights: IntArray, taps: Taps) -> IntArray:
    """(CI,CO,KH,KW) -> (CI,columns*CO,KH,taps): each column's at the taps that it has, 0 elsewhere."""
    padded = np.pad(weights, ((0, 0), (0, 0), (0, 0), (0, 1)))  # index -1 is a weight of 0
    return np.concatenate([padded[..., [-1 if k is None else k for k in own]] for own in taps], axis=1)


def _last(model: ModelWrapper) -> tuple[NodeProto, list[NodeProto]] | None:
    """The last deconv and what is behind it, where only steps and a table are."""
    behind: list[NodeProto] = []
    for node in reversed(model.graph.node):
        if node.op_type == "Deconv_rtl":
            before = model.find_producer(node.input[0])
            padded = before is not None and before.op_type == "PixelPad_rtl"
            return None if padded or not behind else (node, behind)
        if node.op_type not in ("Thresholding_rtl", "Lookup_rtl"):
            return None
        behind.insert(0, node)
    return None


def widen(model: ModelWrapper, node: NodeProto, columns: int) -> None:
    """A Deconv_rtl with `columns` output columns as channels of a pixel, in place."""
    op = getCustomOp(node)
    axis, taps = op.geometry.cols.side_by_side(columns)
    for name in ("size", "kernel", "stride", "pad", "step", "dilation", "out"):
        op.set_nodeattr(name, [int(op.get_nodeattr(name)[0]), getattr(axis, name)])
    weights = model.get_initializer(node.input[1])
    kind = model.get_tensor_datatype(node.input[1])
    model.set_initializer(node.input[1], placed(weights, taps))
    model.set_tensor_datatype(node.input[1], kind)
    op.set_nodeattr("CO", len(taps) * weights.shape[1])
    has = [[m for m, k in enumerate(own) if k is not None] or [0] for own in taps]
    op.set_nodeattr("column_taps", [n for own in has for n in (own[0], own[-1] - own[0] + 1)])
    model.set_tensor_shape(node.output[0], op.get_normal_output_shape())


def _steps(model: ModelWrapper, node: NodeProto, columns: int) -> None:
    """The constants of each channel again for each column."""
    op = getCustomOp(node)
    op.set_nodeattr("NumChannels", columns * op.get_nodeattr("NumChannels"))
    for size in ("numInputVectors", "size"):
        if size in op.get_nodeattr_types():
            vectors = [int(n) for n in op.get_nodeattr(size)]
            op.set_nodeattr(size, [*vectors[:-1], vectors[-1] // columns])
    constants = model.get_initializer(node.input[1])
    if node.op_type == "Thresholding_rtl" or len(constants) > 1:
        kind = model.get_tensor_datatype(node.input[1])
        model.set_initializer(node.input[1], np.tile(constants, (columns, 1)))
        model.set_tensor_datatype(node.input[1], kind)
    if node.op_type == "Lookup_rtl" and len(constants) > 1:
        op.set_nodeattr("rows", columns * len(constants))
    reach = json.loads(model.get_metadata_prop(REACH) or "{}")
    if node.name in reach:
        reach[node.name] = [ends * columns for ends in reach[node.name]]
        model.set_metadata_prop(REACH, json.dumps(reach))
    if node.output[0] != model.graph.output[0].name:
        model.set_tensor_shape(node.output[0], op.get_normal_output_shape())


def _output(model: ModelWrapper, node: NodeProto, columns: int) -> None:
    """The graph's output keeps its shape: a node that takes the words as they come says so."""
    image = node.output[0]
    n, h, w, c = model.get_tensor_shape(image)
    wide, kind = [n, h, w // columns, columns * c], model.get_tensor_datatype(image)
    tensor, index = f"{image}_wide", node.name.rpartition("_")[2]
    node.output[0] = tensor
    model.graph.value_info.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, wide))
    model.set_tensor_datatype(tensor, kind)
    model.graph.node.append(
        helper.make_node(
            "WidthConvert_rtl", [tensor], [image], name=f"columns_{index}", domain=RTL_DOMAIN,
            backend="fpgadataflow", shape=wide, out_shape=[n, h, w, c],
            inputDataType=kind.name, outputDataType=kind.name,
        )
    )  # fmt: skip
