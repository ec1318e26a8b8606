# SPDX-License-Identifier: Apache-2.0
"""Insert width converters and FIFOs where two folded layers meet."""

from __future__ import annotations

import math
from typing import Any

from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.batches import between, streamed, tiles_of
from fpgan.build.dataflow.graph import JOINS, STEPS
from fpgan.build.dataflow.ops import RTL_DOMAIN

MAX_STREAM_BITS = 8191  # ap_int and AXI4-Stream tools handle no wider words
# What image I+1 comes from.
_IMAGES = (*STEPS, "Lookup_rtl", "Concat_rtl", "PixelSelect_rtl", "WidthConvert_rtl")
_BUFFERED = ("Deconv_rtl", "PixelPad_rtl", "PixelSelect_rtl")  # what a FIFO stands in front of


def insert_streams(model: ModelWrapper, depths: dict[str, int] | None = None) -> ModelWrapper:
    """Folded graph -> graph whose neighbouring stream widths agree, a FIFO in front of deconvs and joins.

    depths: FIFO name -> words; 2 where nothing is said. Names: narrow_I after deconv_I or add_I, widen_I
    after threshold_I, lookup_I, concat_I or pixel_select_I, widen_I_K after output K of fork_I; fifo_I in
    front of deconv_I (before pixel_pad_I where there is one) or pixel_select_I, fifo_I_K in front of input K
    of add_I or concat_I; batch_I in front of deconv_I whose weights are streamed, whole_I behind its
    thresholds where no such follows. Raises ValueError when a stream word is wider than MAX_STREAM_BITS.
    """
    depths = depths or {}
    nodes = list(model.graph.node)
    producers = {name: node for node in nodes for name in node.output}
    for node in nodes:
        check_width(node)
        if node.op_type == "WidthConvert_rtl":
            _fit(model, node)
    for after in nodes:
        for k, tensor in enumerate(after.input):
            before = producers.get(tensor)
            if k == 0 and streamed(after):
                _buffered(model, before, after, k)
            elif before is not None:
                _connect(model, before, after, k, depths)
    return model


def check_width(node: NodeProto) -> None:
    """ValueError where a stream word of the node is wider than MAX_STREAM_BITS."""
    op = getCustomOp(node)
    names = op.get_verilog_top_module_intf_names()
    widths = [op.get_instream_width(k) for k in range(len(names["s_axis"]))]
    width = max(*widths, *(op.get_outstream_width(k) for k in range(len(names["m_axis"]))))
    if width > MAX_STREAM_BITS:
        raise ValueError(f"{node.name}: stream word of {width} bits; at most {MAX_STREAM_BITS} are possible")


def _fit(model: ModelWrapper, node: NodeProto) -> None:
    """A regrouping node takes words as they come and gives them as they are wanted."""
    op, before = getCustomOp(node), model.find_producer(node.input[0])
    taken = int(getCustomOp(before).get_folded_output_shape()[-1])
    shape, made = op.get_normal_input_shape(), op.get_normal_output_shape()
    # Columns side by side leave as they are; of a flat pixel those words leave that pixels are made of.
    given = taken if shape[1] == made[1] > 1 else math.gcd(taken, made[-1])
    after = model.find_consumers(node.output[0])
    if after:
        given = int(
            getCustomOp(after[0]).get_folded_input_shape(list(after[0].input).index(node.output[0]))[-1]
        )
    op.set_nodeattr("in_elems", taken)
    op.set_nodeattr("out_elems", given)


def _connect(
    model: ModelWrapper, before: NodeProto, after: NodeProto, k: int, depths: dict[str, int]
) -> None:
    """What goes between a node and the input k of another."""
    branch = list(before.output).index(after.input[k])
    produced = int(getCustomOp(before).get_folded_output_shape(branch)[-1])
    if tiles_of(before) > 1:
        _buffered(model, before, after, k)
    consumed = int(getCustomOp(after).get_folded_input_shape(k)[-1])
    if produced != consumed:
        name = _converter(before, branch)
        _insert(model, after, k, name, "WidthConvert_rtl", in_elems=produced, out_elems=consumed)
    fifo = _fifo(before, after, k)
    if fifo:
        _insert(model, after, k, fifo, "Fifo_rtl", elems=consumed, depth=depths.get(fifo, 2))


def _buffered(model: ModelWrapper, before: NodeProto | None, after: NodeProto, k: int) -> None:
    """The buffers of batches between a node, or the graph's input, and the input k of another."""
    tensor, consumed = after.input[k], int(getCustomOp(after).get_folded_input_shape(k)[-1])
    branch = list(before.output).index(tensor) if before is not None else 0
    produced = (
        int(getCustomOp(before).get_folded_output_shape(branch)[-1]) if before is not None else consumed
    )
    for new in between(before, after, model.get_tensor_shape(tensor), (produced, consumed)):
        _insert(model, after, k, new.name, new.op, **new.attributes)


def _converter(before: NodeProto, branch: int) -> str:
    index = before.name.rpartition("_")[2]
    if before.op_type in ("Deconv_rtl", "Add_rtl"):
        return f"narrow_{index}"
    if before.op_type == "Fork_rtl":
        return f"widen_{index}_{branch}"
    return f"widen_{index}" if before.op_type in _IMAGES else f"{before.name}_widen"


def _fifo(before: NodeProto, after: NodeProto, k: int) -> str:
    """Name of the FIFO in front of an input; empty where there is none."""
    index = after.name.rpartition("_")[2]
    if after.op_type in JOINS:
        return f"fifo_{index}_{k}"
    image = before.op_type in (*_IMAGES, "Fork_rtl")
    return f"fifo_{index}" if image and after.op_type in _BUFFERED else ""


def _insert(model: ModelWrapper, after: NodeProto, k: int, name: str, op: str, **attrs: Any) -> None:
    """Put a node that changes no values in front of input k of `after`."""
    tensor = after.input[k]
    shape, datatype = model.get_tensor_shape(tensor), model.get_tensor_datatype(tensor)
    new = f"{name}_out"
    if op != "BatchBuffer_rtl":
        attrs = {"shape": shape, **attrs}
    node = helper.make_node(
        op, [tensor], [new], name=name, domain=RTL_DOMAIN, backend="fpgadataflow",
        inputDataType=datatype.name, outputDataType=datatype.name, **attrs,
    )  # fmt: skip
    model.graph.value_info.append(helper.make_tensor_value_info(new, TensorProto.FLOAT, shape))
    model.set_tensor_datatype(new, datatype)
    position = list(model.graph.node).index(after)
    after.input[k] = new
    model.graph.node.insert(position, node)
