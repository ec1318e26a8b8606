# SPDX-License-Identifier: Apache-2.0
"""What stands around a deconvolution in its graph, and what that allows."""

from __future__ import annotations

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.graph import STEPS


def feeding(model: ModelWrapper, node: NodeProto) -> str | None:
    """The deconv whose channels are this one's: there is nothing between them but its thresholding."""
    read = image(model, node)
    steps = model.find_producer(read)
    before = model.find_producer(steps.input[0]) if steps and steps.op_type in STEPS else None
    return before.name if before is not None and before.op_type == "Deconv_rtl" else None


def image(model: ModelWrapper, node: NodeProto) -> str:
    """What a deconv reads, before its zeros are inserted."""
    before = model.find_producer(node.input[0])
    return str(before.input[0] if before is not None and before.op_type == "PixelPad_rtl" else node.input[0])


def awaited(model: ModelWrapper, node: NodeProto) -> float:
    """The part of its first image that the deconvs behind it wait for, or 1.0 where there is none."""
    found, behind = list[float](), list(node.output)
    while behind:
        for after in model.find_consumers(behind.pop()) or []:
            if after.op_type != "Deconv_rtl":
                behind += after.output
                continue
            rows = getCustomOp(after).geometry.rows
            found.append(rows.needed()[0] / rows.size)
    return max(found, default=1.0)


def may_be_padded(model: ModelWrapper, node: NodeProto, steps: NodeProto) -> tuple[bool, bool]:
    """Whether the channels of a deconv's input and output concern chains of deconvs only."""
    after = model.find_consumers(steps.output[0]) or []
    given = model.find_producer(image(model, node)) is None or feeding(model, node) is not None
    return given, all(consumer.op_type in ("Deconv_rtl", "PixelPad_rtl") for consumer in after)


def is_edge(model: ModelWrapper, node: NodeProto, steps: NodeProto) -> tuple[bool, bool]:
    """Whether a deconv's input and output are the accelerator's."""
    return model.find_producer(image(model, node)) is None, not model.find_consumers(steps.output[0])
