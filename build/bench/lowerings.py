# SPDX-License-Identifier: Apache-2.0
"""A transposed convolution by our layer, and by FINN's own lowering, through FINN's builder, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fpgan.build.finn.step_list import Lowering, build_steps
from fpgan.build.finn.vendor import prepare_builder
from fpgan.hw.system.files import make_folder
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.tools import ToolError
from fpgan.model.config import PRESETS, TrainConfig
from fpgan.model.export import export
from fpgan.model.train import train

# Rows of outputs: 4 x 4 from one pixel, by our layer in both, then 8 x 8 by the layer that is compared.
_SMALL = replace(PRESETS["mnist32"].generator, latent=8, channels=(16,), image_channels=8)
DEFAULT = replace(PRESETS["mnist32"], generator=_SMALL)
_CYCLES = 512  # an image, of our layer
_IMAGES = 4
_ZEROS = 4  # products of kernel 4 and stride 2 with zeros, for each without: as many cycles at the same lanes
_PERIOD_NS = 5.0
_RESOURCES = ("LUT", "FF", "DSP", "BRAM18")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Network:
    file: Path
    given: Path
    wanted: Path


def lowerings(
    out: str | Path = "out",
    config: TrainConfig = DEFAULT,
    synth: bool = True,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Build an untrained generator both ways; rows of deconv, lanes, cycles_per_image, mismatches, LUT ...

    config: a generator whose layers behind the first are of kernel 4 and stride 2. lanes: products at once,
    in all layers together; FINN's lowering gets as many cycles more as it has products of zeros. mismatches:
    values of the stitched design in Verilator that are not PyTorch's. synth: count resources by Yosys.
    OUT/lowerings/NAME holds what FINN writes. Raises ToolError.
    """
    out, say = Path(out) / "lowerings", progress or (lambda _: None)
    network = _network(out, config)
    rows = []
    asked: dict[Lowering, int] = {"fpgan": _CYCLES, "finn": _ZEROS * _CYCLES}
    for name, cycles in asked.items():
        say(name)
        rows.append({"deconv": name} | _measured(network, out / name, name, cycles, synth))
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([f"{row[c]}" for c in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _network(out: Path, config: TrainConfig) -> _Network:
    make_folder(out)
    train(config, out / "run", steps=0)
    file = export(out / "run", out / "network.onnx", vectors=_IMAGES)
    network = _Network(file, out / "given.npy", out / "wanted.npy")
    golden = np.load(file.with_suffix(".golden.npz"))
    for path, name in ((network.given, "latent"), (network.wanted, "image")):
        np.save(path, (golden[name] * golden[f"{name}_scale"]).astype(np.float32))
    return network


def _measured(network: _Network, out: Path, name: Lowering, cycles: int, synth: bool) -> dict[str, Any]:
    prepare_builder()
    from finn.builder.build_dataflow import build_dataflow_cfg
    from finn.builder.build_dataflow_config import (
        DataflowBuildConfig,
        DataflowOutputType,
        VerificationStepType,
    )

    wanted = [DataflowOutputType.STITCHED_IP, DataflowOutputType.RTLSIM_PERFORMANCE]
    cfg = DataflowBuildConfig(
        output_dir=str(out), synth_clk_period_ns=_PERIOD_NS, board="Ultra96", standalone_thresholds=True,
        target_fps=int(1e9 / _PERIOD_NS / cycles), steps=build_steps(name),
        generate_outputs=[*wanted, *([DataflowOutputType.OOC_SYNTH] if synth else [])],
        verify_steps=[VerificationStepType.STITCHED_IP_RTLSIM], verify_input_npy=str(network.given),
        verify_expected_output_npy=str(network.wanted), verification_atol=0.0, verification_rtol=0.0,
        verification_mean_atol=0.0, verification_mean_rtol=0.0,
    )  # fmt: skip
    if build_dataflow_cfg(network.file, cfg):
        log = out / "build_dataflow.log"
        raise ToolError(f"FINN's build of deconv={name} failed (log: {log})", log=log)
    made = np.concatenate([
        np.load(next((out / "verification_output").glob(f"verify_stitched_ip_rtlsim_{i}_*.npy")))
        for i in range(_IMAGES)
    ])  # fmt: skip
    (speed,) = json.loads((out / "report" / "rtlsim_performance.json").read_text(encoding="utf-8"))
    row = {
        "lanes": _lanes(out), "cycles_per_image": speed["intervals"][0],
        "mismatches": int((made.reshape(_IMAGES, -1) != np.load(network.wanted).reshape(_IMAGES, -1)).sum()),
    }  # fmt: skip
    counted = read_json(out / "report" / "ooc_synth.json") if synth else {}
    return row | {column: counted[column] for column in _RESOURCES if counted}


def _lanes(out: Path) -> int:
    """Products at once."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.custom_op.registry import getCustomOp

    model = ModelWrapper(str(out / "intermediate_models" / "step_minimize_bit_width.onnx"))
    total = 0
    for node in model.graph.node:
        op = getCustomOp(node)
        if node.op_type == "MVAU_rtl":
            total += op.get_nodeattr("PE") * op.get_nodeattr("SIMD")
        elif node.op_type == "Deconv_rtl":
            taps = op.get_nodeattr("taps")
            total += op.get_nodeattr("PE") * op.get_nodeattr("SIMD") * taps[0] * taps[1] // op.at_once
    return int(total)
