# SPDX-License-Identifier: Apache-2.0
"""FPGAN as a plugin of FINN: transposed convolutions through FINN's own builder.

    import fpgan.finn
    from finn.builder.build_dataflow import build_dataflow_cfg
    from finn.builder.build_dataflow_config import DataflowBuildConfig

    cfg = DataflowBuildConfig(steps=fpgan.finn.build_steps(), standalone_thresholds=True, ...)
    build_dataflow_cfg("generator.onnx", cfg)

    python -m fpgan.finn build generator.yaml generator.onnx    # FINN's own command line, the same

Importing it makes FINN know our layers and our steps, in its worker processes too, and FINN's builder
importable where there is no Vivado. What stands for what: build/finn/README.md.
"""

from __future__ import annotations

from fpgan.build.finn.command_line import main
from fpgan.build.finn.graph_steps import (
    step_convert_to_hw,
    step_qonnx_to_finn,
    step_specialize_layers,
    step_streamline,
    step_streamline_literally,
    step_target_fps_parallelization,
)
from fpgan.build.finn.hardware_steps import (
    step_create_stitched_ip,
    step_generate_hardware,
    step_measure_rtlsim_performance,
    step_out_of_context_synthesis,
)
from fpgan.build.finn.step_list import build_steps
from fpgan.build.finn.transformations.absorb_sign import AbsorbSignIntoConvTranspose
from fpgan.build.finn.transformations.add_second_axis import AddSecondAxis
from fpgan.build.finn.transformations.exact_thresholds import ExactThresholds
from fpgan.build.finn.transformations.infer_deconv import InferDeconv
from fpgan.build.finn.transformations.infer_literal_deconv import InferLiteralDeconv
from fpgan.build.finn.transformations.insert_streams import InsertStreams
from fpgan.build.finn.transformations.lower_depth_to_space import LowerDepthToSpace
from fpgan.build.finn.transformations.merge_depth_to_space import MergeDepthToSpace
from fpgan.build.finn.transformations.merge_upsampling import MergeUpsampling
from fpgan.build.finn.transformations.move_mul_past_pixel_padding import MoveScalarMulPastPixelPadding
from fpgan.build.finn.transformations.set_folding import SetFolding
from fpgan.build.finn.transformations.specialize_add import SpecializeAdd

__all__ = [
    "AbsorbSignIntoConvTranspose", "AddSecondAxis", "ExactThresholds", "InferDeconv", "InferLiteralDeconv",
    "InsertStreams", "LowerDepthToSpace", "MergeDepthToSpace", "MergeUpsampling",
    "MoveScalarMulPastPixelPadding", "SetFolding", "SpecializeAdd", "build_steps", "main",
    "step_convert_to_hw", "step_create_stitched_ip", "step_generate_hardware",
    "step_measure_rtlsim_performance", "step_out_of_context_synthesis", "step_qonnx_to_finn",
    "step_specialize_layers", "step_streamline", "step_streamline_literally",
    "step_target_fps_parallelization",
]  # fmt: skip

if __name__ == "__main__":
    main()
