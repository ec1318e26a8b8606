# SPDX-License-Identifier: Apache-2.0
"""design.json: what a design is made of, for simulation, synthesis and bitstream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fpgan.hw.boards import FAMILIES
from fpgan.hw.build_files import LARGEST, NAME, SOURCES, VERSION
from fpgan.hw.system.fields import said, shape_of
from fpgan.hw.system.shapes import Each, Number, OneOf, Text, Whole

_TYPE = Text(r"U?INT([1-9]|[12][0-9]|3[0-2])", "INT or UINT and 1 to 32 bits")
_FILE = Text(r"\w[\w-]{0,127}\.(sv|v|svh|vh|cpp|hpp)", "the plain name of a source file")


@dataclass(frozen=True)
class Stream:
    """One AXI4-Stream port."""

    shape: tuple[int, ...] = said("(N,H,W,C) of one image, N = 1", stable=True, within=[Whole(1, LARGEST)])
    datatype: str = said("of an element", stable=True, within=_TYPE)
    elements_per_beat: int = said("side by side, element 0 in the low bits", "elements", stable=True,
                                  within=Whole(1, 1 << 16))  # fmt: skip
    tdata_bits: int = said("width of tdata, padded to bytes", "bits", stable=True, within=Whole(8, 1 << 20))
    beats: int = said("of one image", "beats", stable=True, within=Whole(1, LARGEST))

    @property
    def signed(self) -> bool:
        return not self.datatype.startswith("U")

    @property
    def element_bits(self) -> int:
        return int(self.datatype.lstrip("UINT"))


@dataclass(frozen=True)
class Layer:
    """One node of the dataflow graph and its module."""

    name: str = said("of the node", within=NAME)
    op: str = said("FINN's name of the op", within=NAME)
    module: str = said("its SystemVerilog module or HLS function", within=NAME)
    sources: tuple[str, ...] = said("in compile order, names in rtl/ or hls/", within=[_FILE])


@dataclass(frozen=True)
class LoadedMemory:
    """A memory that a file of weights fills."""

    name: str = said("of the layer", within=NAME)
    words: int = said("of the memory", "words", within=Whole(1, LARGEST))
    bits: int = said("of a word, which the file fills up to bytes", "bits", within=Whole(1, 1 << 20))

    @property
    def bytes(self) -> int:
        """What it takes of the file, its CRC not counted."""
        return self.words * -(-self.bits // 8)


@dataclass(frozen=True)
class LoadedWeights:
    """What must be loaded before the first image; hw/driver/weights.py says how a file of it is made."""

    identity: int = said("that a file of weights must name: of all that the design is besides them",
                         within=Whole(0, 2**32 - 1))  # fmt: skip
    memories: tuple[LoadedMemory, ...] = said("in the order of the file")

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes by name, in the order of the file."""
        return {memory.name: memory.bytes for memory in self.memories}


@dataclass(frozen=True)
class WeightStream:
    """s_axis_weights_K: weights of a layer that come from memory, all of them for each batch."""

    name: str = said("of the layer", within=NAME)
    bytes: int = said("for a batch, its tiles one after the other", within=Whole(1, LARGEST))
    tiles: int = said("of its output channels", within=Whole(2, 1 << 20))
    bytes_per_cycle: float = said("that the memory gives it", within=Number(0, 1 << 20))


@dataclass(frozen=True)
class StreamedWeights:
    """What is read from memory while images are computed; its file is made as one of loaded weights is."""

    identity: int = said("that a file of weights must name: of all that the design is besides them",
                         within=Whole(0, 2**32 - 1))  # fmt: skip
    batch: int = said("that come and go together, for which each weight is read once", "images",
                      within=Whole(1, 1 << 10))  # fmt: skip
    beat_bits: int = said("of a beat", "bits", within=Whole(8, 1024))
    latency: int = said("from a reset to the first beat, as it is simulated", "cycles", within=Whole())
    layers: tuple[WeightStream, ...] = said("in the order of the streams and of the file")

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes by name, in the order of the file."""
        return {layer.name: layer.bytes for layer in self.layers}


@dataclass(frozen=True, kw_only=True)
class DesignFile:
    """BUILD/design.json, by `fpgan build`."""

    version: int = said("of this file and of what stands in a BUILD", stable=True, default=VERSION)
    name: str = said("of the model's file", stable=True,
                     within=Text(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}", "a line of text"))  # fmt: skip
    backend: str = said("rtl: SystemVerilog in rtl/; hls: C++ in hls/", within=OneOf(tuple(SOURCES)),
                        default="rtl")  # fmt: skip
    board: str = said("name in hw/boards/boards.yaml", stable=True,
                      within=Text(r"[a-z0-9][a-z0-9-]{0,63}", "a board's name"))  # fmt: skip
    part: str = said("the vendor's name of the part", stable=True,
                     within=Text(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", "a part's name"))  # fmt: skip
    family: str = said("Yosys' name of the family", within=OneOf(FAMILIES))
    clock_mhz: float = said("that the design is made for", "MHz", stable=True, within=Number(0, 10_000))
    golden: str = said("who computed golden.npz: PyTorch itself, or its network with exact integer sums",
                       stable=True, within=OneOf(("pytorch", "exact")))  # fmt: skip
    top: str = said("top module", stable=True, within=NAME)
    pumped: bool = said("whether there is a second clock, ap_clk2x")
    source_names: tuple[str, ...] = said("all, in compile order, names in rtl/ or hls/", stable=True,
                                         within=[_FILE], key="sources")  # fmt: skip
    layers: tuple[Layer, ...] = said("in the order of the graph")
    fifos: dict[str, int] = said("depths by name", "words", within=Each(NAME, Whole(0, LARGEST)))
    input: Stream = said("s_axis_0: latents", stable=True)
    output: Stream = said("m_axis_0: images", stable=True)
    weights: LoadedWeights = said("of a design whose weights are loaded, over s_axis_weights", stable=True,
                                  may_lack=True)  # fmt: skip
    streams: StreamedWeights = said("of a design whose weights are streamed, over s_axis_weights_K",
                                    may_lack=True)  # fmt: skip


def design_shape(backend: str) -> dict[str, Any]:
    """Of design.json, whose sources are those of a back end."""
    shape = shape_of(DesignFile)
    names = {"sources": [SOURCES[backend]]}
    return shape | names | {"layers": [shape_of(Layer) | names]}
