# SPDX-License-Identifier: Apache-2.0
"""A BUILD with made-up results, and what its page says."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from fpgan.build.implement.power.coefficients import coefficients
from fpgan.build.implement.power.estimate import estimate
from fpgan.hw.boards import get_board
from fpgan.hw.build_files import VERSION

RESOURCES = ("LUT", "FF", "DSP", "BRAM18", "URAM")
COUNTED = {"LUT": 900, "FF": 1000, "CARRY": 9, "DSP": 12, "BRAM18": 4, "URAM": 0, "LUTRAM": 30, "SRL": 20}
MORE = {
    "decision": {"fastest_cycles": 1800, "binds": "LUT", "next_cycles": 1792,
                 "next_lacks": "1792 cycles would need LUT=60166"},
    "fifos": [{"name": "fifo_1", "words": 2, "bits": 1024, "LUT": 73, "BRAM18": 0}], "latency_cycles": 7000,
    "cycles_with_one_fifo_word_less": {"fifo_1": None}, "float32": {"values": 5, "differ": 0, "rate": 0.0},
    "threshold_proof": {"layers": [
        {"name": "threshold_0", "channels": 1024, "values": 4096, "whole_range": True, "mismatches": 0}
    ], "values": 4096, "mismatches": 0, "seconds": 0.1},
    "made": {"version": "1.2.3", "command": "fpgan build m.onnx", "date": "2031-12-24 18:00 UTC"},
}  # fmt: skip


def make_build(
    root: Path, deconv: str = "subpixel", cycles: int = 4356, sim: bool = True, synth: bool = True
) -> Path:
    """A BUILD folder of mnist32's shape with made-up results."""
    root.mkdir(parents=True)
    stream = {"datatype": "INT8", "elements_per_beat": 1, "tdata_bits": 8}
    write(root / "design.json", {
        "version": VERSION, "backend": "rtl", "name": "mnist32", "top": "fpgan_top", "board": "ultra96",
        "part": "xczu3eg-sbva484-1-e", "family": "xcup", "clock_mhz": 300.0, "sources": [], "fifos": {},
        "golden": "pytorch", "pumped": False,
        "input": {**stream, "shape": [1, 1, 1, 32], "beats": 32},
        "output": {**stream, "shape": [1, 32, 32, 1], "beats": 1024},
        "layers": [{"name": n, "op": "X_rtl", "module": n, "sources": []} for n in ("deconv_0", "fifo_1")],
    })  # fmt: skip
    estimates = dict(zip(RESOURCES, (1000, 1500, 12, 4, 0), strict=True))
    latency = {"first_in": 0, "first_out": 9, "last_out": 99, "adds": 100}
    about = {"taps": [], "weight_memory": "", "channels": [1, 1], "estimates": estimates, "latency": latency}
    layers = [
        {"name": "deconv_0", "op": "Deconv_rtl", "pe": 8, "simd": 130, "cycles": cycles,
         "useful_macs": 4390912, "lanes": 1040, "core": "dsp", **about},
        {"name": "fifo_1", "op": "Fifo_rtl", "pe": 1, "simd": 1, "cycles": 1024,
         "useful_macs": 0, "lanes": 0, "core": "", **about},
    ]  # fmt: skip
    write(root / "report.json", {
        "name": "mnist32", "board": "ultra96", "part": "xczu3eg-sbva484-1-e", "clock_mhz": 300.0,
        "deconv": deconv, "useful_macs_per_image": 4390912, "mac_lanes": 1040,
        "layers": layers, "cycles_per_image": cycles, "fifos": [],
        "totals": {k: 2 * v for k, v in estimates.items()}, "budget": get_board("ultra96").budget,
        "max_utilization": 0.8, "decision": None, "cycles_with_one_fifo_word_less": {},
    })  # fmt: skip
    if sim:
        write(root / "sim.json", {
            "images": 64, "pixels": 65536, "mismatches": 0, "stall": 0.0, "latency_cycles": 9000,
            "cycles_per_image": cycles, "efficiency": 0.97, "kcycles_per_second": 1500.0,
            "sim_seconds": 1.0, "build_seconds": 1.0, "fifo_depths": {},
        })  # fmt: skip
        Image.fromarray(np.arange(64 * 48, dtype=np.uint8).reshape(48, 64)).save(root / "sim.png")
    if synth:
        counted = [{"name": n, **COUNTED} for n in ("deconv_0", "fifo_1")]
        write(root / "synth.json", {
            "tool": "yosys", "part": "xczu3eg-sbva484-1-e", "layers": counted,
            "totals": {k: 2 * v for k, v in COUNTED.items()}, "budget": get_board("ultra96").budget,
            "utilization": {}, "estimates": {},
            "timing": {"estimated_ns": 4.0, "layer": "deconv_0", "levels": 6, "how": "estimate"},
        })  # fmt: skip
    return root


def write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def text(page: Path) -> str:
    """What the page says, tags and runs of white space removed."""
    body = re.sub(r"<style>.*?</style>", "", page.read_text(encoding="utf-8"), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def add_power(build: Path) -> dict[str, Any]:
    """power.json of a BUILD of make_build, made of one layer."""
    known = coefficients("xczu3eg-sbva484-1-e", "xcup")
    figures = estimate({"deconv_0": COUNTED}, {"deconv_0": 0.25}, 300.0, 4356, 4390912, known)
    write(build / "power.json", figures | {
        "how": "estimate: toggles", "clock_mhz": 300.0, "uncertainty_factor": known.factor, "images": 8,
        "stall": 0.0, "resources_from": "synth.json", "sources": ["a report"], "not_in_it": ["I/O"],
    })  # fmt: skip
    return figures
