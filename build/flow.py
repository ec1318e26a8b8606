# SPDX-License-Identifier: Apache-2.0
"""A build: QONNX file in, a folder with RTL, dataflow graph and report out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_datatypes import InferDataTypes

from fpgan.build.arguments import Arguments, Backend, checked
from fpgan.build.best_design import folded, widened
from fpgan.build.dataflow.any_weights import widen
from fpgan.build.dataflow.batches import streamed
from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.ops import register
from fpgan.build.dataflow.streams import insert_streams
from fpgan.build.dataflow.styles import DeconvStyle, Storage
from fpgan.build.folding.capacity import check_weights
from fpgan.build.folding.like import columns_like, fold_like
from fpgan.build.folding.limits import clocked, left_out
from fpgan.build.folding.size_fifos import one_word_less, size_fifos
from fpgan.build.frontend.ends import Ends
from fpgan.build.frontend.network import Network
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import REPORT_IT, Golden, check_dataflow, golden_vectors
from fpgan.build.proof.onnx_runtime import against_runtime
from fpgan.build.proof.thresholds import prove_thresholds
from fpgan.build.proof.ulp_sensitive import notes, ulp_sensitive
from fpgan.build.report.made import made
from fpgan.build.report.summary import summarize
from fpgan.build.writers.hls import emit_hls, hls_layers
from fpgan.build.writers.ip_xact import write_component
from fpgan.build.writers.loading import weights_content
from fpgan.build.writers.rtl import emit_rtl
from fpgan.build.writers.streaming import streamed_content
from fpgan.hw.build_files import VERSION
from fpgan.hw.design import MARKER, STREAMED, WEIGHTS, WRITTEN
from fpgan.hw.design_file import DesignFile
from fpgan.hw.report_file import Report
from fpgan.hw.system.fields import as_written
from fpgan.hw.system.folders import emptied, replaced_folder
from fpgan.hw.system.tools import CheckError

Progress = Callable[[str], None]
_COUNTS = 5  # foldings that are counted


def build(
    model: str | Path,
    out: str | Path = "build_out",
    board: str = "ultra96",
    clock_mhz: float | None = None,
    target_fps: float | None = None,
    max_utilization: float = 0.8,
    budget: Mapping[str, int] | None = None,
    cores: Collection[str] = ("lut", "dsp"),
    deconv: DeconvStyle = "subpixel",
    like: str | Path | None = None,
    progress: Progress | None = None,
    backend: Backend = "rtl",
    input: str | None = None,
    output: str | None = None,
    weight_storage: Storage = "rom",
    any_weights: bool = False,
    batch: int | None = None,
    exact: bool = False,
) -> dict[str, Any]:
    """Turn a quantized generator (an ONNX file, QONNX or QCDQ) into RTL, or C++ for Vitis HLS, for a board.

        from fpgan.build.flow import build
        report = build("mnist32.onnx", out="mnist32_build", board="ultra96", target_fps=50_000)
        print(report["cycles_per_image"])

    model: ONNX file, see `inspect`; FILE.golden.npz beside it (written by export) holds PyTorch's images to
        verify with.
    out: folder to write; an earlier build there is replaced, anything else is refused.
    board: a name from hw/boards/boards.yaml, or what PYNQ, FINN or Vivado call it.
    clock_mhz: where not given the board's default, or a slower one that a core holds (dsp2x: 200 MHz) if that
        makes more images per second. A core is left out at a clock that it does not hold.
    target_fps: the cheapest design that reaches it; without it, the fastest that fits.
    max_utilization: share of the board's LUT, DSP, BRAM and URAM that may be used.
    budget: amounts that replace that share: any of LUT, DSP, BRAM18, URAM; BANDWIDTH: MB/s of the board's
        memory.
    cores: compute cores to choose from: lut, dsp (packed DSP slices), dsp2x (the same at twice the clock: the
        accelerator then has a second clock input, ap_clk2x), cascade (sums along the cascades of DSP slices).
    deconv: subpixel, or zero_insert (the baseline, stride^2 times the work).
    like: an earlier BUILD whose PE, SIMD and cores are taken over, to compare at the same lanes.
    input, output: how they are quantized where the file does not say, as u8:0.00390625 (unsigned, 8 bits,
        the value of one step); an output that has bounds, as a Tanh's, gets 8 bits over them by itself.
    progress: called with the name of each step.
    backend: rtl (SystemVerilog), or hls: the same layers, folding and streams as C++ with a script for Vitis
        HLS. Resource estimates are those of the RTL either way; dsp2x and cascade are for rtl alone.
    weight_storage: rom (in the bitstream), loaded (weights and thresholds are written before the first
        image, from out/weights.bin; `weights` writes those of another training), streamed (read from memory,
        out/streamed.bin, over ports of their own while images are computed, where a layer's weights are more
        than the images that are held for it; else rom), or auto (by layer, what is cheaper: UltraRAM, which
        only loaded weights can use, constants, or streams).
    batch: images for which streamed weights are read once; 1 where not given, which has the least latency.
    any_weights: make sums wide enough for any weights of the same bits, not for these alone.
    exact: count each design with Yosys, and fold again, with less, where one exceeds what it may use; minutes
        for each. Leaves out/synth.json.

    Returns what out/report.json says. Writes out/rtl or out/hls, out/dataflow.onnx, out/integer.onnx,
    out/design.json, out/golden.npz, out/report.json. Proves that every threshold equals the file's float
    function (report's `threshold_proof`), and counts the accumulator values of which another library than
    PyTorch may make another integer (`ulp_sensitive`). Raises ValueError in one line for bad input or a
    target out of reach, CheckError where the golden vectors are another network's; an earlier build is then
    as it was.
    """
    provenance = made(build, locals())
    say = progress or (lambda _: None)
    asked = checked(
        model, out, board, clock_mhz, target_fps, max_utilization, budget, cores, deconv, like, backend,
        weight_storage, any_weights, batch, exact,
    )  # fmt: skip
    clocks = clocked(asked.clock_mhz, cores, clock_mhz is not None)
    ends = Ends.parse(input, output)
    path, out = Path(model), Path(out)
    say("reading")
    register()
    file = load_model(path)
    network = read_network(file, ends)
    if like is None and not asked.limits.bandwidth:  # else they need not lie in the chip
        check_weights(network, asked.limits, asked.share, asked.storage != "rom")
    say("golden vectors")
    golden = golden_vectors(path, network)
    runtime = against_runtime(file, network, golden.vectors)
    with replaced_folder(out, MARKER, WRITTEN) as partial:
        say("integer graph")
        integers = integer_graph(network)
        say("lowering")
        lowered = lower(integers, deconv)
        if any_weights:
            widen(lowered)
        facts = {"name": _printable(path.stem), "made": provenance, "backend": backend, "deconv": deconv,
                 "limits": vars(asked.limits), "float32": golden.float32,
                 "onnx_runtime": runtime}  # fmt: skip
        graphs = [lowered, *widened(lowered, deconv, backend)]
        taken = None if like is None else Path(like)
        task = _Task(network, integers, graphs, asked, clocks, cores, taken, golden, facts)
        return _counted(task, partial, say) if exact else _designed(task, partial, say)


@dataclass(frozen=True)
class _Task:
    """What a design is made of; facts: of report.json, what is known before the folding."""

    network: Network
    integers: ModelWrapper
    graphs: Sequence[ModelWrapper]
    asked: Arguments
    clocks: Sequence[tuple[float, Collection[str]]]
    cores: Collection[str]
    like: Path | None
    golden: Golden
    facts: dict[str, Any]


def _counted(task: _Task, folder: Path, say: Progress) -> dict[str, Any]:
    """A design that takes no more than it may, as Yosys counts it.

    What one takes beyond that is what the next one's estimate is less than its own. ValueError where none of
    _COUNTS does.
    """
    from fpgan.build.implement.synthesize import synth

    limits = task.asked.limits
    for _ in range(_COUNTS):
        report = _designed(task, folder, say)
        totals = synth(folder, progress=say)["totals"]
        counted = {kind: amount for kind, amount in vars(limits).items() if kind.upper() in totals}
        over = {kind: totals[kind.upper()] - amount for kind, amount in counted.items()}
        if max(over.values()) <= 0:
            return report
        less = {
            kind: max(0, report["totals"][kind.upper()] - more) for kind, more in over.items() if more > 0
        }
        task = replace(task, asked=replace(task.asked, limits=replace(task.asked.limits, **less)))
        say(f"counted {_excess(over)} too much")
        emptied(folder)
    raise ValueError(
        f"Yosys counts {_excess(over)} more than {limits} after {_COUNTS} foldings; allow more of the board, "
        "or ask for another rate"
    )


def _excess(over: Mapping[str, int]) -> str:
    return " ".join(f"{kind.upper()}={more}" for kind, more in over.items() if more > 0)


def _designed(task: _Task, folder: Path, say: Progress) -> dict[str, Any]:
    """Fold, prove and write."""
    asked, like, network = task.asked, task.like, task.network
    say("folding, sizing FIFOs")
    if like is None:
        asked, dataflow, depths, decision = folded(task.graphs, asked, task.clocks)
        _check_streamed(dataflow, asked)
    else:
        dataflow = columns_like(task.graphs[0], like)
        fold_like(dataflow, like, asked.board.part)
        depths, decision = size_fifos(dataflow), None
    slack = one_word_less(dataflow, depths)
    dataflow = insert_streams(dataflow, depths).transform(InferDataTypes())
    say("proving thresholds")
    proof, ulp = _proved(network, dataflow), ulp_sensitive(network)
    say("writing")
    missing = [] if like else left_out(asked.clock_mhz, task.cores)
    more = {"decision": decision, "cycles_with_one_fifo_word_less": slack, "threshold_proof": proof,
            "ulp_sensitive": ulp, "notes": [*network.notes, *missing, *notes(ulp)]}  # fmt: skip
    return _write(folder, dataflow, task.integers, asked, task.facts | more, task.golden)


def _check_streamed(dataflow: ModelWrapper, asked: Arguments) -> None:
    """ValueError where weights were to be streamed and no layer's are."""
    if asked.storage == "streamed" and not any(map(streamed, dataflow.graph.node)):
        raise ValueError(
            "weight_storage=streamed: in no layer are weights more bits than the images that "
            f"batch={asked.batch} holds for it; take a smaller batch, or weight_storage=rom"
        )


def _write(
    folder: Path,
    dataflow: ModelWrapper,
    integers: ModelWrapper,
    asked: Arguments,
    more: dict[str, Any],
    golden: Golden,
) -> dict[str, Any]:
    board, clock = asked.board, asked.clock_mhz
    summary, written = summarize(dataflow, board, clock, asked.share), dataflow
    if more["backend"] == "hls":
        written = hls_layers(dataflow)
        for layer, node in zip(summary["layers"], written.graph.node, strict=True):
            layer["op"] = node.op_type
        emitted = emit_hls(written, board, clock, golden.vectors, folder / "hls")
    else:
        emitted = emit_rtl(dataflow, board.part, clock, folder / "rtl")
        if weights := emitted.get("weights"):
            (folder / WEIGHTS).write_bytes(weights_content(dataflow, weights["identity"]))
        if streams := emitted.get("streams"):
            (folder / STREAMED).write_bytes(streamed_content(dataflow, streams["identity"]))
    design = {
        "version": VERSION, "name": more["name"], "backend": more["backend"], "board": board.name,
        "part": board.part, "family": board.family, "clock_mhz": clock, "golden": golden.source, **emitted,
    }  # fmt: skip
    if more["backend"] == "rtl":
        write_component(design, folder)
    check = check_dataflow(written, golden.vectors)
    report = as_written(Report, {**summary, **more, "dataflow_check": check})
    integers.save(str(folder / "integer.onnx"))
    written.save(str(folder / "dataflow.onnx"))
    golden.vectors.save(folder / "golden.npz")
    for name, content in (("design.json", as_written(DesignFile, design)), ("report.json", report)):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return report


def _proved(network: Network, dataflow: ModelWrapper) -> dict[str, Any]:
    """The proof of the thresholds. CheckError where one is wrong."""
    proof = prove_thresholds(network, dataflow)
    if proof["mismatches"]:
        wrong = f"{proof['mismatches']:,} accumulator values"
        raise CheckError(f"thresholds differ from the float function at {wrong}; {REPORT_IT}")
    return proof


def _printable(name: str) -> str:
    """A file's name, which may hold anything, as one line of text."""
    return "".join(letter if letter.isprintable() else "_" for letter in name)
