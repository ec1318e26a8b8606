# SPDX-License-Identifier: Apache-2.0
"""A transposed convolution by our layer, and by FINN's own lowering, through FINN's builder, side by side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fpgan.build.finn.lowering_names import LOWERINGS, Lowering
from fpgan.build.finn.step_list import build_steps
from fpgan.hw.system.files import make_folder
from fpgan.hw.system.reading import read_json
from fpgan.model.config import PRESETS, TrainConfig
from fpgan.model.export import export
from fpgan.model.train import train

# Rows of outputs: 4 x 4 from one pixel, by our layer in both, then 8 x 8 by the layer that is compared.
_SMALL = replace(PRESETS["mnist32"].generator, latent=8, channels=(16,), image_channels=8)
DEFAULT = replace(PRESETS["mnist32"], generator=_SMALL)
_CYCLES = 512  # an image, of our layer
_ZEROS = 4  # products of kernel 4 and stride 2 with zeros, for each without: as many cycles at the same lanes
_ASKED: dict[Lowering, int] = {"fpgan": _CYCLES, "finn": _ZEROS * _CYCLES}
_IMAGES = 4
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
    deconv: Collection[Lowering] = LOWERINGS,
    config: TrainConfig | None = None,
    synth: bool = True,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Build an untrained generator both ways; rows of deconv, lanes, cycles_per_image, mismatches, LUT ...

    deconv: which of the two. config: a generator whose layers behind the first are of kernel 4 and stride 2,
    or DEFAULT. lanes: products at once, in all layers together; FINN's lowering gets as many cycles more as
    it has products of zeros. mismatches: values of the stitched design in Verilator that are not PyTorch's.
    synth: count resources by Yosys. progress: called with the name of each step. OUT/lowerings/NAME holds
    what FINN writes. Raises ToolError.
    """
    out, say = Path(out) / "lowerings", progress or (lambda _: None)
    say("a generator")
    network = _network(out, config or DEFAULT)
    return [{"deconv": name} | _measured(network, out / name, name, synth, say) for name in deconv]


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([f"{row[c]}" for c in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _network(out: Path, config: TrainConfig) -> _Network:
    make_folder(out)
    for name in ("run", *LOWERINGS):  # of an earlier call: FINN adds to what it finds
        shutil.rmtree(out / name, ignore_errors=True)
    train(config, out / "run", steps=0)
    file = export(out / "run", out / "network.onnx", vectors=_IMAGES)
    network = _Network(file, out / "given.npy", out / "wanted.npy")
    golden = np.load(file.with_suffix(".golden.npz"))
    for path, name in ((network.given, "latent"), (network.wanted, "image")):
        np.save(path, (golden[name] * golden[f"{name}_scale"]).astype(np.float32))
    return network


def _measured(
    network: _Network, out: Path, name: Lowering, synth: bool, progress: Progress
) -> dict[str, Any]:
    from fpgan.build.finn.run_builder import run_builder  # FINN's builder takes seconds to import

    run_builder(
        network.file, lambda step: progress(f"{name}, {step}"), output_dir=str(out), board="Ultra96",
        synth_clk_period_ns=_PERIOD_NS, target_fps=int(1e9 / _PERIOD_NS / _ASKED[name]),
        steps=build_steps(name), standalone_thresholds=True,
        generate_outputs=["stitched_ip", "rtlsim_performance", *(["out_of_context_synth"] if synth else [])],
        verify_steps=["stitched_ip_rtlsim"], verify_input_npy=str(network.given),
        verify_expected_output_npy=str(network.wanted), verification_atol=0.0, verification_rtol=0.0,
        verification_mean_atol=0.0, verification_mean_rtol=0.0,
    )  # fmt: skip
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
