# SPDX-License-Identifier: Apache-2.0
"""report.json: what a build is expected to take and to need, and what was proved of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fpgan.hw.build_files import NAME
from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Number, Whole

_COUNT = Whole()


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Resources of a board or a design."""

    LUT: int = said("LUT sites: logic, distributed RAM, shift registers", "LUT", stable=True, within=_COUNT)
    FF: int = said("flip-flops", "FF", stable=True, within=_COUNT)
    DSP: int = said("DSP slices", "DSP48", stable=True, within=_COUNT)
    BRAM18: int = said("halves of a block RAM", "18 Kb", stable=True, within=_COUNT)
    URAM: int = said("UltraRAMs", "288 Kb", stable=True, within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class LayerLatency:
    """When the first image's words pass a layer."""

    first_in: int = said("its first input word, after the design's first", "cycles")
    first_out: int = said("its first output word", "cycles")
    last_out: int = said("its last output word", "cycles")
    adds: int = said("what it adds to the latency of a chain; these sum to the whole", "cycles")


@dataclass(frozen=True, kw_only=True)
class ReportLine:
    """A requantizer's line: (multiplier * sum + offset) >> shift, with a mark for each channel and level."""

    multiplier_bits: int = said("of a channel, unsigned", "bits", within=_COUNT)
    offset_bits: int = said("of a channel, signed", "bits", within=_COUNT)
    shift: int = said("to the right", "bits", within=Whole(1))
    levels: int = said("the highest; the lowest is 0", within=Whole(1))
    mark_bits: int = said("of a mark; 0 where every level lies on its line", "bits", within=_COUNT)
    memory_bits: int = said("that lines and marks take in all", "bits", within=_COUNT)
    threshold_bits: int = said("that thresholds would take in their place", "bits", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class ReportSide:
    """Output channels of a layer that another core computes than the others."""

    pe: int = said("of the layer's pe", within=_COUNT)
    core: str = said("compute core: lut, cascade")
    weight_memory: str = said("where their weights lie")


@dataclass(frozen=True, kw_only=True)
class ReportStream:
    """How a layer's weights are streamed."""

    tiles: int = said("of its output channels, each of which is computed for a whole batch", within=Whole(2))
    batch: int = said("for which each weight is read once", "images", within=Whole(1))
    bytes: int = said("that are read for a batch", "bytes", within=Whole(1))
    mb_per_s: float = said("of the memory that it gets", "MB/s", within=Number(0, 1e9))


@dataclass(frozen=True, kw_only=True)
class ReportLayer:
    """A node of the dataflow graph, streams included."""

    name: str = said("of the node, its module and its row in synth.json", stable=True, within=NAME)
    op: str = said("FINN's name of the op", stable=True, within=NAME)
    pe: int = said("output channels per cycle (FINN's PE)", stable=True, within=_COUNT)
    simd: int = said("input channels per cycle (FINN's SIMD)", stable=True, within=_COUNT)
    cycles: int = said("of an image by FINN's formula, alone and without stalls", "cycles", stable=True,
                       within=Whole(1))  # fmt: skip
    useful_macs: int = said("of an image; 0 where nothing is multiplied", "MAC", stable=True, within=_COUNT)
    lanes: int = said("multipliers: PE x SIMD x taps", "MAC per cycle", within=_COUNT)
    taps: Sequence[int] = said("kernel rows and columns per cycle; [] where nothing is multiplied")
    core: str = said(
        "compute core: lut, dsp, dsp2x, cascade; of a requantizer, what multiplies: lut, dsp; else empty"
    )
    weight_memory: str = said("what weights lie in, or empty")
    weight_storage: str = said(
        "how weights or thresholds come there, of a layer that has some: rom, loaded, streamed", may_lack=True
    )
    stream: ReportStream = said("of a layer whose weights are streamed", may_lack=True)
    channels: Sequence[int] = said("of its input and its output, padding included")
    estimates: Amounts = said("resources by the cost formulas", stable=True)
    latency: LayerLatency = said("of the first image")
    side: ReportSide = said("where some of the channels have another core: these", may_lack=True)
    own_taps: bool = said("its first channels are an output column, those at the side the next, each with "
                          "the taps that it has alone", may_lack=True)  # fmt: skip
    requantizer: ReportLine = said("of a requantizer alone: what stands in the place of thresholds",
                                   may_lack=True)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ReportFifo:
    """A FIFO between layers."""

    name: str = said("of the node", within=NAME)
    words: int = said("depth", "words", within=_COUNT)
    bits: int = said("width", "bits", within=_COUNT)
    LUT: int = said("estimate", "LUT", within=_COUNT)
    BRAM18: int = said("estimate", "18 Kb", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What made a file."""

    version: str = said("of fpgan")
    command: str = said("that makes it again")
    date: str = said("when it was made, UTC")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the optimizer was allowed to use."""

    lut: int = said("at most", "LUT", within=_COUNT)
    dsp: int = said("at most", "DSP48", within=_COUNT)
    bram18: int = said("at most", "18 Kb", within=_COUNT)
    uram: int = said("at most; 0 where all weights are constants, which UltraRAM cannot hold", "288 Kb",
                     within=_COUNT, may_lack=True)  # fmt: skip
    bandwidth: int = said("of the memory for weights that are streamed, at most; 0 where none may be", "MB/s",
                          within=_COUNT, may_lack=True)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Why the design is not faster."""

    fastest_cycles: int = said("per image, of the fastest that fits", "cycles", within=_COUNT)
    binds: str = said("the layer or the resource that binds")
    next_cycles: int | None = said("of the next faster one; null where no layer can be wider", "cycles")
    next_lacks: str = said("what that one would need besides, in words")


@dataclass(frozen=True, kw_only=True)
class ProvedLayer:
    """A threshold layer."""

    name: str = said("of its node")
    channels: int = said("that have thresholds of their own", within=_COUNT)
    values: int = said("accumulator values that were tried", within=_COUNT)
    whole_range: bool = said("whether these are all that inputs can reach")
    mismatches: int = said("of them at which thresholds differ from the float function", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class ThresholdProof:
    """Thresholds against the file's float function."""

    layers: Sequence[ProvedLayer] = said("each layer")
    values: int = said("accumulator values in all", within=_COUNT)
    mismatches: int = said("always 0: a build with others fails", within=_COUNT)
    seconds: float = said("that the proof took", "s")


@dataclass(frozen=True, kw_only=True)
class SensitiveLayer:
    """A threshold layer whose function libraries compute differently."""

    name: str = said("of its node")
    functions: Sequence[str] = said("that are not exact, such as Tanh")
    thresholds: int = said("that may lie one step elsewhere", within=_COUNT)
    sensitive: int = said("accumulator values that may give another integer", within=_COUNT)
    values: int = said("accumulator values that inputs can reach", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class UlpSensitive:
    """Where another library's rounding may give the next integer."""

    reference: str = said("the library whose function was built")
    layers: Sequence[SensitiveLayer] = said("those with such functions")
    sensitive: int = said("accumulator values in all", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class Float32:
    """Plain float32 PyTorch against exact sums, on the golden vectors."""

    values: int = said("that were compared", within=_COUNT)
    differ: int = said("of them", within=_COUNT)
    rate: float = said("differ / values")


@dataclass(frozen=True, kw_only=True)
class RuntimeSession:
    """ONNX Runtime's own integers on the file, against the golden vectors."""

    optimized: bool = said("as it runs a file by itself, on integers; else node by node, as the file says")
    values: int = said("that were compared", within=_COUNT)
    differ: int = said("of them; where none, the golden vectors are ONNX Runtime's own too", within=_COUNT)
    largest: int = said("difference of one, in steps of the output's quantizer", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class OnnxRuntime:
    """The file in ONNX Runtime."""

    version: str = said("of ONNX Runtime")
    sessions: Sequence[RuntimeSession] = said("both ways")


@dataclass(frozen=True, kw_only=True)
class DataflowCheck:
    """The finished graph, run in qonnx on golden vectors."""

    images: int = said("that were run", "images", within=_COUNT)
    mismatches: int = said("always 0: a build with others fails", within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class Report:
    """BUILD/report.json, by `fpgan build`."""

    board: str = said("name in hw/boards/boards.yaml", stable=True)
    part: str = said("the vendor's name of the part", stable=True)
    clock_mhz: float = said("that the design is made for", "MHz", stable=True, within=Number())
    useful_macs_per_image: int = said("of the transposed convolutions, none for inserted zeros", "MAC",
                                      stable=True, within=_COUNT)  # fmt: skip
    mac_lanes: int = said("of all layers", "MAC per cycle", stable=True, within=Whole(1))
    layers: Sequence[ReportLayer] = said("in the order of the graph", stable=True)
    cycles_per_image: int = said("predicted for images back to back", "cycles", stable=True, within=Whole(1))
    output_columns: int = said("of the image, side by side in a word of the last layer", "columns",
                               within=Whole(1))  # fmt: skip
    latency_cycles: int = said("predicted, first input beat to last output beat", "cycles", within=_COUNT)
    fifos: Sequence[ReportFifo] = said("those in `layers` too, with their size")
    frames_per_second: float = said("clock_mhz * 1e6 / cycles_per_image", "images/s", within=Number())
    totals: Amounts = said("sums of the layers' estimates", stable=True)
    budget: Amounts = said("what the board has", stable=True)
    max_utilization: float = said("the share of it that was allowed", within=Number(0, 1))
    name: str = said("of the model's file")
    made: Made = said("by which command")
    backend: Literal["rtl", "hls"] = said("language of the sources")
    deconv: str = said("subpixel or zero_insert")
    limits: Limits = said("of the optimizer")
    decision: Decision | None = said("of the optimizer; null where a rate was asked for, or another build's "
                                     "folding taken over")  # fmt: skip
    cycles_with_one_fifo_word_less: dict[str, int | None] = said(
        "of an image if that FIFO alone were a word smaller; null where none is, 0 where nothing would move",
        "cycles",
    )
    threshold_proof: ThresholdProof = said("the proof of the thresholds")
    ulp_sensitive: UlpSensitive = said("places that hang on a library's rounding")
    float32: Float32 = said("how often plain float32 differs")
    onnx_runtime: OnnxRuntime | None = said(
        "how often ONNX Runtime differs; null for QONNX, and where it does not run the file, or the host "
        "orders or computes its input"
    )
    notes: Sequence[str] = said("what a reader should know of the model, in sentences")
    dataflow_check: DataflowCheck = said("the graph against the golden vectors")
