# SPDX-License-Identifier: Apache-2.0
"""FINN's builder as far as folded layers, which it verifies without a simulation of RTL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from finn_builder import own_folder
from finn_networks import IMAGES, Network
from qonnx.core.modelwrapper import ModelWrapper

import fpgan.finn  # before FINN's builder, which it makes importable

# isort: split
from finn.builder.build_dataflow import build_dataflow_cfg
from finn.builder.build_dataflow_config import DataflowBuildConfig

assert fpgan.finn
LAST = "step_minimize_bit_width"


def folded(network: Network, folder: Path, steps: list[str], **others: object) -> list[str]:
    """Kinds of the layers, which give PyTorch's values; others: fields of FINN's configuration."""
    for name in ("given", "wanted"):
        np.save(folder / f"{name}.npy", getattr(network, name))
    cfg = DataflowBuildConfig.from_dict({
        "output_dir": str(folder / "out"), "synth_clk_period_ns": 5.0, "board": "Ultra96",
        "target_fps": 100_000, "standalone_thresholds": True, "steps": steps, "generate_outputs": [],
        "stop_step": LAST, "verify_steps": ["folded_hls_cppsim"], "verification_atol": 0.0,
        "verify_input_npy": str(folder / "given.npy"),
        "verify_expected_output_npy": str(folder / "wanted.npy"), **others,
    })  # fmt: skip
    with own_folder(folder):
        assert build_dataflow_cfg(network.file, cfg) == 0
    found = {path.name for path in (folder / "out" / "verification_output").glob("*.npy")}
    assert found == {f"verify_folded_hls_cppsim_{i}_SUCCESS.npy" for i in range(IMAGES)}
    model = ModelWrapper(str(folder / "out" / "intermediate_models" / f"{LAST}.onnx"))
    return [node.op_type for node in model.graph.node]
