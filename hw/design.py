# SPDX-License-Identifier: Apache-2.0
"""A built design on disk: what simulation, synthesis and bitstream read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fpgan.hw.system.reading import read_json


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

_COPIED = ("name", "top", "board", "part", "family", "clock_mhz", "fifos", "golden", "pumped")


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
        """Read a BUILD folder. ValueError in one line where it is none."""
        path = Path(build) / MARKER
        if not path.exists():
            raise ValueError(f"{build}: no build here ({MARKER} is missing); run fpgan build")
        data = read_json(path, "run fpgan build again")

        def stream(key: str) -> Stream:
            return Stream(**{**data[key], "shape": tuple(data[key]["shape"])})

        try:
            return cls(
                root=Path(build).resolve(),
                **{name: data[name] for name in _COPIED},
                backend=data.get("backend", "rtl"),
                source_names=tuple(data["sources"]),
                layers=tuple(
                    Layer(**{**layer, "sources": tuple(layer["sources"])}) for layer in data["layers"]
                ),
                input=stream("input"),
                output=stream("output"),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path}: not as this version writes it ({error}); run fpgan build") from None

    @property
    def rtl(self) -> Path:
        return self.root / "rtl"

    @property
    def hls(self) -> Path:
        return self.root / "hls"

    @property
    def sources(self) -> list[Path]:
        return [(self.hls if self.backend == "hls" else self.rtl) / name for name in self.source_names]

    def require_rtl(self, what: str) -> None:
        """Raise ValueError in one line where the design is no RTL."""
        if self.backend != "rtl":
            raise ValueError(f"{self.root}: {what} needs RTL, this is a build for {self.backend}; "
                             "run fpgan build --backend rtl")  # fmt: skip

    @cached_property
    def report(self) -> dict[str, Any]:
        """BUILD/report.json."""
        return read_json(self.root / "report.json", "run fpgan build again")
