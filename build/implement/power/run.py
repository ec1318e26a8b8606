# SPDX-License-Identifier: Apache-2.0
"""`power`: an estimate of what a build draws, from the toggles of a simulation of real images."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fpgan.build.implement.power.coefficients import coefficients
from fpgan.build.implement.power.estimate import estimate, toggles_of_layers
from fpgan.build.implement.power.power_file import Power
from fpgan.hw.build_files import AGAIN
from fpgan.hw.design import MARKER, Design
from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_json
from fpgan.hw.system.reading import DamagedError
from fpgan.sim.activity import SAIF, read_saif, trace_activity

Progress = Callable[[str], None]

HOW = "estimate: toggles counted in simulation, times energies derived from public power reports of Vivado"
NOT_IN_IT = (
    "the processor system, memory and I/O",
    "the host interface and the memory master around the accelerator",
    "glitches: the simulation has no delays",
    "the real length of wires, which placement and routing decide",
    "static power above 25 C ambient, or of a chip that is not typical",
)
_FIGURES = 6  # significant digits


def power(
    build: str | Path, images: int = 8, seed: int = 0, stall: float = 0.0, progress: Progress | None = None
) -> dict[str, Any]:
    """Estimate the power of a BUILD of RTL while it makes images, written to BUILD/power.json and returned.

    images, seed: how many of golden.npz's latents, and which. stall: probability that either side pauses in a
    cycle. Resources are those that `fpgan synth` counted, where it has run, else the build's estimates.

    W: watts by class (clock, logic, signals, BRAM, DSP, static), by layer in `layers`; energy_per_image_uJ,
    images_per_second, gops_per_W at the design's clock; uncertainty_factor: how far, either way, the reports
    that the energies come from lie from their mean, at least 2. Leaves BUILD/power.saif, which Vivado's
    read_saif takes.

    Raises ValueError for bad arguments, a build for HLS, a part without known static power, or images that
    are not PyTorch's, ToolError where a tool fails.
    """
    start = time.monotonic()
    design = Design.load(Path(build))
    design.require_rtl("a power estimate")
    if not 0 <= stall < 1:
        raise ValueError(f"stall={stall} must be in [0, 1)")
    known = coefficients(design.part, design.family)
    resources, counted = _resources(design)
    traced = trace_activity(design, images, seed, stall, progress)
    if traced.mismatches:
        raise ValueError(
            f"{design.root}: {traced.mismatches} pixels are not PyTorch's; see fpgan sim --images {images}"
        )
    report = design.report
    pes = {name: layer["pe"] for name, layer in _planned(design).items()}
    instances = {layer.name: f"{layer.module}_i" for layer in design.nodes}
    toggles = toggles_of_layers(read_saif(traced.saif), instances, pes)
    rates = {name: found.rate(images * traced.cycles_per_image) for name, found in toggles.items()}
    figures = estimate(
        resources, rates, design.clock_mhz, traced.cycles_per_image, report["useful_macs_per_image"], known
    )
    found = {
        "how": HOW,
        "board": design.board,
        "part": design.part,
        "clock_mhz": design.clock_mhz,
        "resources_from": counted,
        "images": images,
        "seed": seed,
        "stall": stall,
        "cycles_per_image": traced.cycles_per_image,
        **_rounded(figures),
        "uncertainty_factor": _rounded(known.factor),
        "picojoules": _rounded(known.picojoules),
        "activity": SAIF,
        "not_in_it": list(NOT_IN_IT),
        "sources": list(known.sources),
        "seconds": round(time.monotonic() - start, 1),
    }
    result = as_written(Power, found)
    write_json(design.root / "power.json", result)
    return result


def _resources(design: Design) -> tuple[dict[str, dict[str, int]], str]:
    """Columns of synth.json by layer, and the file that they are from."""
    names = [layer.name for layer in design.nodes]
    found = design.counted()
    counted = {layer["name"]: layer for layer in found["layers"]} if found else {}
    if counted.keys() >= set(names):
        return {name: counted[name] for name in names}, "synth.json"
    planned = _planned(design)
    return {name: planned[name]["estimates"] for name in names}, "report.json"


def _planned(design: Design) -> dict[str, Any]:
    """report.json's layers by name. DamagedError unless all of the design's are there."""
    planned = {layer["name"]: layer for layer in design.report["layers"]}
    if not planned.keys() >= {layer.name for layer in design.nodes}:
        raise DamagedError(design.root / "report.json", f"has not the layers of {MARKER}", AGAIN)
    return planned


def _rounded(value: Any) -> Any:
    """Floats to significant digits, wherever they are."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.{_FIGURES}g}") if isinstance(value, float) else value
