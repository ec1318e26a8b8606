# SPDX-License-Identifier: Apache-2.0
"""Simulation of a built design, compared with PyTorch on every pixel: RTL to the cycle, or HLS as C++."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.design import Design
from fpgan.hw.system.children import run
from fpgan.hw.system.files import write_json
from fpgan.hw.system.tools import ToolError
from fpgan.sim.compiled.compile import compile_design
from fpgan.sim.compiled.csim import compile_csim, iteration_report, run_csim
from fpgan.sim.packing import pack, unpack
from fpgan.sim.vectors import Classify, Vectors, agreement

Progress = Callable[[str], None]
Netlists = Callable[[Design, Progress], Sequence[Path]]  # of each layer, made where they are not there yet
_RESET_AFTER = 777  # cycles of a first, aborted run when reset_first is asked for


def simulate(
    build: Path,
    images: int | None = None,
    seed: int = 0,
    stall: float = 0.0,
    waves: bool = False,
    reset_first: bool = False,
    progress: Progress | None = None,
    netlists: Netlists | None = None,
    label: int | Sequence[int] | None = None,
    threads: int = 1,
    classify: Classify | None = None,
) -> dict[str, Any]:
    """Stream images through the RTL in Verilator, or an HLS build's C++, and compare them with PyTorch's.

    build: a BUILD folder; its golden.npz holds the latents and PyTorch's images.
    images: how many, back to back, without a reset between them; chosen by seed. Left out: 64, or all.
    stall: probability that either side pauses in a cycle. waves: also write BUILD/waves.vcd.
    reset_first: begin with a run that is reset in the middle of an image.
    netlists: simulate what synthesis makes of each layer, Xilinx primitives, in place of the RTL; such as
    build.implement.synth.yosys.netlists, which is called once all arguments are known to be good.
    label: what to draw, of a design with classes, one label or several in turn; left out, all in turn.
    threads: of the simulation. More are faster where the design is wide and the cores have nothing else to
    do; where they have, threads wait for each other and can be a hundred times slower than one.
    classify: what tells how often the images show their labels, such as model.features.classify.

    Of an HLS build the C++ is compiled with g++ and run: `how` is then "csim" and whatever is counted in
    cycles null, for C simulation has no clock; `iterations` says per layer how often its loop, of one step
    per cycle once synthesized at II = 1, runs for an image, beside the cycles that report.json predicts.

    Writes BUILD/sim.json and BUILD/sim.png, with `netlists` BUILD/netlist_sim.json and netlist_sim.png;
    returns what the .json says. A mismatch is no exception: look at `mismatches`. Raises ValueError for bad
    arguments, ToolError when a tool fails or the simulation hangs.
    """
    design = Design.load(build)
    if not 0 <= stall < 1:
        raise ValueError(f"stall={stall} must be in [0, 1)")
    cores = len(os.sched_getaffinity(0))
    if not 1 <= threads <= cores:
        raise ValueError(f"threads={threads}: must be from 1 to the {cores} cores that there are")
    vectors = golden_of(design).select(images, seed, [label] if isinstance(label, int) else label)
    latent, golden = streamed(vectors)
    say = progress or (lambda _: None)
    if design.backend == "hls":
        if stall or waves or reset_first or netlists:
            design.require_rtl("a simulation with stalls, waves, reset or netlist")
        return _simulate_hls(design, vectors, seed, say, classify)
    mapped, prefix = list[Path](), ""
    if netlists:
        mapped, prefix = list(netlists(design, lambda line: say(f"synthesizing {line}"))), "netlist_"
    say("compiling")
    program, build_seconds = compile_design(design, waves, netlists=mapped, threads=threads)
    say("simulating")
    wave_file = design.root / f"{prefix}waves.vcd" if waves else None
    output, timing, seconds = stream(design, program, latent, seed, stall, wave_file, reset_first)
    result = {
        **_compared(design, golden, output, seed),
        "stall": stall,
        "how": "netlist" if netlists else "rtl",
        **_labels(vectors, output, classify),
        **measured(design, timing),
        "sim_seconds": round(seconds, 3),
        "kcycles_per_second": round(timing["cycles"] / seconds / 1000, 1),
        "threads": threads,
        "build_seconds": round(build_seconds, 1),
        "fifo_depths": design.fifos,
    }
    say("drawing")
    _save(
        design.root / f"{prefix}sim", result, golden, output, "netlist" if netlists else "RTL", vectors.label
    )
    return result


def _simulate_hls(
    design: Design, vectors: Vectors, seed: int, say: Progress, classify: Classify | None
) -> dict[str, Any]:
    latent, golden = streamed(vectors)
    say("compiling")
    program, build_seconds = compile_csim(design)
    say("simulating")
    output, counted, seconds = run_csim(design, program, latent, golden)
    result = {
        **_compared(design, golden, output, seed),
        "stall": 0.0,
        "how": "csim",
        **_labels(vectors, output, classify),
        **dict.fromkeys(("latency_cycles", "cycles_per_image", "efficiency")),
        "sim_seconds": round(seconds, 3),
        "kcycles_per_second": None,
        "build_seconds": round(build_seconds, 1),
        "fifo_depths": design.fifos,
        "iterations": iteration_report(design, counted),
    }
    say("drawing")
    _save(design.root / "sim", result, golden, output, "HLS", vectors.label)
    return result


def _compared(
    design: Design, golden: NDArray[np.int64], output: NDArray[np.int64], seed: int
) -> dict[str, Any]:
    return {
        "images": len(golden),
        "pixels": int(golden.size),
        "mismatches": int((output != golden).sum()),
        "golden": design.golden,
        "seed": seed,
    }


def _save(
    stem: Path,
    result: dict[str, Any],
    golden: NDArray[np.int64],
    output: NDArray[np.int64],
    source: str,
    label: NDArray[np.int64] | None,
) -> None:
    """Write STEM.png and STEM.json."""
    from fpgan.sim.pictures import save_comparison

    save_comparison(stem.with_suffix(".png"), golden, output, source, label)
    write_json(stem.with_suffix(".json"), result)


def streamed(vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Latents and images as they are streamed, (N,H,W,C)."""
    return vectors.latent.transpose(0, 2, 3, 1), vectors.image.transpose(0, 2, 3, 1)


def golden_of(design: Design) -> Vectors:
    """BUILD/golden.npz. ValueError where it is missing or broken."""
    path = design.root / "golden.npz"
    try:
        return Vectors.load(path)
    except (OSError, KeyError, ValueError):
        raise ValueError(f"{path}: missing or broken; run fpgan build again") from None


def _labels(vectors: Vectors, output: NDArray[np.int64], classify: Classify | None) -> dict[str, Any]:
    """What was asked for, and how often the hardware's images (N,H,W,C) show it."""
    if vectors.label is None:
        return {}
    seen = agreement(vectors, output.transpose(0, 3, 1, 2), classify)
    return {"labels": vectors.label.tolist(), "label_agreement": seen}


def stream(
    design: Design,
    program: Path,
    latent: NDArray[np.int64],
    seed: int,
    stall: float,
    waves: Path | None,
    reset_first: bool = False,
) -> tuple[NDArray[np.int64], dict[str, Any], float]:
    """Run a compiled design on latents (N,H,W,C): images (N,H,W,C), what it prints, seconds. ToolError."""
    source, sink = design.input, design.output
    images, out_bytes = len(latent), sink.tdata_bits // 8
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder) / "in.bin", Path(folder) / "out.bin"
        given.write_bytes(pack(latent, source.elements_per_beat, source.element_bits).tobytes())
        command = [
            str(program), str(given), str(taken), str(images), str(source.beats), str(source.tdata_bits // 8),
            str(sink.beats), str(out_bytes), str(stall), str(seed), str(_RESET_AFTER if reset_first else 0),
            str(waves or "-"),
        ]  # fmt: skip
        start = time.monotonic()
        text = _harness(command, design.rtl, program.parent / "simulate.log")
        seconds = time.monotonic() - start
        words = np.fromfile(taken, np.uint8).reshape(-1, out_bytes)
    values = unpack(words, sink.elements_per_beat, sink.element_bits, sink.signed)
    return values.reshape(images, *sink.shape[1:]), json.loads(text.splitlines()[-1]), seconds


def _harness(command: list[str], cwd: Path, log: Path) -> str:
    """Run the harness; of one that fails, the error is what it said: an assertion, or its last line."""
    try:
        return run(command, cwd, log, "simulating")
    except ToolError as error:
        said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        if not said:
            raise
        cause = next((line for line in said if line.startswith("%Error")), said[-1])
        raise ToolError(f"simulating: {cause} (log: {log})", error.command, log) from None


def measured(design: Design, timing: dict[str, Any]) -> dict[str, Any]:
    """Latency of the first image, from idle, and the steady distance between images."""
    ends = timing["last_out"]
    latency = ends[0] - timing["first_in"][0] + 1
    gaps = np.diff(ends)
    cycles = int(np.median(gaps[len(gaps) // 2 :])) if len(gaps) else latency
    report = design.report
    return {
        "latency_cycles": latency,
        "cycles_per_image": cycles,
        "efficiency": round(report["useful_macs_per_image"] / (cycles * report["mac_lanes"]), 4),
    }
