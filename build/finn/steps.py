# SPDX-License-Identifier: Apache-2.0
"""Our step in FINN's builder. FINN imports this module in every run, whichever step it starts from.

Therefore importing it makes our ops known, to this process and to the workers that FINN starts.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.ops import register
from fpgan.build.finn.flow import SECOND_CLOCK

if TYPE_CHECKING:
    from finn.builder.build_dataflow_config import DataflowBuildConfig


def step_fpgan_golden(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN executes the graph on the golden vectors; how that went is in OUTPUT/verification_output.

    Comes after step_create_dataflow_partition. Raises ValueError for layers that FINN cannot stitch.
    """
    if any(node.op_type == "Deconv_rtl" and getCustomOp(node).pumped() for node in model.graph.node):
        raise ValueError(SECOND_CLOCK)
    # not at the top: this module must be importable where FINN's steps are not
    from finn.builder.build_dataflow_steps import verify_step

    verify_step(model, cfg, "fpgan_golden", need_parent=True)
    return model


def _prepare() -> None:
    register()
    if multiprocessing.get_start_method() == "spawn":  # FINN's choice: workers would know its own ops alone
        from finn.util.multiprocessing import configure_start_method

        configure_start_method("forkserver")
        multiprocessing.set_forkserver_preload([__name__])


_prepare()
