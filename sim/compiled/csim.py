# SPDX-License-Identifier: Apache-2.0
"""C simulation of a design's HLS C++ with g++: Vitis HLS' csim, with its headers or our stand-ins."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.design import Design
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, require_tools
from fpgan.sim.packing import pack, unpack


def vitis_headers() -> Path | None:
    """Folder of Vitis HLS' ap_int.h and hls_stream.h; None where it is not installed."""
    tool = find_tool("vitis_hls")
    folder = tool.resolve().parent.parent / "include" if tool else None
    return folder if folder and (folder / "ap_int.h").exists() else None


def compile_cpp(sources: Sequence[Path], folder: Path, program: Path, stand_ins: Path) -> float:
    """Compile C++ of ours with the HLS headers; returns seconds.

    folder: also searched for headers. stand_ins: headers for where Vitis HLS is not installed. Raises
    ToolError.
    """
    require_tools("g++")
    start = time.monotonic()
    headers = vitis_headers() or stand_ins
    command = [
        "g++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-isystem", str(headers),
        "-I", str(folder), *map(str, sources), "-o", f"{program}.tmp",
    ]  # fmt: skip
    run(command, folder, program.with_suffix(".log"), "compiling the C simulation")
    Path(f"{program}.tmp").rename(program)
    return time.monotonic() - start


def compile_csim(design: Design) -> tuple[Path, float]:
    """Compile BUILD/hls into BUILD/.csim/KEY/main; KEY follows the sources. Returns it and the seconds."""
    digest = hashlib.sha256(str(vitis_headers()).encode())
    for path in sorted(p for p in design.hls.rglob("*") if p.suffix in (".hpp", ".cpp", ".h")):
        digest.update(path.name.encode() + path.read_bytes())
    base = design.root / ".csim"
    program = base / digest.hexdigest()[:16] / "main"
    if program.exists():
        return program, 0.0
    shutil.rmtree(base, ignore_errors=True)
    program.parent.mkdir(parents=True)
    return program, compile_cpp(design.sources, design.hls, program, design.hls / "csim")


def run_csim(
    design: Design, program: Path, latent: NDArray[np.int64], golden: NDArray[np.int64]
) -> tuple[NDArray[np.int64], dict[str, int], float]:
    """Run the test bench on latents (N,H,W,C); golden: images (N,H,W,C) that it is given to compare with.

    Returns images (N,H,W,C), iterations of one image per layer once its input never runs dry, and seconds.
    Raises ToolError where the bench fails: an image ends early, or its two passes differ.
    """
    source, sink = design.input, design.output
    with tempfile.TemporaryDirectory() as name:
        given, wanted, taken = (Path(name) / file for file in ("latent.bin", "image.bin", "output.bin"))
        given.write_bytes(pack(latent, source.elements_per_beat, source.element_bits).tobytes())
        wanted.write_bytes(pack(golden, sink.elements_per_beat, sink.element_bits).tobytes())
        start = time.monotonic()
        command = [str(program), str(given), str(wanted), str(taken)]
        text = run(command, design.hls, program.with_name("simulate.log"), "C simulation")
        seconds = time.monotonic() - start
        words = np.fromfile(taken, np.uint8).reshape(-1, sink.tdata_bits // 8)
    values = unpack(words, sink.elements_per_beat, sink.element_bits, sink.signed)
    counted: dict[str, Any] = json.loads(text.splitlines()[-1])
    return values.reshape(len(latent), *sink.shape[1:]), counted["iterations"], seconds


def iteration_report(design: Design, counted: dict[str, int]) -> dict[str, dict[str, int]]:
    """sim.json's `iterations`: per layer those of an image, and the cycles that report.json predicts."""
    cycles = {layer["name"]: layer["cycles"] for layer in design.report["layers"]}
    return {
        layer.name: {"counted": counted[layer.name], "predicted": cycles[layer.name]}
        for layer in design.layers
    }
