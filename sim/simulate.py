# SPDX-License-Identifier: Apache-2.0
"""Simulation of a built design, compared with PyTorch on every pixel: RTL to the cycle, or HLS as C++."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.design import Design
from fpgan.sim.chosen import Exact, chosen_vectors
from fpgan.sim.compiled.compile import Compilation, compile_design
from fpgan.sim.compiled.csim import compile_csim, iteration_report, run_csim
from fpgan.sim.compiled.programs import private_folder
from fpgan.sim.compiled.stream import Run, StarvedError, Streamed, stream
from fpgan.sim.compiled.waves import LIMIT, put_waves, waves_format, waves_report
from fpgan.sim.differences import differences
from fpgan.sim.layers import Layers, LayerTruth, compare_layers, taps
from fpgan.sim.results import save_result
from fpgan.sim.steady import steady
from fpgan.sim.vectors import Classify, Vectors, agreement
from fpgan.sim.walk import Walk
from fpgan.sim.weights import check_streamed, chosen_weights

Progress = Callable[[str], None]
Netlists = Callable[[Design, Progress], Sequence[Path]]  # of each layer, made where they are not there yet
_TRIAL = 1.0  # seconds after which it is seen whether threads have cores to themselves
_BUSY = 0.8  # share of their time that threads run, below which they wait for each other


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
    layers: Layers | None = None,
    exact: Exact | None = None,
    walk: Walk | None = None,
    weights: Path | None = None,
) -> dict[str, Any]:
    """Stream images through the RTL in Verilator, or an HLS build's C++, and compare them with PyTorch's.

    build: a BUILD folder; its golden.npz holds the latents and PyTorch's images.
    images: how many, back to back, without a reset between them; chosen by seed. Left out: 64, or all; with
    waves one.
    stall: probability that either side pauses in a cycle. waves: also write BUILD/waves.fst, or waves.vcd
    where there is no liblz4 to compile with; it ends at 1 GB, the simulation does not.
    reset_first: begin with a run that is reset in the middle of an image.
    netlists: simulate what synthesis makes of each layer, Xilinx primitives, in place of the RTL; such as
    build.implement.synth.yosys.netlists, which is called once all arguments are known to be good.
    label: what to draw, of a design with classes, one label or several in turn; left out, all in turn.
    threads: of the simulation. More are faster where the design is wide and the cores have nothing else to
    do; where they have, threads wait for each other: where that shows in the first second, one takes over.
    classify: what tells how often the images show their labels, such as model.features.classify.
    layers: also compare what every layer puts out with what numpy says, such as
    build.proof.layer_truth.layer_truth.
    exact: what makes images of latents that golden.npz has none for, such as
    build.proof.numpy_images.numpy_images; `numpy_images` counts them. They are asked for where a file brought
    no vectors of PyTorch's, and for the frames of a walk.
    walk: a way through golden latents, those of `label` in turn, in `images` frames, 12 for each if left out;
    also writes walk.gif.
    weights: of a design whose weights are loaded, a file of `fpgan weights` in place of BUILD/weights.bin;
    the images are compared with those in NAME.golden.npz beside it.

    Of an HLS build the C++ is compiled with g++ and run: `how` is then "csim" and whatever is counted in
    cycles null, for C simulation has no clock; `iterations` says per layer how often its loop, of one step
    per cycle once synthesized at II = 1, runs for an image, beside the cycles that report.json predicts.

    Writes BUILD/sim.json, sim.png and sim.npz (latent, expected and image), with `netlists` the same as
    netlist_sim; returns what the .json says. A mismatch is no exception: look at `mismatches`, the first of
    which are `differences`, and at `first_layer`. Raises ValueError for bad arguments, ToolError when a tool
    fails or the simulation hangs.
    """
    design = Design.load(build)
    if not 0 <= stall < 1:
        raise ValueError(f"stall={stall} must be in [0, 1)")
    cores = len(os.sched_getaffinity(0))
    if not 1 <= threads <= cores:
        raise ValueError(f"threads={threads}: must be from 1 to the {cores} cores that there are")
    say = progress or (lambda _: None)
    if design.backend == "hls" and (stall or waves or reset_first or netlists or layers):
        design.require_rtl("a simulation with stalls, waves, reset, netlist or layers")
    asked = 1 if waves and images is None and walk is None else images
    loaded = chosen_weights(design, weights, bool(layers or walk))
    check_streamed(design, bool(layers))
    vectors, made = chosen_vectors(design, asked, seed, label, walk, exact, say, loaded.golden)
    computed = _computed(made, walk, bool(netlists))
    if design.backend == "hls":
        return _simulate_hls(design, vectors, seed, say, classify, computed)
    truth = layers(design) if layers else None
    mapped = netlists(design, lambda line: say(f"synthesizing {line}")) if netlists else ()
    what = Compilation(tuple(mapped), threads, taps=taps(design, truth.streams) if truth else "")
    verilated = _Verilated(design, vectors, Run(seed, stall, reset_first, weights=loaded.file), say)
    result, output = verilated.run(what, waves, truth)
    result |= _labels(vectors, output, classify) | computed
    say("drawing")
    save_result(verilated.stem(what), result, vectors, output, "netlist" if netlists else "RTL")
    return result


@dataclass(frozen=True)
class _Verilated:
    """A simulation in Verilator."""

    design: Design
    vectors: Vectors
    how: Run
    say: Progress

    def stem(self, what: Compilation) -> Path:
        """Where the results go, without a suffix."""
        return self.design.root / ("netlist_sim" if what.netlists else "sim")

    def run(
        self, what: Compilation, waves: bool, truth: LayerTruth | None
    ) -> tuple[dict[str, Any], NDArray[np.int64]]:
        """What sim.json says but for labels, and the images (N,H,W,C)."""
        design, stem = self.design, self.stem(what)
        with private_folder(design.root, stem.name) as folder:
            what = replace(what, trace=waves_format(folder) if waves else "")
            ran, seconds, warning = self._threaded(what, folder)
            compared = compare_layers(truth, self.vectors.latent, folder) if truth else []
        result = {
            **_compared(design, self.vectors, ran.output, self.how.seed),
            "stall": self.how.stall,
            "how": "netlist" if what.netlists else "rtl",
            **measured(design, ran.said),
            "sim_seconds": round(ran.seconds, 3),
            "kcycles_per_second": round(
                (ran.said["cycles"] + ran.said["load_cycles"]) / ran.seconds / 1000, 1
            ),
            "threads": ran.said["threads"],
            "threads_warning": warning or _busy(ran.said),
            "build_seconds": round(seconds, 1),
            "fifo_depths": design.fifos,
        }
        if design.weights:
            result["load_cycles"] = ran.said["load_cycles"]
        if waves:
            result["waves"] = waves_report(self._waves(what), ran.said)
        return result | (_layers(compared) if truth else {}), ran.output

    def _threaded(self, what: Compilation, folder: Path) -> tuple[Streamed, float, str | None]:
        """Run with the threads asked for, or with one where their cores are busy; seconds, and a warning."""
        try:
            return *self._streamed(what, folder), None
        except StarvedError as error:
            one = f"{what.threads} threads ran {error.share:.0%} of the time: the cores are busy, so one ran"
            self.say(one)
            return *self._streamed(replace(what, threads=1), folder), one

    def _streamed(self, what: Compilation, folder: Path) -> tuple[Streamed, float]:
        design, log = self.design, self.stem(what).with_suffix(".log")
        self.say("compiling")
        program, seconds = compile_design(design, what, folder, log)
        self.say("simulating")
        waves = folder / f"waves.{what.trace}" if what.trace else None
        how = replace(self.how, waves=waves, waves_limit=LIMIT, trial=_TRIAL if what.threads > 1 else 0.0,
                      taps=folder if what.taps else None)  # fmt: skip
        try:
            latent = self.vectors.latent.transpose(0, 2, 3, 1)
            return stream(design, program, log, latent, how), seconds
        finally:
            if waves and waves.exists():  # those of a simulation that hangs are wanted most
                put_waves(waves, self._waves(what))

    def _waves(self, what: Compilation) -> Path:
        name = "netlist_waves" if what.netlists else "waves"
        return self.design.root / f"{name}.{what.trace}"


def _busy(said: dict[str, Any]) -> str | None:
    """A warning where threads had to wait for each other after all."""
    if said["threads"] == 1 or said["threads_ran"] >= _BUSY:
        return None
    return (
        f"{said['threads']} threads ran {said['threads_ran']:.0%} of the time: the cores are busy; "
        "one may be faster"
    )


def _layers(compared: Sequence[dict[str, Any]]) -> dict[str, Any]:
    wrong = (layer["name"] for layer in compared if layer["mismatches"])
    return {"layers": compared, "first_layer": next(wrong, None)}


def _simulate_hls(
    design: Design,
    vectors: Vectors,
    seed: int,
    say: Progress,
    classify: Classify | None,
    computed: dict[str, Any],
) -> dict[str, Any]:
    latent, golden = streamed(vectors)
    log = design.root / "sim.log"
    with private_folder(design.root, "sim") as folder:
        say("compiling")
        program, build_seconds = compile_csim(design, folder, log)
        say("simulating")
        output, counted, seconds = run_csim(design, program, log, latent, golden)
    result = {
        **_compared(design, vectors, output, seed),
        "stall": 0.0,
        "how": "csim",
        **_labels(vectors, output, classify),
        **dict.fromkeys(("latency_cycles", "cycles_per_image", "efficiency")),
        "sim_seconds": round(seconds, 3),
        "kcycles_per_second": None,
        "build_seconds": round(build_seconds, 1),
        "fifo_depths": design.fifos,
        "iterations": iteration_report(design, counted),
        **computed,
    }
    say("drawing")
    save_result(design.root / "sim", result, vectors, output, "HLS")
    return result


def _computed(images: int, walk: Walk | None, netlists: bool) -> dict[str, Any]:
    """What sim.json says of images that are not golden ones, and of a walk."""
    said: dict[str, Any] = {"numpy_images": images} if images else {}
    if walk is not None:
        file = "netlist_walk.gif" if netlists else "walk.gif"
        said["walk"] = {"latents": walk.latents, "truncation": walk.truncation, "file": file}
    return said


def _compared(design: Design, vectors: Vectors, output: NDArray[np.int64], seed: int) -> dict[str, Any]:
    golden = vectors.image.transpose(0, 2, 3, 1)
    return {
        "images": len(golden),
        "pixels": int(golden.size),
        "mismatches": int((output != golden).sum()),
        "differences": differences(golden, output),
        "golden": design.golden,
        "seed": seed,
    }


def streamed(vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Latents and images as they are streamed, (N,H,W,C)."""
    return vectors.latent.transpose(0, 2, 3, 1), vectors.image.transpose(0, 2, 3, 1)


def _labels(vectors: Vectors, output: NDArray[np.int64], classify: Classify | None) -> dict[str, Any]:
    """What was asked for, and how often the hardware's images (N,H,W,C) show it."""
    if vectors.label is None:
        return {}
    seen = agreement(vectors, output.transpose(0, 3, 1, 2), classify)
    return {"labels": vectors.label.tolist(), "label_agreement": seen}


def measured(design: Design, timing: dict[str, Any]) -> dict[str, Any]:
    """Latency of the first image, from idle, and the steady distance between images."""
    ends = timing["last_out"]
    latency = ends[0] - timing["first_in"][0] + 1
    batch = design.streams.batch if design.streams else 1
    ends = ends[batch - 1 :: batch]  # images of a batch leave as fast as they can
    gaps = np.diff(ends)
    irregular = int(np.median(gaps[len(gaps) // 2 :])) if len(gaps) else ends[0] - timing["first_in"][0] + 1
    cycles = -(-(steady(ends) or irregular) // batch)
    report = design.report
    return {
        "latency_cycles": latency,
        "cycles_per_image": cycles,
        "efficiency": round(report["useful_macs_per_image"] / (cycles * report["mac_lanes"]), 4),
    }
