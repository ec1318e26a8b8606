# SPDX-License-Identifier: Apache-2.0
"""C simulation of a design's HLS C++ with g++: Vitis HLS' csim, with its headers or our stand-ins."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.design import Design
from fpgan.hw.system.tools import find_tool, require_tools
from fpgan.sim.compiled.programs import made_once, run_logged
from fpgan.sim.compiled.verilated_runtime import runtime_digest
from fpgan.sim.packing import pack, unpack


def vitis_headers() -> Path | None:
    """Folder of Vitis HLS' ap_int.h and hls_stream.h; None where it is not installed."""
    tool = find_tool("vitis_hls")
    folder = tool.resolve().parent.parent / "include" if tool else None
    return folder if folder and (folder / "ap_int.h").exists() else None


def compile_cpp(sources: Sequence[Path], headers: Path, program: Path, stand_ins: Path, log: Path) -> None:
    """Compile C++ of ours with the HLS headers to `program`, in a folder of this process alone.

    headers: folder of ours. stand_ins: folder of those for where Vitis HLS is not installed. Raises
    ToolError; what g++ said is then in `log`.
    """
    require_tools("g++")
    command = [
        "g++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Wno-unknown-pragmas",
        "-isystem", str(vitis_headers() or stand_ins), "-I", str(headers), *map(str, sources),
        "-o", str(program),
    ]  # fmt: skip
    run_logged(command, headers, program.parent, log, "compiling the C simulation")


def compile_csim(design: Design, folder: Path, log: Path) -> tuple[Path, float]:
    """Compile BUILD/hls in `folder`, of this process alone: the program, and the seconds spent.

    0 where it is known from before by the content of the sources. Raises ToolError; what g++ said is then in
    `log`.
    """
    digest = hashlib.sha256(f"{vitis_headers()} {runtime_digest([])}".encode())
    for path in sorted(p for p in design.hls.rglob("*") if p.suffix in (".hpp", ".cpp", ".h")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(design.hls)} {len(content)} ".encode() + content)
    program = folder / "program"
    key = digest.hexdigest()[:32]

    def make() -> None:
        compile_cpp(design.sources, design.hls, program, design.hls / "csim", log)

    return program, made_once(program, key, make)


def run_csim(
    design: Design, program: Path, log: Path, latent: NDArray[np.int64], golden: NDArray[np.int64]
) -> tuple[NDArray[np.int64], dict[str, int], float]:
    """Run the test bench on latents (N,H,W,C) in the program's folder; what it says goes to `log`.

    golden: images (N,H,W,C) that it is given to compare with.

    Returns images (N,H,W,C), iterations of one image per layer once its input never runs dry, and seconds.
    Raises ToolError where the bench fails: an image ends early, or its two passes differ.
    """
    source, sink, folder = design.input, design.output, program.parent
    given, wanted, taken = (folder / file for file in ("latent.bin", "image.bin", "output.bin"))
    given.write_bytes(pack(latent, source.elements_per_beat, source.element_bits).tobytes())
    wanted.write_bytes(pack(golden, sink.elements_per_beat, sink.element_bits).tobytes())
    start = time.monotonic()
    command = [str(program), str(given), str(wanted), str(taken)]
    text = run_logged(command, design.hls, folder, log, "C simulation")
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
