# SPDX-License-Identifier: Apache-2.0
"""Insert width converters and FIFOs where two folded layers meet."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.ops import RTL_DOMAIN

MAX_STREAM_BITS = 8191  # ap_int and AXI4-Stream tools handle no wider words


def insert_streams(model: ModelWrapper, depths: dict[str, int] | None = None) -> ModelWrapper:
    """Folded graph -> graph whose neighbouring stream widths agree, with a FIFO in front of each deconv.

    depths: FIFO name -> words; 2 where nothing is said. Names: narrow_I after deconv_I, widen_I after
    threshold_I (before deconv_I+1 or pixel_pad_I+1), fifo_I in front of deconv_I.
    Raises ValueError when a stream word is wider than MAX_STREAM_BITS.
    """
    depths = depths or {}
    nodes = list(model.graph.node)
    for node in nodes:
        op = getCustomOp(node)
        width = max(op.get_instream_width(), op.get_outstream_width())
        if width > MAX_STREAM_BITS:
            raise ValueError(
                f"{node.name}: stream word of {width} bits; at most {MAX_STREAM_BITS} are possible"
            )
    for before, after in pairwise(nodes):
        produced = int(getCustomOp(before).get_folded_output_shape()[-1])
        consumed = int(getCustomOp(after).get_folded_input_shape()[-1])
        kind, _, index = before.name.rpartition("_")
        if kind == "deconv":
            names = [f"narrow_{index}"]
        else:
            names = [f"widen_{index}" if kind == "threshold" else f"{before.name}_widen"]
        _convert(model, after, names[0], produced, consumed)
        if kind == "threshold" and after.op_type != "Channels_rtl":
            fifo = f"fifo_{int(index) + 1}"
            _insert(model, after, fifo, "Fifo_rtl", elems=consumed, depth=depths.get(fifo, 2))
    return model


def _convert(model: ModelWrapper, after: NodeProto, name: str, produced: int, consumed: int) -> None:
    if produced == consumed:
        return
    _insert(model, after, name, "WidthConvert_rtl", in_elems=produced, out_elems=consumed)


def _insert(model: ModelWrapper, after: NodeProto, name: str, op: str, **attrs: Any) -> None:
    """Put a node that changes no values in front of `after`."""
    tensor = after.input[0]
    shape, datatype = model.get_tensor_shape(tensor), model.get_tensor_datatype(tensor)
    new = f"{name}_out"
    node = helper.make_node(
        op, [tensor], [new], name=name, domain=RTL_DOMAIN, backend="fpgadataflow", shape=shape,
        inputDataType=datatype.name, outputDataType=datatype.name, **attrs,
    )  # fmt: skip
    model.graph.value_info.append(helper.make_tensor_value_info(new, TensorProto.FLOAT, shape))
    model.set_tensor_datatype(new, datatype)
    position = list(model.graph.node).index(after)
    after.input[0] = new
    model.graph.node.insert(position, node)
