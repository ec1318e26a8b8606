# SPDX-License-Identifier: Apache-2.0
"""FINN's steps that call Vivado, done without: FIFOs by our token model, stitching as text, Verilator."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.general import GiveReadableTensorNames, GiveUniqueNodeNames

from fpgan.build.finn.vendor import prepare_builder

prepare_builder()

from finn.builder import build_dataflow_steps as finn_steps  # noqa: E402  importable now
from finn.builder.build_dataflow_config import (  # noqa: E402
    AutoFIFOSizingMethod,
    DataflowBuildConfig,
    DataflowOutputType,
    VerificationStepType,
)
from finn.util.basic import make_build_dir  # noqa: E402
from finn.util.exception import FINNUserError  # noqa: E402
from finn.util.fpgadataflow import is_hls_node  # noqa: E402

from fpgan.build.dataflow.ops.base import StreamOp  # noqa: E402
from fpgan.build.dataflow.ops.thresholding import Thresholding_rtl  # noqa: E402
from fpgan.build.finn.errors import refused  # noqa: E402
from fpgan.build.finn.rtl_variants import VARIANTS  # noqa: E402
from fpgan.build.finn.simulated_periods import SimulatedPeriods  # noqa: E402
from fpgan.build.finn.stitch import Stitched, stitch  # noqa: E402
from fpgan.build.finn.synthesis import counted  # noqa: E402
from fpgan.build.finn.transformations.insert_streams import InsertStreams  # noqa: E402
from fpgan.build.folding.schedule.fifo import SMALLEST  # noqa: E402
from fpgan.build.folding.size_fifos import size_fifos  # noqa: E402
from fpgan.hw.system.files import write_json  # noqa: E402
from fpgan.hw.system.reading import read_json  # noqa: E402

_MEASURED = (3, 7)  # images of the two runs whose difference is the steady state


def step_generate_hardware(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """Converters and FIFOs between the layers, then each layer's RTL.

    Depths are the smallest with which images come as fast as the slowest layer lets them: by our token model
    where all layers are ours, else by simulations of the whole design with ever other depths. With
    verify_steps node_by_node_rtlsim each layer is simulated by Verilator.
    Raises FINNUserError for a layer that is HLS.
    """
    for node in model.graph.node:
        if is_hls_node(node):
            raise refused(
                node, "its back end is Vitis HLS, which is not found (XILINX_VIVADO); give it "
                "preferred_impl_style rtl where it has one, or take the layer out"
            )  # fmt: skip
    model = model.transform(InsertStreams(_depths(model, cfg)))
    model = model.transform(GiveUniqueNodeNames()).transform(GiveReadableTensorNames())
    model = finn_steps.step_hw_codegen(model, cfg)
    # Of step_hw_ipgen only the verification is left without HLS.
    if VerificationStepType.NODE_BY_NODE_RTLSIM in cfg._resolve_verification_steps():
        _verify_layers(copy.deepcopy(model), cfg)
    return model


def _verify_layers(model: ModelWrapper, cfg: DataflowBuildConfig) -> None:
    """As FINN's step_hw_ipgen, in this process: FINN starts workers, which import everything anew."""
    for node in model.graph.node:
        op = getCustomOp(node)
        op.prepare_rtlsim(cfg.verify_rtlsim_behavioral)
        op.set_nodeattr("exec_mode", "rtlsim")
    finn_steps.verify_step(model, cfg, "node_by_node_rtlsim", need_parent=True)


def _depths(model: ModelWrapper, cfg: DataflowBuildConfig) -> dict[str, int]:
    """Of FIFOs, by the name that InsertStreams gives them."""
    if not cfg.auto_fifo_depths:
        if cfg.fifo_config_file is None:
            raise FINNUserError("auto_fifo_depths is False and there is no fifo_config_file; give one")
        return _given_depths(Path(cfg.fifo_config_file))
    if cfg.auto_fifo_strategy == AutoFIFOSizingMethod.FORCE_MINIMAL_FIFOS:
        return {}
    if all(_scheduled(getCustomOp(node)) for node in model.graph.node):
        return size_fifos(model, insert=_streams)
    return _simulated_depths(model, cfg)


def _streams(model: ModelWrapper, depths: dict[str, int] | None = None) -> ModelWrapper:
    return model.transform(InsertStreams(depths))


def _simulated_depths(model: ModelWrapper, cfg: DataflowBuildConfig) -> dict[str, int]:
    """By Verilator, in a folder of FINN's. FINNUserError where no image comes, however deep they are."""
    folder, made = Path(make_build_dir("fifo_sizing_")), list[SimulatedPeriods]()

    def clock(trial: ModelWrapper) -> SimulatedPeriods:
        made.append(SimulatedPeriods(trial, cfg._resolve_fpga_part(), cfg.synth_clk_period_ns, folder))
        return made[0]

    depths = size_fifos(model, insert=_streams, clock=clock)
    if math.isinf(made[0].of(depths)):
        raise FINNUserError(
            f"no image comes out, with FIFOs of up to {max(depths.values())} words; {folder} holds the design"
        )
    return depths


def _given_depths(path: Path) -> dict[str, int]:
    """Of a fifo_config_file, {name: {"depth": words}}. FINNUserError where it is damaged or none."""
    try:
        given = read_json(path, "give FINN's final_hw_config.json")
    except ValueError as error:
        raise FINNUserError(str(error)) from None
    entries = {name: entry for name, entry in given.items() if isinstance(entry, dict)}
    depths = {name: entry["depth"] for name, entry in entries.items() if "depth" in entry}
    for name, depth in depths.items():
        if not isinstance(depth, int) or depth < SMALLEST:
            raise FINNUserError(f"{path}: {name} has depth {depth!r}; give {SMALLEST} words or more")
    return depths


def _scheduled(op: Any) -> bool:
    """Whether our token model knows when a layer's words move."""
    return isinstance(op, (StreamOp, Thresholding_rtl)) and not isinstance(op, VARIANTS)


def step_create_stitched_ip(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """OUTPUT/stitched_ip/rtl: every layer's RTL and the top that connects them, finn_design_wrapper.

    The model says where they are, as FINN's own does behind Vivado, so that FINN's verification finds them:
    with verify_steps stitched_ip_rtlsim the whole design is simulated by Verilator.
    """
    if DataflowOutputType.STITCHED_IP not in cfg.generate_outputs:
        return model
    folder = Path(cfg.output_dir).resolve() / "stitched_ip"
    stitched = stitch(copy.deepcopy(model), cfg._resolve_fpga_part(), cfg.synth_clk_period_ns, folder)
    stitched.note(model)
    if VerificationStepType.STITCHED_IP_RTLSIM in cfg._resolve_verification_steps():
        verified = copy.deepcopy(model)
        verified.set_metadata_prop("exec_mode", "rtlsim")
        finn_steps.verify_step(verified, cfg, "stitched_ip_rtlsim", need_parent=True)
    return model


def step_measure_rtlsim_performance(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """Cycles per image in the steady state, in report/rtlsim_performance.json, of the stitched design.

    {"samples", "intervals": [cycles], "latency_cycles" (of the first image), "throughput_fps"}.
    """
    if DataflowOutputType.RTLSIM_PERFORMANCE not in cfg.generate_outputs:
        return model
    stitched = Stitched.noted(model)
    rng = np.random.default_rng(0)
    few, many = (stitched.cycles(rng, images) for images in _MEASURED)
    interval = (many - few) / (_MEASURED[1] - _MEASURED[0])
    result = {
        "samples": sum(_MEASURED), "intervals": [interval], "latency_cycles": stitched.cycles(rng, 1),
        "throughput_fps": 1e9 / cfg.synth_clk_period_ns / interval,
    }  # fmt: skip
    write_json(cfg.get_report_directory() / "rtlsim_performance.json", [result])
    return model


def step_out_of_context_synthesis(model: ModelWrapper, cfg: DataflowBuildConfig) -> ModelWrapper:
    """What each layer of the stitched design takes by Yosys, in report/ooc_synth.json.

    {"LUT", "FF", "CARRY", "DSP", "BRAM18", "URAM", "LUTRAM", "SRL", "layers": [the same with name and op]}.
    """
    if DataflowOutputType.OOC_SYNTH in cfg.generate_outputs:
        found = counted(Stitched.noted(model).folder, cfg._resolve_fpga_part())
        write_json(cfg.get_report_directory() / "ooc_synth.json", found)
    return model
