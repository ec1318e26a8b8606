# SPDX-License-Identifier: Apache-2.0
"""BENCH.json: where designs stand, and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.build.arguments import KINDS
from fpgan.build.dataflow.styles import STORAGES
from fpgan.hw.boards import RESOURCES
from fpgan.hw.report_file import Amounts, Decision
from fpgan.hw.synth_file import SynthTiming
from fpgan.hw.system.fields import said, shape_of
from fpgan.hw.system.schemas import rows
from fpgan.hw.system.shapes import Each, Number, OneOf, Whole

_COUNT, _KIND = Whole(), OneOf(RESOURCES)
# Rates and names that `units` explains.
_EXPLAINED = (
    "gops", "gops_with_zeros", "gops_per_dsp", "efficiency", "decision", "latency_cycles", "resources.BRAM18",
    "estimated_ns", "zero_insertion.ratio", "rival.cycles_ratio", "rival.fps_ratio",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AtEstimate:
    """Rates at the slower of the clock and the estimate."""

    clock_mhz: float = said("that slower one", "MHz", within=Number())
    frames_per_second: float = said("at it", "images/s", within=Number())
    gops: float = said("at it, useful", "giga-operations/s")


@dataclass(frozen=True, kw_only=True)
class ZeroInsertion:
    """The same network by zero insertion, with the same folding."""

    mac_lanes: int = said("of all layers", "MAC per cycle", within=Whole(1))
    images: int = said("simulated back to back", "images", within=Whole(1))
    mismatches: int = said("values that differ from the golden ones", stable=True, within=_COUNT)
    cycles_per_image: int = said("between images, steady state", "cycles", stable=True, within=Whole(1))
    latency_cycles: int = said("first input beat to last output beat of the first image", "cycles",
                               within=_COUNT)  # fmt: skip
    efficiency: float = said("useful MACs / (cycles_per_image * mac_lanes)")
    frames_per_second: float = said("at the design's clock", "images/s", stable=True, within=Number())
    ratio: float = said("its cycles over ours", stable=True)


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A published accelerator of the same network and bits; figures as printed, or computed from these."""

    name: str = said("of the work, and of its network", stable=True)
    source: str = said("where it was published")
    note: str = said("what a reader should know of its figures")
    shape: Sequence[int] = said("(N,H,W,C) of the image")
    useful_macs: int = said("of an image, none for inserted zeros", "MAC", within=Whole(1))
    weight_bits: int = said("of a weight", "bits", within=_COUNT)
    act_bits: int = said("of a value between layers", "bits", within=_COUNT)
    board: str = said("by its maker's name", stable=True)
    clock_mhz: float = said("of the design", "MHz", within=Number())
    cycles_per_image: int = said("of an image", "cycles", stable=True, within=Whole(1))
    fps: float = said("images per second", "images/s", stable=True, within=Number())
    gops: float = said("useful, two operations per MAC", "giga-operations/s")
    LUT: int = said("that it takes", "LUT", within=_COUNT)
    FF: int | None = said("that it takes; null where it does not say", "FF", within=_COUNT)
    BRAM18: int = said("that it takes", "18 Kb", within=_COUNT)
    DSP: int = said("that it takes", "DSP48", within=_COUNT)
    gops_with_zeros: float = said("the same rate with inserted zeros", "giga-operations/s")
    cycles_ratio: float = said("their cycles over ours", stable=True)
    fps_ratio: float = said("our images per second over theirs", stable=True)


@dataclass(frozen=True, kw_only=True)
class DriverNeeds:
    """Cycles that an image takes of each part of the way, were the others faster."""

    accelerator: float = said("by itself, measured", "cycles", within=Number())
    latents: float = said("its latent over the bus, by the equation of bench/through_driver.py", "cycles",
                          within=Number())  # fmt: skip
    images: float = said("the image over the bus, likewise", "cycles", within=Number())


@dataclass(frozen=True, kw_only=True)
class DriverWay:
    """What the driver gets by one way, in long calls."""

    frames_per_second: float = said("at clock_mhz", "images/s", stable=True, within=Number())
    cycles_per_image: float = said("that each image adds to a call, measured", "cycles", stable=True,
                                   within=Number())  # fmt: skip
    predicted_cycles_per_image: float = said("the same, from `needs`", "cycles", within=Number())
    call_cycles: int = said("of a call besides its images': registers, first latents, filling up", "cycles",
                            within=Whole(-(2**53)))  # fmt: skip
    binds: str = said("what needs the most", stable=True, within=OneOf(("accelerator", "latents", "images")))
    needs: DriverNeeds = said("cycles of an image")
    mismatches: int = said("values that differ from the golden ones", stable=True, within=_COUNT)


@dataclass(frozen=True, kw_only=True)
class ThroughDriver:
    """The design behind its host interface, run by the driver on the simulated board, whose memory answers
    after 20 cycles and whose processor takes no time of its own."""

    images: int = said("of the longer of two calls each", "images", within=Whole(2))
    data_bits: int = said("of the memory's word", "bits", within=Whole(32))
    memory: DriverWay = said("latents and images through memory (--bus axi)", stable=True)
    registers: DriverWay = said("through the windows (--bus axil), an access at a time", stable=True)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured of a design."""

    part: str | None = said("the vendor's name of the part")
    clock_mhz: float | None = said("that the design is made for", "MHz", stable=True, within=Number())
    mac_lanes: int | None = said("of all layers", "MAC per cycle", stable=True, within=Whole(1))
    useful_macs_per_image: int | None = said("none for inserted zeros", "MAC", stable=True, within=_COUNT)
    macs_per_image_with_zeros: int | None = said("if zeros were inserted", "MAC", within=_COUNT)
    predicted_cycles_per_image: int | None = said("by the build", "cycles", within=Whole(1))
    decision: Decision | None = said(
        "of the optimizer: the fastest that fits, and what the next faster design would need"
    )
    images: int | None = said("simulated back to back", "images", within=Whole(1))
    pixels: int | None = said("values compared: images x rows x columns x channels", within=_COUNT)
    mismatches: int | None = said("values that differ from the golden ones", stable=True, within=_COUNT)
    golden: str | None = said("who computed the golden ones", within=OneOf(("pytorch", "exact")))
    cycles_per_image: int | None = said(
        "between images, steady state", "cycles", stable=True, within=Whole(1)
    )
    latency_cycles: int | None = said("first input beat to last output beat of one image", "cycles",
                                      stable=True, within=_COUNT)  # fmt: skip
    latency_us: float | None = said("the same at clock_mhz", "us")
    efficiency: float | None = said(
        "useful MACs / (cycles_per_image * mac_lanes): 1 is the limit but for skipped borders", stable=True
    )
    frames_per_second: float | None = said("at clock_mhz", "images/s", stable=True, within=Number())
    through_driver: ThroughDriver | None = said("what the driver gets through the bus", stable=True)
    gops: float | None = said("useful, at clock_mhz: two per MAC, none for inserted zeros",
                              "giga-operations/s", stable=True)  # fmt: skip
    gops_with_zeros: float | None = said(
        "the same rate as papers give it that count products with inserted zeros", "giga-operations/s",
        stable=True,
    )  # fmt: skip
    gops_per_dsp: float | None = said("useful, over the DSPs of the layers that compute in DSPs; null where "
                                      "none does", "giga-operations/s")  # fmt: skip
    load_cycles: int | None = said("of loading all weights, before the first image; null where none are",
                                   "cycles", within=_COUNT, may_lack=True)  # fmt: skip
    kcycles_per_second: float | None = said("speed of the simulation", "1000 cycles/s")
    resources: Amounts | None = said("what it takes", stable=True)
    resources_from: str | None = said("yosys, or estimate: by the build", stable=True,
                                      within=OneOf(("yosys", "estimate")))  # fmt: skip
    utilization: dict[str, float] | None = said("resources / what the board has, of what it has any",
                                                within=Each(_KIND, float))  # fmt: skip
    limits: Amounts | None = said("what it was allowed")
    over_limit: Sequence[str] | None = said("what is more than that, in words")
    over_board: Sequence[str] | None = said("what is more than the board has, in words")
    estimated_ns: float | None = said("estimate from the unplaced netlist in a chip that is as full, no "
                                      "place-and-route result", "ns", within=Number())  # fmt: skip
    near_empty_ns: float | None = said("the same in a chip that holds little else", "ns", within=Number())
    meets_clock: bool | None = said("whether the clock's period is at least that")
    at_estimated_clock: AtEstimate | None = said("rates that the estimate grants")
    timing: SynthTiming | None = said("as in synth.json")
    zero_insertion: ZeroInsertion | None = said("the baseline, where the design asks for it", stable=True)
    rival: Rival | None = said("the nearest one, where there is one")


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What was benchmarked."""

    name: str = said("of the design in designs.yaml, or one's own", stable=True)
    preset: str = said("that the network is of, or what a module of `module` is called", stable=True)
    module: str | None = said("file and name of a float PyTorch module, quantized; null: a preset",
                              may_lack=True)  # fmt: skip
    network: str = said("preset and bits; the same for every board")
    weights: str = said("trained or not, in words")
    seed: int = said("of the network")
    weight_bits: Sequence[int] = said("of each layer; of a module's layers, which have the same, once",
                                      "bits", stable=True, within=[Whole(1, 32)])  # fmt: skip
    act_bits: Sequence[int] = said("between layers", "bits", stable=True, within=[Whole(1, 32)])
    board: str = said("name in hw/boards/boards.yaml", stable=True)
    cores: Sequence[str] | None = said("compute cores to choose from; null: the build's own choice")
    max_utilization: float = said("the share of the board that was allowed", within=Number(0, 1))
    target_fps: float | None = said("asked for; null: the fastest that fits", "images/s", within=Number())
    budget: dict[str, int] | None = said("limits instead of the board's share; BANDWIDTH in MB/s",
                                         within=Each(OneOf(KINDS), _COUNT))  # fmt: skip
    weight_storage: str = said("where weights live, as `fpgan build` was asked", within=OneOf(STORAGES),
                               may_lack=True)  # fmt: skip
    batch: int | None = said("for which streamed weights are read once; null where none was asked for",
                             "images", within=Whole(1), may_lack=True)  # fmt: skip
    build: str = said("its BUILD, from the folder of BENCH.json")
    error: str | None = said("the line of what went wrong; null where nothing did", stable=True)
    seconds: dict[str, float] = said("that each step took", "s")
    made_of: str = said("SHA-256 of what the row comes from, by which --resume keeps it")


@dataclass(frozen=True, kw_only=True)
class BenchRow(Measured, _Asked):
    """A design; null is what was not measured."""


@dataclass(frozen=True, kw_only=True)
class Software:
    """A generator in a runtime."""

    preset: str = said("that the network is of", stable=True)
    runtime: str = said("name and arithmetic", stable=True)
    device: str = said("where it ran", stable=True, within=OneOf(("cpu", "cuda")))
    batch: int = said("images at once", "images", stable=True, within=Whole(1))
    frames_per_second: float = said("median of the repeats", "images/s", stable=True, within=Number())
    slowest: float = said("of the repeats", "images/s", within=Number())
    fastest: float = said("of the repeats", "images/s", within=Number())


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What software ran on."""

    cpu: str = said("model of the processor")
    cores: int | None = said("that the system sees; null where it does not say", within=Whole(1))
    threads: int = said("that PyTorch used", within=Whole(1))
    load: float = said("cores busy in the minute before anything was measured")
    gpu: str | None = said("model of the GPU; null for none")
    torch: str = said("version")
    onnxruntime: str = said("version")
    how: str = said("how rates were measured, in words")


@dataclass(frozen=True, kw_only=True)
class Published:
    """Peak figures of an accelerator with a network of its own; null is what is not known."""

    name: str = said("of the work")
    source: str = said("where it was published")
    device: str = said("FPGA or board")
    clock_mhz: float | None = said("of the design", "MHz", within=Number())
    gops: float | None = said("two operations per MAC", "giga-operations/s")
    gops_per_dsp: float | None = said("the same over its DSPs", "giga-operations/s")
    counts_zeros: bool | None = said("whether products with inserted zeros are among them")


@dataclass(frozen=True, kw_only=True)
class CostFit:
    """LUTs that builds estimated against those that synthesis counted, of layers of 100 and more."""

    layers: int = said("compared", within=_COUNT)
    median_error: float = said("share of the count that the estimate is off")
    worst_error: float = said("the same of the worst")
    median_error_of: dict[str, float] = said("the same by op")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """BENCH.json, by `fpgan bench`: after each design what is known by then."""

    complete: bool = said("whether all designs have had their turn", stable=True)
    failed: Sequence[str] = said("names of the designs with an error or a mismatch", stable=True)
    designs: Sequence[BenchRow] = said("in the order of designs.yaml, or as asked for", stable=True)
    software: Sequence[Software] = said("rates of each preset by runtime, device and batch", stable=True)
    machine: Machine = said("that software ran on")
    published: Sequence[Published] = said("accelerators of other networks, for scale")
    units: dict[str, str] = said("what names of this file mean, in words")
    estimates: CostFit | None = said("once all is measured; null where nothing was synthesized",
                                     may_lack=True)  # fmt: skip


def explained() -> dict[str, str]:
    """`units`: text and unit of the fields of a design that are easily mistaken, by their last name."""
    found = {name: said for name, _, said in rows(shape_of(BenchRow))}
    told = {name: found[name] for name in _EXPLAINED}
    return {
        name.rpartition(".")[2]: f"{one.text} [{one.unit}]" if one.unit else one.text
        for name, one in told.items()
    }
