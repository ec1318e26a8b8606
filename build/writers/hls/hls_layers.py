# SPDX-License-Identifier: Apache-2.0
"""The layers of a folded graph that FINN knows as HLS."""

from __future__ import annotations

import copy
from functools import cache

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.ops import DOMAIN, add_to, register

HLS_DOMAIN = f"{DOMAIN}.hls"


@cache
def register_hls() -> None:
    """Make FINN and qonnx know Deconv_hls, beside what `register` adds; idempotent."""
    register()
    from fpgan.build.writers.hls.deconv_hls import Deconv_hls  # FINN has settings now

    add_to(HLS_DOMAIN, Deconv_hls)


def hls_layers(model: ModelWrapper) -> ModelWrapper:
    """A copy with each Deconv_rtl as Deconv_hls, folded the same; it keeps no attribute of RTL alone.

    The others stay as they are: for what they do FINN has HLS layers of its own, made of finn-hlslib.
    """
    register_hls()
    made = copy.deepcopy(model)
    for node in made.get_nodes_by_op_type("Deconv_rtl"):
        _to_hls(node)
    return made


def _to_hls(node: NodeProto) -> None:
    node.op_type, node.domain = "Deconv_hls", HLS_DOMAIN
    known = getCustomOp(node).get_nodeattr_types()
    kept = [attribute for attribute in node.attribute if attribute.name in {*known, "backend"}]
    del node.attribute[:]
    node.attribute.extend(kept)
