# SPDX-License-Identifier: Apache-2.0
"""What a folded graph takes, as estimated: FINN's own analysis of our ops' fitted costs."""

from __future__ import annotations

from typing import Any

from finn.analysis.fpgadataflow.res_estimation import res_estimation
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.costs import Cost
from fpgan.build.dataflow.loaded import loaded_nodes
from fpgan.build.dataflow.loaded_costs import loaded_threshold_cost, loader_cost


def resources(model: ModelWrapper, part: str) -> dict[str, dict[str, Any]]:
    """Estimates by node, with FINN's names (LUT, DSP, BRAM_18K, URAM).

    FINN's own but for its thresholding: what Yosys makes of it is known better (costs.py).
    """
    found: dict[str, dict[str, Any]] = res_estimation(model, part)
    for node in model.get_nodes_by_op_type("Thresholding_rtl"):
        op = getCustomOp(node)
        accumulator, output = (t.bitwidth() for t in (op.get_input_datatype(), op.get_output_datatype()))
        pe, channels = op.get_nodeattr("PE"), op.get_nodeattr("NumChannels")
        priced = loaded_threshold_cost if op.loaded else costs.threshold_cost
        cost = priced(pe, channels, accumulator, output)
        found[node.name] |= {"LUT": cost.lut, "BRAM_18K": cost.bram18, "URAM": 0}
    return found


def total(model: ModelWrapper, part: str) -> Cost:
    """Sum over all nodes, with what loads them."""
    nodes = resources(model, part).values()
    kinds = ("LUT", "DSP", "BRAM_18K", "URAM")
    lut, dsp, bram18, uram = (sum(int(node[kind]) for node in nodes) for kind in kinds)
    return Cost(lut, dsp, bram18, uram) + loader_cost(len(loaded_nodes(model)))
