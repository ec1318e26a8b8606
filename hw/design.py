# SPDX-License-Identifier: Apache-2.0
"""A built design on disk: what simulation, synthesis and bitstream read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

from fpgan.hw.build_files import AGAIN, LARGEST, SOURCES, VERSION, check_files, check_version
from fpgan.hw.design_file import DesignFile, Layer, Stream, design_shape
from fpgan.hw.report_file import Report
from fpgan.hw.synth_file import Synth
from fpgan.hw.system.fields import fill, plain, shape_of, shape_of_part
from fpgan.hw.system.reading import DamagedError, Facts, read_json
from fpgan.hw.system.shapes import OneOf, check_shape

__all__ = ["MARKER", "WRITTEN", "Design", "Layer", "Stream"]
MARKER = "design.json"
WEIGHTS = "weights.bin"  # of a design whose weights are loaded
STREAMED = "streamed.bin"  # of one whose weights are streamed
LOADER = "WeightLoader"  # op of the layer that loads them
# Names of what the commands write into a BUILD.
WRITTEN = (
    MARKER, "rtl", "hls", "component.xml", "dataflow.onnx", "integer.onnx", "golden.npz", "report.json",
    "report.html",
    WEIGHTS, STREAMED, "sim.*", "netlist_sim.*", "waves.*", "netlist_waves.*", "synth.json", "synth",
    "netlist", "pnr",
    "bitstream", "power.*", ".verilator*", ".csim", "vivado*", ".*.fpgan-part*",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Design(DesignFile):
    """The contents of BUILD/design.json; root: the BUILD."""

    root: Path

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
        about = fill(DesignFile, data, others=True)
        design = cls(root=Path(build).resolve(), **vars(about))
        for stream in (design.input, design.output):
            _check_stream(stream, path)
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
    def nodes(self) -> list[Layer]:
        """The layers that are nodes of the dataflow graph: all but what loads their weights."""
        return [layer for layer in self.layers if layer.op != LOADER]

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
        return read_report(self.root)

    def counted(self) -> Facts | None:
        """BUILD/synth.json; None where there is none yet."""
        return read_synth(self.root)

    def counted_whole(self) -> dict[str, Any] | None:
        """The same with all that this version writes and nothing else. DamagedError where it lacks some."""
        found = read_synth(self.root, shape_of(Synth))
        return None if found is None else plain(fill(Synth, found, others=True))


def _check_stream(stream: Stream, path: Path) -> None:
    fits = stream.elements_per_beat * stream.element_bits <= stream.tdata_bits and stream.tdata_bits % 8 == 0
    whole = stream.beats * stream.elements_per_beat == prod(stream.shape[1:])
    if len(stream.shape) != 4 or not fits or not whole or prod(stream.shape) > LARGEST:
        raise DamagedError(path, f"holds a stream that cannot be ({stream})", AGAIN)


def read_report(build: Path) -> Facts:
    """BUILD/report.json; keys that an older version did not write may lack."""
    path = build / "report.json"
    data = read_json(path, AGAIN)
    check_shape(data, shape_of_part(Report), path, AGAIN)
    return data


def read_synth(build: Path, shape: Any = None) -> Facts | None:
    """BUILD/synth.json; None where there is none yet. shape: left out, that of what any version writes."""
    path, then = build / "synth.json", "run fpgan synth again"
    if not path.exists():
        return None
    data = read_json(path, then)
    check_shape(data, shape or shape_of_part(Synth), path, then)
    return data
