# SPDX-License-Identifier: Apache-2.0
"""FINN's steps on graphs, with ours before, behind and between its transformations.

Each has the name of the step whose place it takes, so that start_step, stop_step and injected steps find it.
"""

from __future__ import annotations

from typing import Any

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.general import GiveReadableTensorNames, GiveUniqueNodeNames
from qonnx.transformation.infer_data_layouts import InferDataLayouts
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.cleanup import cleanup_model

from fpgan.build.finn.vendor import prepare_builder

prepare_builder()

import finn.transformation.streamline.absorb as absorb  # noqa: E402  these import FINN's builder
import finn.transformation.streamline.reorder as reorder  # noqa: E402
from finn.builder import build_dataflow_steps as finn_steps  # noqa: E402
from finn.builder.build_dataflow_config import DataflowBuildConfig  # noqa: E402
from finn.transformation.streamline import Streamline  # noqa: E402
from finn.util.config import extract_model_config_to_json  # noqa: E402

from fpgan.build.finn.host_ends import HostEnds  # noqa: E402
from fpgan.build.finn.transformations.absorb_sign import AbsorbSignIntoConvTranspose  # noqa: E402
from fpgan.build.finn.transformations.exact_thresholds import ExactThresholds  # noqa: E402
from fpgan.build.finn.transformations.infer_deconv import InferDeconv  # noqa: E402
from fpgan.build.finn.transformations.merge_upsampling import MergeUpsampling  # noqa: E402
from fpgan.build.finn.transformations.set_folding import SetFolding  # noqa: E402

_CONCERNED = ("ConvTranspose", "Resize", "Upsample")
_MOST_PASSES = 8  # of FINN's streamlining: each moves a scale past a layer or two
_FOLDED = (
    "PE", "SIMD", "EmbFold", "SeqFold", "parallel_window", "ram_style", "depth", "impl_style", "resType",
    "mem_mode", "taps", "core", "weight_memory",
    "side_pe", "side_core", "side_memory",
)  # fmt: skip


def step_qonnx_to_finn(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, behind ExactThresholds: of what that takes up, nothing is left that FINN would approximate.

    A graph with no transposed convolution, and none to be made of an upsampling, is FINN's alone.
    """
    if any(model.get_nodes_by_op_type(kind) for kind in _CONCERNED):
        model = cleanup_model(model).transform(ExactThresholds())
    return finn_steps.step_qonnx_to_finn(model, cfg)


def step_streamline(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, behind MergeUpsampling, and again until scales stand still: it moves none past a ConvTranspose.

    A graph with no transposed convolution is FINN's alone.
    """
    model = model.transform(MergeUpsampling())
    if not model.get_nodes_by_op_type("ConvTranspose"):
        return finn_steps.step_streamline(model, cfg)
    before = ""
    for _ in range(_MOST_PASSES):
        passes = (
            reorder.MoveScalarMulPastConvTranspose(), Streamline(), AbsorbSignIntoConvTranspose(),
            InferDataTypes(), GiveUniqueNodeNames(),
        )  # fmt: skip
        for each in passes:
            model = model.transform(each)
        model = model.transform(GiveReadableTensorNames())
        if (now := " ".join(node.op_type for node in model.graph.node)) == before:
            break
        before = now
    return finn_steps.step_streamline(model, cfg)


def step_convert_to_hw(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, behind InferDeconv, between the ends that stay on the host. Raises FINNUserError."""
    if not model.get_nodes_by_op_type("ConvTranspose"):
        return finn_steps.step_convert_to_hw(model, cfg)
    model = model.transform(InferDeconv())
    passes: tuple[Any, ...] = (
        InferDataLayouts(), absorb.AbsorbTransposeIntoMultiThreshold(), absorb.AbsorbConsecutiveTransposes(),
        InferDataLayouts(), InferDataTypes(),
    )  # fmt: skip
    for each in passes:
        model = model.transform(each)
    ends = HostEnds.cut(model)
    model = finn_steps.step_convert_to_hw(model, cfg)
    ends.join(model)
    for each in (GiveUniqueNodeNames(), InferShapes(), InferDataTypes()):
        model = model.transform(each)
    return model


def step_target_fps_parallelization(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, with our SetFolding: auto_folding_config.json holds our attributes too."""
    target = cfg._resolve_cycles_per_frame()
    if target is None:
        return model
    folding = SetFolding(target, cfg.mvau_wwidth_max, cfg.folding_two_pass_relaxation)
    model = model.transform(folding).transform(GiveUniqueNodeNames())
    extract_model_config_to_json(model, cfg.get_report_directory() / "auto_folding_config.json", _FOLDED)
    return model
