# SPDX-License-Identifier: Apache-2.0
"""`Build`: a BUILD folder, and what the commands do with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fpgan.build.api.deployments import Deployment
from fpgan.build.api.result import R, read, result
from fpgan.build.api.results import Page, Plan, PowerEstimate, Simulation, Synthesis
from fpgan.build.arguments import Backend, checked
from fpgan.build.dataflow.styles import DeconvStyle, Storage
from fpgan.build.implement.route.nextpnr import SEEDS
from fpgan.hw.build_files import AGAIN
from fpgan.hw.design import Design

Progress = Callable[[str], None]
File = str | os.PathLike[str]


@dataclass(frozen=True)
class Build:
    """A design on disk: `from_onnx` makes one, `open` takes one that is there.

    root: its folder.

    Methods are the commands of the same names: they write the same files, take the same arguments, raise
    ValueError, one line, where a command refuses its input, and ToolError where a tool or a check fails.
    `progress` is called with the name of each step.
    """

    root: Path

    @classmethod
    def from_onnx(
        cls,
        model: File,
        out: File = "build_out",
        *,
        board: str = "ultra96",
        clock_mhz: float | None = None,
        target_fps: float | None = None,
        max_utilization: float = 0.8,
        budget: Mapping[str, int] | None = None,
        cores: Collection[str] = ("lut", "dsp"),
        deconv: DeconvStyle = "subpixel",
        like: File | None = None,
        input: str | None = None,
        output: str | None = None,
        backend: Backend = "rtl",
        weight_storage: Storage = "rom",
        any_weights: bool = False,
        batch: int | None = None,
        exact: bool = False,
        progress: Progress | None = None,
    ) -> Build:
        """Turn a quantized ONNX file, QONNX or QCDQ, into RTL, or into C++ for Vitis HLS.

            design = Build.from_onnx("mnist32.onnx", board="ultra96", target_fps=50_000)
            print(design.plan.cycles_per_image)

        model: the file; FILE.golden.npz beside it, as export writes it, holds PyTorch's images to compare
        with. out: folder to write; an earlier BUILD there is replaced, anything else is refused.
        board: a name of hw/boards/boards.yaml, or what PYNQ, FINN or Vivado call it. clock_mhz: the board's.
        target_fps: the cheapest design that makes so many images per second; without it the fastest that
        fits. max_utilization: share of the board that may be used; budget: amounts of LUT, DSP, BRAM18 in
        its place. cores: of lut, dsp, dsp2x, cascade. deconv: zero_insert is the literal reading, for
        comparison. like: BUILD whose folding is taken over. input, output: quantizers that the file lacks, as
        u8:0.00390625. backend: hls for C++. weight_storage: loaded: written before the first image; streamed:
        read from memory for each batch of images, batch; auto: what is cheaper, layer by layer. any_weights:
        room for any weights of the same bits, not these alone. exact: count each design with Yosys and fold
        again where it takes more than it may.

        Raises ValueError for bad input or a target out of reach, before anything is replaced; CheckError
        where thresholds or the finished graph differ from the file's function.
        """
        given = Path(model), Path(out), board, clock_mhz, target_fps, max_utilization, budget, cores, deconv
        taken = None if like is None else Path(like)
        checked(
            *given, taken, backend, weight_storage, any_weights, batch, exact
        )  # before what takes seconds to import
        from fpgan.build.flow import build

        more = weight_storage, any_weights, batch, exact
        report = build(*given, taken, progress, backend, input, output, *more)
        result(Plan, report, Path(out)).check()
        return cls.open(out)

    @classmethod
    def open(cls, folder: File) -> Build:
        """A BUILD that is there. ValueError where it is none, damaged or of another version."""
        return cls(Design.load(Path(folder)).root)

    @property
    def design(self) -> Design:
        """design.json: streams, layers, sources."""
        return Design.load(self.root)

    @property
    def plan(self) -> Plan:
        """report.json: cycles, resources as estimated, what was proved."""
        return read(Plan, self.root / "report.json", AGAIN)

    @property
    def simulation(self) -> Simulation | None:
        """What the last `simulate` of the RTL, or of the C++, measured; None where there was none."""
        return self._last(Simulation, "sim.json", "run fpgan sim again")

    @property
    def synthesis(self) -> Synthesis | None:
        """What the last `synth` counted; None where there was none."""
        return self._last(Synthesis, "synth.json", "run fpgan synth again")

    @property
    def power_estimate(self) -> PowerEstimate | None:
        """What the last `power` estimated; None where there was none."""
        return self._last(PowerEstimate, "power.json", "run fpgan power again")

    def simulate(
        self,
        images: int | None = None,
        *,
        label: int | Sequence[int] | None = None,
        seed: int = 0,
        stall: float = 0.0,
        waves: bool = False,
        layers: bool = False,
        reset_first: bool = False,
        netlist: bool = False,
        threads: int = 1,
        walk: int | None = None,
        truncation: float | None = None,
        weights: File | None = None,
        progress: Progress | None = None,
    ) -> Simulation:
        """Stream images through the RTL in Verilator, or an HLS build's C++, and compare them with PyTorch's.

            assert design.simulate(64, stall=0.3).mismatches == 0

        images: how many, back to back; 64 or all, with waves 1. label: what to draw, of a design with
        classes. seed: which golden vectors. stall: probability that either side pauses in a cycle. waves:
        also write waves.fst. layers: also compare every layer's stream with numpy's. reset_first: begin with
        a reset inside an image. netlist: simulate what Yosys makes of each layer. threads: of the simulation.
        walk: through so many golden latents and back to the first, as walk.gif; truncation: of what is random
        in them, the share to keep. weights: a file of `weights`, of a design whose weights are loaded.

        Pixels that differ are no exception: `mismatches`, `differences`; `check()` raises.
        """
        from fpgan.build.api import simulating

        found = simulating.simulate(
            self.root, images, seed, stall, waves, reset_first, label, threads, layers, netlist,
            simulating.walk_of(walk, truncation), progress, None if weights is None else Path(weights),
        )  # fmt: skip
        return result(Simulation, found, self.root)

    def weights(
        self,
        model: File,
        out: File = "weights.bin",
        *,
        input: str | None = None,
        output: str | None = None,
        progress: Progress | None = None,
    ) -> Path:
        """Write the weights of another training of this design's network, for `simulate` and for a board.

        model: its ONNX file; input, output: as `from_onnx` takes them. Also writes golden vectors beside.
        ValueError for another network, and by name where a width does not hold the weights.
        """
        from fpgan.build.new_weights import weights

        weights(model, self.root, out, progress, input, output)
        return Path(out)

    def synth(
        self,
        tool: Literal["yosys", "vivado"] = "yosys",
        *,
        jobs: int = 2,
        pnr: bool = False,
        seeds: int = SEEDS,
        progress: Progress | None = None,
    ) -> Synthesis:
        """Count LUTs, flip-flops, DSPs and block RAMs of every layer, and estimate the clock.

        jobs: layers at once. pnr: also place and route with nextpnr-xilinx, once for each of `seeds`.
        """
        from fpgan.build.implement.synthesize import synth

        return result(Synthesis, synth(self.root, tool, jobs, progress, pnr, seeds), self.root)

    def power(
        self, images: int = 8, *, seed: int = 0, stall: float = 0.0, progress: Progress | None = None
    ) -> PowerEstimate:
        """Estimate watts, and energy per image, from the toggles of a simulation of `images`."""
        from fpgan.build.implement.power import power

        return result(PowerEstimate, power(self.root, images, seed, stall, progress), self.root)

    def bitstream(
        self,
        out: File = "deploy",
        *,
        board: str | None = None,
        tool: Literal["vivado", "openxc7"] = "vivado",
        bus: Literal["axi", "axil"] | None = None,
        seeds: int = SEEDS,
        target_fps: float | None = None,
        progress: Progress | None = None,
    ) -> Deployment:
        """What a board needs: bitstream, driver, golden images and a self-test, in the folder `out`.

        Where the tool is not installed, `missing` of the result says what to run where. bus: axi (registers
        and a memory master) or axil (registers alone). seeds: placements that openxc7 tries. target_fps:
        images per second at the routed clock; openxc7 then folds this BUILD again until they are made.
        """
        if target_fps is None:
            from fpgan.build.implement.bitstream import bitstream

            facts = bitstream(self.root, Path(out), board, tool, bus, progress, seeds)
        else:
            from fpgan.build.silicon import bitstream_at

            facts = bitstream_at(target_fps, self.root, Path(out), board, tool, bus, progress, seeds)
        return result(Deployment, facts, Path(out).resolve())

    def report(self, baseline: File | None = None) -> Page:
        """Write report.html: one page with cycles, resources, images.

        baseline: a zero_insert BUILD to compare with.
        """
        from fpgan.build.report.page import report

        return Page(report(self.root, None if baseline is None else Path(baseline)))

    def _last(self, kind: type[R], name: str, then: str) -> R | None:
        path = self.root / name
        return read(kind, path, then) if path.exists() else None

    def _repr_html_(self) -> str:
        return self.plan._repr_html_()
