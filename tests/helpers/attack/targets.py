# SPDX-License-Identifier: Apache-2.0
"""The commands that are attacked: what they start from, what they leave, and when that is whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Digests = dict[str, str]
# What differs from run to run: times, and what is made of them.
_VOLATILE = ("made", "seconds", "sim_seconds", "build_seconds", "kcycles_per_second", "threads_warning")


@dataclass(frozen=True)
class Target:
    """A command that replaces an old result with a new one.

    results: globs of the files that belong together. inputs: globs of those that it reads. old, command:
    arguments of the runs that make the old and the new result; again: how to go on after a kill, where that
    is another command. weight: how often it is tried.
    """

    name: str
    results: tuple[str, ...]
    inputs: tuple[str, ...]
    old: tuple[str, ...]
    command: tuple[str, ...]
    again: tuple[str, ...] = ()
    weight: int = 2


SMALL = ("--preset", "tiny", "--set", "generator.channels=[4]", "--set", "generator.latent=4")
_TRAIN = ("train", *SMALL, "--steps", "2", "--set", "batch=4", "--set", "features=2", "--out", "new")
_BUILD = ("build", "m.onnx", "--board", "pynq-z2", "--out", "build")
_QUANTIZE = ("quantize", "net.py:net", "--weights", "w.pth", "--vectors", "4", "--out", "q")
_VERIFY = ("verify", "stored/deploy/fpgan.bit", "--database", "stored/database", "--netlist", "n.v")
NET = """
from torch import nn

def net():
    return nn.Sequential(nn.ConvTranspose2d(4, 3, 4), nn.ReLU(), nn.ConvTranspose2d(3, 1, 4, 2, 1), nn.Tanh())
"""
TARGETS = (
    Target(
        "build", ("build/**/*",), ("m.onnx", "m.golden.npz"),
        (*_BUILD, "--target-fps", "1000"), (*_BUILD, "--target-fps", "2000", "--clock-mhz", "50"), weight=3,
    ),
    Target(
        "export", ("e.onnx", "e.golden.npz"), ("run/config.yaml", "run/checkpoint.safetensors"),
        ("export", "run", "--out", "e.onnx", "--vectors", "4"),
        ("export", "run", "--out", "e.onnx", "--vectors", "8", "--seed", "1"),
    ),
    Target(
        "train", ("new/checkpoint.safetensors", "new/config.yaml", "new/metrics.json", "new/samples.png"), (),
        (*_TRAIN, "--seed", "5"), (*_TRAIN, "--seed", "6", "--overwrite"),
        ("train", "--resume", "--out", "new"),
    ),
    Target(
        "sim", ("build/sim.json", "build/sim.npz"),
        ("build/design.json", "build/report.json", "build/golden.npz"),
        ("sim", "build", "--images", "2"), ("sim", "build", "--images", "4", "--seed", "1"),
    ),
    Target(
        "synth", ("build/synth.json",), ("build/design.json", "build/report.json", "build/rtl/*.v"),
        ("synth", "build", "--jobs", "1"), ("synth", "build", "--jobs", "2"),
    ),
    Target("report", ("build/report.html",), ("build/*.json",), ("report", "build"), ("report", "build")),
    Target(
        "bitstream", ("deploy/**/*",), ("build/design.json", "build/golden.npz", "build/report.json"),
        ("bitstream", "build", "--bus", "axi", "--out", "deploy"),
        ("bitstream", "build", "--bus", "axil", "--out", "deploy"),
    ),
    Target(
        "power", ("build/power.json",), ("build/design.json", "build/report.json", "build/golden.npz"),
        ("power", "build", "--images", "2"), ("power", "build", "--images", "4"), weight=1,
    ),
    Target(
        "prune", ("small/checkpoint.safetensors", "small/config.yaml", "small/metrics.json"),
        ("run/config.yaml", "run/checkpoint.safetensors"),
        ("prune", "run", "--channels", "3", "--out", "small"),
        ("prune", "run", "--channels", "2", "--out", "small"), weight=1,
    ),
    Target(
        "quantize", ("q/model.onnx", "q/model.golden.npz", "q/checkpoint.safetensors", "q/quantize.json"),
        ("w.pth",), (*_QUANTIZE, "--bits", "W4A4"), (*_QUANTIZE, "--bits", "W8A8"), weight=1,
    ),
    Target(
        "verify", ("n.v",), ("stored/deploy/*.*", "stored/deploy/project/host/*", "stored/database/**/*.*"),
        (*_VERIFY, "--images", "1"), (*_VERIFY, "--images", "2", "--stall", "0.1"), weight=1,
    ),
    Target("inspect", (), ("m.onnx",), ("inspect", "m.onnx"), ("inspect", "m.onnx"), weight=1),
)  # fmt: skip


def result_files(folder: Path, target: Target) -> list[Path]:
    """The files of a result that are there, hidden ones and logs left out."""
    found = {path for glob in target.results for path in folder.glob(glob) if path.is_file()}
    return sorted(
        path
        for path in found
        if path.suffix != ".log" and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def digests(folder: Path, target: Target) -> Digests:
    """The same with what they hold, but for what differs from run to run. ValueError where one is cut."""
    return {str(path.relative_to(folder)): _digest(path) for path in result_files(folder, target)}


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".json":
        content = json.dumps(_stable(json.loads(content))).encode()
    if path.suffix == ".html":
        content = b"whole" if content.rstrip().endswith(b"</html>") else b"cut"
    return hashlib.sha256(content).hexdigest()[:12]


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stable(inner) for key, inner in value.items() if key not in _VOLATILE}
    return [_stable(inner) for inner in value] if isinstance(value, list) else value
