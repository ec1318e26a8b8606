# SPDX-License-Identifier: Apache-2.0
"""BUILD/report.html: one self-contained page about a build, its simulation and its resources."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fpgan.build.implement.power.estimate import CLASSES
from fpgan.build.implement.synth.said import YOSYS_AGAINST_VIVADO, how_far_off
from fpgan.build.report import numbers
from fpgan.build.report.results import Results
from fpgan.build.report.rivals import same_network
from fpgan.hw.boards import RESOURCES
from fpgan.hw.system.files import write_text

_TEMPLATES = Path(__file__).with_name("templates")
_RESOURCE_NAMES = {
    "LUT": "LUT",
    "FF": "Flip-flops",
    "DSP": "DSP",
    "BRAM18": "Block RAM (18 Kb)",
    "URAM": "UltraRAM",
}


def report(build: Path, baseline: Path | None = None) -> Path:
    """Write BUILD/report.html from design.json, report.json and, where they are there, sim.*, synth.json
    and power.json.

    `baseline` is a zero_insert build of the same network to set beside it; without the argument a sibling
    folder BUILD_zero_insert is taken where there is one. The page needs no network and no script.
    Raises ValueError where `build` is no build, or where one of these files is damaged.
    """
    build = Path(build)
    if baseline is None:
        sibling = build.resolve().with_name(f"{build.resolve().name}_zero_insert")
        baseline = sibling if (sibling / "design.json").exists() else None
    page = templates().get_template("report.html.j2").render(**context(Results.load(build), baseline))
    path = build / "report.html"
    write_text(path, page)
    return path


@cache
def templates() -> Environment:
    """The templates of pages; their filters are the functions of `numbers`."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    for show in (numbers.count, numbers.percent, numbers.figure, numbers.rounded, numbers.grouped):
        environment.filters[show.__name__] = show
    return environment


def context(results: Results, baseline: Path | None) -> dict[str, Any]:
    """What the template shows."""
    return {
        "r": results,
        "design": results.design,
        "plan": results.report,
        "sim": results.sim,
        "synth": results.synth,
        "power": results.power,
        "power_classes": CLASSES,
        "image": data_uri(results.design.root / "sim.png"),
        "layers": layer_rows(results),
        "requantizers": [layer for layer in results.report["layers"] if layer.get("requantizer")],
        "resources": resource_rows(results),
        "timing": timing_line(results),
        "yosys_against_vivado": YOSYS_AGAINST_VIVADO,
        "comparison": _comparison(results, baseline),
        "rivals": rival_rows(results),
    }


def data_uri(png: Path) -> str | None:
    """A picture as a page holds it, None where there is none."""
    if not png.exists():
        return None
    return "data:image/png;base64," + base64.b64encode(png.read_bytes()).decode()


def layer_rows(results: Results) -> list[dict[str, Any]]:
    """report.json's layers with what Yosys counted, their share of the image's cycles, and efficiency."""
    counted = {layer["name"]: layer for layer in (results.synth or {}).get("layers", ())}
    rows = []
    for layer in results.report["layers"]:
        busy = layer["cycles"] / results.cycles_per_image
        lanes = layer["lanes"]
        rows.append(
            {
                **layer,
                "share": busy,
                "efficiency": layer["useful_macs"] / (lanes * layer["cycles"]) if lanes else None,
                "counted": counted.get(layer["name"]),
            }
        )
    return rows


def resource_rows(results: Results) -> list[dict[str, Any]]:
    """Estimate and count of each resource of the board, with fractions of it."""
    rows = []
    for kind in RESOURCES:
        limit = results.report["budget"][kind]
        estimate = results.report["totals"][kind]
        counted = results.synth["totals"][kind] if results.synth else None
        if limit or estimate or counted:
            rows.append({
                "kind": kind, "name": _RESOURCE_NAMES[kind], "limit": limit,
                "estimate": estimate, "counted": counted,
                "fraction": (estimate if counted is None else counted) / limit if limit else float("inf"),
            })  # fmt: skip
    return rows


def timing_line(results: Results) -> dict[str, Any] | None:
    """Clock that the longest path allows, and whether the build's clock is within it."""
    timing: dict[str, Any] = (results.synth or {}).get("timing") or {}
    routed, estimated = timing.get("routed_mhz"), timing.get("estimated_ns")
    mhz = routed if routed else 1000 / estimated if estimated else None
    if mhz is None:
        return None
    empty = timing.get("near_empty_ns")
    return {
        **timing, "near_empty_mhz": 1000 / empty if empty else None, "off": how_far_off(timing),
        "mhz": mhz, "met": mhz >= results.design.clock_mhz,
        "kind": "Routed" if routed else "Estimated",
        "longest": not routed and timing.get("layer") and timing.get("levels"),
    }  # fmt: skip


def _comparison(results: Results, baseline: Path | None) -> dict[str, Any] | None:
    if baseline is None:
        return None
    other = Results.load(Path(baseline))
    return {
        "columns": [(r.report.get("deconv") or r.design.name, r) for r in (results, other)],
        "ratio": other.cycles_per_image / results.cycles_per_image,
        "same_lanes": other.report["mac_lanes"] == results.report["mac_lanes"],
    }


def rival_rows(results: Results) -> list[dict[str, Any]]:
    """Published accelerators of the same output shape and work, with our figures at their clock beside."""
    rows = []
    for rival in same_network(results.design.output.shape, results.macs):
        at_their_clock = rival["clock_mhz"] * 1e6 / results.cycles_per_image
        rows.append({
            **rival,
            "faster": results.fps / rival["fps"],
            "fps_at_their_clock": at_their_clock,
            "faster_at_their_clock": at_their_clock / rival["fps"],
        })  # fmt: skip
    return rows
