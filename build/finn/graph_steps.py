# SPDX-License-Identifier: Apache-2.0
"""FINN's steps on graphs, with ours before, behind and between its transformations.

Each has the name of the step whose place it takes, so that start_step, stop_step and injected steps find it.
"""

from __future__ import annotations

from typing import Any

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
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
from fpgan.build.finn.transformations.add_second_axis import AddSecondAxis  # noqa: E402
from fpgan.build.finn.transformations.exact_thresholds import ExactThresholds  # noqa: E402
from fpgan.build.finn.transformations.infer_deconv import InferDeconv  # noqa: E402
from fpgan.build.finn.transformations.infer_literal_deconv import InferLiteralDeconv  # noqa: E402
from fpgan.build.finn.transformations.lower_depth_to_space import LowerDepthToSpace  # noqa: E402
from fpgan.build.finn.transformations.merge_depth_to_space import MergeDepthToSpace  # noqa: E402
from fpgan.build.finn.transformations.merge_upsampling import MergeUpsampling  # noqa: E402
from fpgan.build.finn.transformations.set_folding import SetFolding  # noqa: E402
from fpgan.build.finn.transformations.specialize_add import SpecializeAdd  # noqa: E402

_CONCERNED = ("ConvTranspose", "Resize", "Upsample", "DepthToSpace")
_OURS = ("ConvTranspose", "Deconv", "FMPadding_Pixel")  # of the graphs that are ours to convert
_SCALES = ("Mul", "Add", "Div", "Sub")
_FOLDED = (
    "PE", "SIMD", "EmbFold", "SeqFold", "parallel_window", "ram_style", "depth", "impl_style", "resType",
    "mem_mode", "taps", "core", "weight_memory",
    "side_pe", "side_core", "side_memory",
)  # fmt: skip


def step_qonnx_to_finn(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, behind ExactThresholds: of what that takes up, nothing is left that FINN would approximate.

    Images of one spatial axis get a second one, of one pixel, at the graph's ends too. A graph with no
    transposed convolution, and none to be made of an upsampling, is FINN's alone.
    """
    if any(model.get_nodes_by_op_type(kind) for kind in _CONCERNED):
        model = cleanup_model(model).transform(AddSecondAxis()).transform(ExactThresholds())
    return finn_steps.step_qonnx_to_finn(model, cfg)


def step_streamline(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, behind what makes transposed convolutions of upsamplings and sub-pixels.

    FINN moves no scale past a ConvTranspose: where one is at it, FINN's passes run with ours until scales
    stand still. A graph with no transposed convolution is FINN's alone.
    """
    model = _with_transposed(model)
    passes = (
        reorder.MoveScalarMulPastConvTranspose(), Streamline(), AbsorbSignIntoConvTranspose(),
        InferDataTypes(), GiveUniqueNodeNames(), GiveReadableTensorNames(),
    )  # fmt: skip
    before = ""
    while _scaled(model) and (now := " ".join(node.op_type for node in model.graph.node)) != before:
        before = now
        for each in passes:
            model = model.transform(each)
    return finn_steps.step_streamline(model, cfg)


def step_streamline_literally(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """The same with InferLiteralDeconv in its place: FINN's own lowering where it can, else our layer."""
    return finn_steps.step_streamline(_with_transposed(model).transform(InferLiteralDeconv()), cfg)


def _with_transposed(model: ModelWrapper) -> ModelWrapper:
    """Upsamplings and sub-pixels become transposed convolutions."""
    for merge in (MergeUpsampling(), MergeDepthToSpace(), InferDataTypes(), LowerDepthToSpace()):
        model = model.transform(merge)
    return model


def _scaled(model: ModelWrapper) -> bool:
    """Whether a constant is multiplied in front of a transposed convolution or behind it, or added."""
    for node in model.get_nodes_by_op_type("ConvTranspose"):
        around = [model.find_producer(node.input[0]), *model.find_consumers(node.output[0])]
        if any(each is not None and each.op_type in _SCALES for each in around):
            return True
    return False


def step_convert_to_hw(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, behind InferDeconv, between the ends that stay on the host. Raises FINNUserError."""
    if not any(model.get_nodes_by_op_type(kind) for kind in _OURS):
        return finn_steps.step_convert_to_hw(model, cfg)
    model = _channels_last(model.transform(InferDeconv()))
    ends = HostEnds.cut(model)
    model = finn_steps.step_convert_to_hw(model, cfg)
    ends.join(model)
    for each in (GiveUniqueNodeNames(), InferShapes(), InferDataTypes()):
        model = model.transform(each)
    return model


def _channels_last(model: ModelWrapper) -> ModelWrapper:
    """The same without the Transposes between layers, past forks, joins, thresholds and pools."""
    passes: tuple[Any, ...] = (
        InferDataLayouts(), reorder.MoveTransposePastFork(), absorb.AbsorbTransposeIntoMultiThreshold(),
        reorder.MakeMaxPoolNHWC(), absorb.AbsorbConsecutiveTransposes(), reorder.MoveTransposePastJoinAdd(),
        reorder.MoveTransposePastJoinConcat(), InferShapes(), InferDataLayouts(), InferDataTypes(),
    )  # fmt: skip
    before = ""
    while (now := " ".join(node.op_type for node in model.graph.node)) != before:
        before = now
        for each in passes:
            model = model.transform(each)
    return model


def step_specialize_layers(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, behind SpecializeAdd, and with the maximum of a pool in RTL, its averages as FINN has them."""
    for node in model.get_nodes_by_op_type("Pool"):
        op = getCustomOp(node)
        if op.get_nodeattr("Function") != "MaxPool":
            op.set_nodeattr("preferred_impl_style", "hls")
    return finn_steps.step_specialize_layers(model.transform(SpecializeAdd()), cfg)


def step_target_fps_parallelization(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """FINN's, with our SetFolding: auto_folding_config.json holds our attributes too."""
    target = cfg._resolve_cycles_per_frame()
    if target is None:
        return model
    folding = SetFolding(target, cfg.mvau_wwidth_max, cfg.folding_two_pass_relaxation)
    model = model.transform(folding).transform(GiveUniqueNodeNames())
    extract_model_config_to_json(model, cfg.get_report_directory() / "auto_folding_config.json", _FOLDED)
    return model
