# SPDX-License-Identifier: Apache-2.0
"""A built design on disk: what simulation, synthesis and bitstream read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

from fpgan.hw.build_files import (
    AGAIN,
    COUNTED,
    LARGEST,
    REPORT,
    SOURCES,
    STREAM,
    VERSION,
    check_files,
    check_version,
    design_shape,
)
from fpgan.hw.system.reading import DamagedError, Facts, read_json
from fpgan.hw.system.shapes import OneOf, check_shape


@dataclass(frozen=True)
class Stream:
    """One AXI4-Stream port: shape (N,H,W,C), element type, elements and bits per beat, beats per image."""

    shape: tuple[int, ...]
    datatype: str
    elements_per_beat: int
    tdata_bits: int
    beats: int

    @property
    def signed(self) -> bool:
        return not self.datatype.startswith("U")

    @property
    def element_bits(self) -> int:
        return int(self.datatype.lstrip("UINT"))


@dataclass(frozen=True)
class Layer:
    """One node of the dataflow graph and its module; sources in compile order, relative to rtl/ or hls/."""

    name: str
    op: str
    module: str
    sources: tuple[str, ...]


MARKER = "design.json"
# Names of what the commands write into a BUILD.
WRITTEN = (
    MARKER, "rtl", "hls", "dataflow.onnx", "integer.onnx", "golden.npz", "report.json", "report.html",
    "sim.*", "netlist_sim.*", "waves.*", "netlist_waves.*", "synth.json", "synth", "netlist", "pnr",
    "bitstream", "power.*", ".verilator*", ".csim", "vivado*", ".*.fpgan-part*",
)  # fmt: skip


@dataclass(frozen=True)
class Design:
    """The contents of BUILD/design.json."""

    root: Path
    name: str
    top: str
    board: str
    part: str
    family: str
    clock_mhz: float
    source_names: tuple[str, ...]
    layers: tuple[Layer, ...]
    input: Stream
    output: Stream
    fifos: dict[str, int]
    golden: str
    pumped: bool  # there is a clock input ap_clk2x
    backend: str = "rtl"  # "rtl": SystemVerilog in rtl/; "hls": C++ in hls/

    @classmethod
    def load(cls, build: Path) -> Design:
        """Read a BUILD folder. ValueError in one line where it is none, damaged or of another version."""
        path = Path(build) / MARKER
        if not path.exists():
            raise ValueError(f"{build}: no build here ({MARKER} is missing); run fpgan build")
        data = read_json(path, AGAIN)
        check_version(data, VERSION, path)
        check_shape(data, {"backend": OneOf(tuple(SOURCES))}, path, AGAIN)
        check_shape(data, design_shape(data["backend"]), path, AGAIN)
        own = ("name", "top", "board", "part", "family", "clock_mhz", "fifos", "golden", "pumped", "backend")
        layers = [{**{k: layer[k] for k in ("name", "op", "module")}, "sources": tuple(layer["sources"])}
                  for layer in data["layers"]]  # fmt: skip
        design = cls(
            root=Path(build).resolve(),
            source_names=tuple(data["sources"]),
            layers=tuple(Layer(**layer) for layer in layers),
            input=_stream(data["input"], path),
            output=_stream(data["output"], path),
            **{name: data[name] for name in own},
        )
        names = [*design.source_names, *(name for layer in design.layers for name in layer.sources)]
        check_files(design.sources_folder, names, path, AGAIN)
        return design

    @property
    def rtl(self) -> Path:
        return self.root / "rtl"

    @property
    def hls(self) -> Path:
        return self.root / "hls"

    @property
    def sources_folder(self) -> Path:
        return self.hls if self.backend == "hls" else self.rtl

    @property
    def sources(self) -> list[Path]:
        return [self.sources_folder / name for name in self.source_names]

    def require_rtl(self, what: str) -> None:
        """Raise ValueError in one line where the design is no RTL."""
        if self.backend != "rtl":
            raise ValueError(f"{self.root}: {what} needs RTL, this is a build for {self.backend}; "
                             "run fpgan build --backend rtl")  # fmt: skip

    @cached_property
    def report(self) -> Facts:
        """BUILD/report.json."""
        path = self.root / "report.json"
        data = read_json(path, AGAIN)
        check_shape(data, REPORT, path, AGAIN)
        return data

    def counted(self) -> Facts | None:
        """BUILD/synth.json; None where there is none yet."""
        path, then = self.root / "synth.json", "run fpgan synth again"
        if not path.exists():
            return None
        data = read_json(path, then)
        check_shape(data, COUNTED, path, then)
        return data


def _stream(data: dict[str, Any], path: Path) -> Stream:
    stream = Stream(**{key: data[key] for key in STREAM} | {"shape": tuple(data["shape"])})
    fits = stream.elements_per_beat * stream.element_bits <= stream.tdata_bits and stream.tdata_bits % 8 == 0
    whole = stream.beats * stream.elements_per_beat == prod(stream.shape[1:])
    if len(stream.shape) != 4 or not fits or not whole or prod(stream.shape) > LARGEST:
        raise DamagedError(path, f"holds a stream that cannot be ({stream})", AGAIN)
    return stream
