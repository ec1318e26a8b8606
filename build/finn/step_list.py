# SPDX-License-Identifier: Apache-2.0
"""FINN's default steps with ours in the places that need them."""

from __future__ import annotations

from fpgan.build.finn.lowering_names import Lowering
from fpgan.build.finn.vendor import prepare, vendor_tools

PUBLIC = "fpgan.finn"  # where FINN finds our steps by name

# Ours always: what FINN's own do, and a transposed convolution besides.
GRAPH = (
    "step_qonnx_to_finn", "step_streamline", "step_convert_to_hw", "step_specialize_layers",
    "step_target_fps_parallelization",
)  # fmt: skip
LITERAL = "step_streamline_literally"
# Ours where there are no vendor tools, for these call them.
WITHOUT_TOOLS = (
    "step_generate_hardware", "step_create_stitched_ip", "step_measure_rtlsim_performance",
    "step_out_of_context_synthesis",
)  # fmt: skip


def build_steps(deconv: Lowering = "fpgan") -> list[str]:
    """FINN's default steps by name, ours (fpgan.finn.NAME) in the place of those that they take over.

    Where XILINX_VIVADO names no folder, also in the place of those that call vendor tools; steps that only
    run for outputs which need these tools (bitstreams) stay FINN's and say so. deconv: `finn` has FINN's own
    lowering, zeros between pixels and a convolution, in the place of ours where it can.
    """
    prepare()
    from finn.builder.build_dataflow_config import default_build_dataflow_steps

    ours = GRAPH if vendor_tools() else (*GRAPH, *WITHOUT_TOOLS)
    literal = {"step_streamline": LITERAL} if deconv == "finn" else {}
    return [
        f"{PUBLIC}.{literal.get(name, name)}" if name in ours else name
        for name in default_build_dataflow_steps
    ]
