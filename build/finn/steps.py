# SPDX-License-Identifier: Apache-2.0
"""Our steps in FINN's builder. FINN imports this module in every run, whichever step it starts from.

Therefore importing it makes our ops known, to this process and to the workers that FINN starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.finn.flow import SECOND_CLOCK
from fpgan.build.finn.vendor import prepare

if TYPE_CHECKING:
    from finn.builder.build_dataflow_config import DataflowBuildConfig

prepare()


def step_fpgan_golden(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN executes the graph on the golden vectors; how that went is in OUTPUT/verification_output.

    Comes after step_create_dataflow_partition. Raises ValueError for layers that FINN cannot stitch.
    """
    if any(node.op_type == "Deconv_rtl" and getCustomOp(node).pumped() for node in model.graph.node):
        raise ValueError(SECOND_CLOCK)
    # not at the top: workers import this module for our ops alone
    from finn.builder.build_dataflow_steps import verify_step

    verify_step(model, cfg, "fpgan_golden", need_parent=True)
    return model
