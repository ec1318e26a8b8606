# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of a benchmark row: from what was built, simulated and counted to what is compared."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import onnx

from fpgan.build.report.rivals import same_network
from fpgan.hw.boards import RESOURCES

_WEIGHTED = ("ConvTranspose", "Conv", "Gemm", "MatMul")
_OPERATIONS = 2  # of a multiply-accumulate


def gops(macs: float, fps: float) -> float:
    """Giga-operations per second, two per multiply-accumulate."""
    return _OPERATIONS * 1e-9 * macs * fps


def inserted(model: Path) -> list[int]:
    """Of each layer with weights of a QONNX file, as how many pixels its input's lie apart: S^2 of stride S.

    The dense layer and convolutions insert no zeros.
    """
    nodes = (node for node in onnx.load(str(model)).graph.node if node.op_type in _WEIGHTED)
    return [
        math.prod(next((a.ints for a in node.attribute if a.name == "strides"), ()))
        if node.op_type == "ConvTranspose"
        else 1
        for node in nodes
    ]


def planned(report: dict[str, Any], inserted: list[int]) -> dict[str, Any]:
    """What report.json says that no measurement changes; inserted: what the function of that name gives."""
    useful = [layer["useful_macs"] for layer in report["layers"] if layer["useful_macs"]]
    return {
        "part": report["part"],
        "clock_mhz": report["clock_mhz"],
        "mac_lanes": report["mac_lanes"],
        "useful_macs_per_image": report["useful_macs_per_image"],
        "macs_per_image_with_zeros": sum(n * macs for n, macs in zip(inserted, useful, strict=True)),
        "predicted_cycles_per_image": report["cycles_per_image"],
        "decision": report["decision"],
    }


def measured(row: dict[str, Any], sim: dict[str, Any]) -> dict[str, Any]:
    """Rate and latency at the design's clock. row: with what planned() gave; sim: sim.json."""
    clock, cycles = row["clock_mhz"], sim["cycles_per_image"]
    fps = clock * 1e6 / cycles
    copied = ("images", "pixels", "mismatches", "golden", "cycles_per_image", "latency_cycles", "efficiency")
    return {
        **{key: sim[key] for key in copied},
        "latency_us": round(sim["latency_cycles"] / clock, 3),
        "frames_per_second": round(fps, 1),
        "gops": round(gops(row["useful_macs_per_image"], fps), 2),
        "gops_with_zeros": round(gops(row["macs_per_image_with_zeros"], fps), 2),
        "load_cycles": sim.get("load_cycles"),
        "kcycles_per_second": sim["kcycles_per_second"],
    }


def resources(report: dict[str, Any], synth: dict[str, Any] | None, limits: dict[str, int]) -> dict[str, Any]:
    """Resources, counted where there is a synth.json, else the build's estimate, against limits and board."""
    totals, board = (synth or report)["totals"], report["budget"]
    used = {kind: totals[kind] for kind in RESOURCES}
    return {
        "resources": used,
        "resources_from": synth["tool"] if synth else "estimate",
        "utilization": {kind: round(used[kind] / board[kind], 4) for kind in RESOURCES if board[kind]},
        "limits": limits,
        "over_limit": _over(used, limits),
        "over_board": _over(used, board),
    }


def _over(used: dict[str, int], limits: dict[str, int]) -> list[str]:
    return [f"{kind} {used[kind]:,} of {limits[kind]:,}" for kind in limits if used[kind] > limits[kind]]


def limits(report: dict[str, Any], max_utilization: float, budget: dict[str, int]) -> dict[str, int]:
    """What the design may use: the share of the board, or the budget for the resources it names."""
    limited = {kind: int(amount * max_utilization) for kind, amount in report["budget"].items()}
    return limited | {kind: amount for kind, amount in budget.items() if kind in limited}


def per_dsp(report: dict[str, Any], synth: dict[str, Any] | None, fps: float) -> float | None:
    """Useful GOPS per DSP of the layers that compute in DSPs; None where none does.

    Layers that compute in LUTs are left out of both, or a few DSPs would take the credit for all.
    """
    counted = {layer["name"]: layer["DSP"] for layer in synth["layers"]} if synth else {}
    macs = slices = 0
    for layer in report["layers"]:
        dsp = counted.get(layer["name"], layer["estimates"]["DSP"])
        if dsp:
            macs, slices = macs + layer["useful_macs"], slices + dsp
    return round(gops(macs, fps) / slices, 4) if slices else None


def timing(row: dict[str, Any], synth: dict[str, Any]) -> dict[str, Any]:
    """The timing estimate against the clock, and the rate at the slower of the two."""
    estimated, empty = synth["timing"]["estimated_ns"], synth["timing"].get("near_empty_ns")
    mhz = min(row["clock_mhz"], 1000 / estimated)
    fps = mhz * 1e6 / row["cycles_per_image"]
    return {
        "estimated_ns": estimated,
        "near_empty_ns": empty,
        "meets_clock": 1000 / estimated >= row["clock_mhz"],
        "at_estimated_clock": {
            "clock_mhz": round(mhz, 1),
            "frames_per_second": round(fps, 1),
            "gops": round(gops(row["useful_macs_per_image"], fps), 2),
        },
        "timing": synth["timing"],
    }


def zero_insertion(row: dict[str, Any], sim: dict[str, Any], lanes: int) -> dict[str, Any]:
    """The zero_insert design's sim.json beside ours. ratio: its cycles over ours."""
    return {
        "mac_lanes": lanes,
        **{key: sim[key] for key in ("images", "mismatches", "cycles_per_image", "latency_cycles")},
        "efficiency": sim["efficiency"],
        "frames_per_second": round(row["clock_mhz"] * 1e6 / sim["cycles_per_image"], 1),
        "ratio": round(sim["cycles_per_image"] / row["cycles_per_image"], 3),
    }


def nearest_rival(
    row: dict[str, Any], shape: tuple[int, ...], bits: tuple[tuple[int, ...], tuple[int, ...]]
) -> dict[str, Any] | None:
    """The published accelerator of the same network and bits, on the same board where there is one.

    shape: (N,H,W,C) of the image; bits: weights and activations of each layer. Ratios above 1 are ours.
    """
    rivals = [
        rival
        for rival in same_network(shape, row["useful_macs_per_image"])
        if all({rival[key]} == set(b) for key, b in zip(("weight_bits", "act_bits"), bits, strict=True))
    ]
    if not rivals:
        return None
    rival = next((r for r in rivals if r["board"].lower() == row["board"]), rivals[0])
    zeros = row["macs_per_image_with_zeros"] / row["useful_macs_per_image"]
    return {
        **rival,
        "gops_with_zeros": round(rival["gops"] * zeros, 1),
        "cycles_ratio": round(rival["cycles_per_image"] / row["cycles_per_image"], 3),
        "fps_ratio": round(row["frames_per_second"] / rival["fps"], 3),
    }
