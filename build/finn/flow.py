# SPDX-License-Identifier: Apache-2.0
"""FINN's own builder takes a BUILD over: the configuration that `finn build` reads."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from fpgan.hw.design import Design
from fpgan.hw.system.files import make_folder, write_beside, write_text
from fpgan.hw.system.folders import check_replaceable
from fpgan.sim.vectors import golden_of

CONFIG = "finn.yaml"
FINN_BOARDS = {  # those that FINN has a shell for, by its names
    "ultra96": "Ultra96",
    "zcu104": "ZCU104",
    "kv260": "KV260_SOM",
    "aup-zu3": "AUP-ZU3_8GB",
    "pynq-z1": "Pynq-Z1",
    "pynq-z2": "Pynq-Z2",
}

SECOND_CLOCK = (
    "core dsp2x has a second clock, which FINN connects to its own MVU only; run fpgan build --cores lut,dsp"
)

_CHECKED = 4  # golden images that FINN verifies
# Those of FINN's steps that a folded graph with sized FIFOs still needs.
_STEPS = (
    "step_create_dataflow_partition",
    "step_specialize_layers",
    "fpgan.build.finn.steps.step_fpgan_golden",
    "step_generate_estimate_reports",
    "step_hw_codegen",
    "step_hw_ipgen",
    "step_create_stitched_ip",
    "step_out_of_context_synthesis",
)
_OUTPUTS = ("estimate_reports", "stitched_ip", "out_of_context_synth")
_SHELL_STEPS = ("step_synthesize_bitfile", "step_make_driver", "step_deployment_package")
_SHELL_OUTPUTS = ("bitfile", "pynq_driver", "deployment_package")


def finn_flow(build: str | Path, out: str | Path = "finn") -> Path:
    """Write what FINN's builder needs to take a BUILD to stitched IP, or to a bitstream where it has a shell.

        finn_flow("build", "finn")
        # then, where Vivado is installed: finn build finn/finn.yaml build/dataflow.onnx

    build: a folder made by fpgan build; its board (without a shell of FINN's the flow ends after
        out-of-context synthesis), clock, folding and FIFO depths are kept.
    out: folder to write, empty but for what an earlier flow left: finn.yaml, and golden vectors for FINN's
        verification, latent.npy and image.npy (N,H,W,C), float32. FINN's own results go to its folder output.

    Returns the path of finn.yaml. Raises ValueError in one line where there is no build, or one with a core
    that FINN cannot stitch, or `out` cannot be written.
    """
    build, out = Path(build).resolve(), Path(out).resolve()
    design = Design.load(build)
    if design.pumped:
        raise ValueError(f"{build}: {SECOND_CLOCK}")
    if design.streams:
        raise ValueError(
            f"{build}: weights are streamed, for which FINN has no port; build with weight_storage=rom"
        )
    vectors = golden_of(design)
    check_replaceable(out, CONFIG)
    make_folder(out)
    for name, x in (("latent", vectors.latent), ("image", vectors.image)):
        values = x[:_CHECKED].transpose(0, 2, 3, 1).astype(np.float32)
        write_beside(out / f"{name}.npy", partial(np.save, arr=values))
    text = yaml.safe_dump(_settings(design, out), sort_keys=False)
    write_text(out / CONFIG, text)
    return out / CONFIG


def _settings(design: Design, out: Path) -> dict[str, Any]:
    """Fields of FINN's DataflowBuildConfig; what is not set here keeps FINN's default."""
    name = FINN_BOARDS.get(design.board)
    target = {"board": name, "shell_flow_type": "vivado_zynq"} if name else {"fpga_part": design.part}
    return {
        "model_path": str(design.root / "dataflow.onnx"),
        "output_dir": str(out / "output"),
        **target,
        "synth_clk_period_ns": round(1000 / design.clock_mhz, 3),
        "target_fps": int(design.report["frames_per_second"]),  # FINN insists on it; no step here folds
        "steps": [*_STEPS, *(_SHELL_STEPS if name else ())],
        "generate_outputs": [*_OUTPUTS, *(_SHELL_OUTPUTS if name else ())],
        "verify_steps": [],
        "verify_input_npy": str(out / "latent.npy"),
        "verify_expected_output_npy": str(out / "image.npy"),
    }
