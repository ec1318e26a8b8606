# SPDX-License-Identifier: Apache-2.0
"""The streams between the layers of a design, beside what numpy says of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.design import Design
from fpgan.sim.differences import Difference
from fpgan.sim.packing import unpack

IntArray = NDArray[np.int64]
_TAP = Path(__file__).parent / "compiled" / "fpgan_tap.sv"


@dataclass(frozen=True)
class LayerStream:
    """A stream that leaves a layer, by one of its outputs: integers of so many bits, so many in a word."""

    layer: str
    output: int
    elements: int
    bits: int
    signed: bool


@dataclass(frozen=True)
class LayerTruth:
    """What the layers of a design put out.

    streams: in the order of the graph. values: latent (Z,H,W) -> an image (H,W,C) for each of them.
    """

    streams: tuple[LayerStream, ...]
    values: Callable[[IntArray], Sequence[IntArray]]


Layers = Callable[[Design], LayerTruth]


def taps(design: Design, streams: Iterable[LayerStream]) -> str:
    """SystemVerilog that writes down what each stream hands over: tap.sv, bound to the layers' modules."""
    modules = {layer.name: layer.module for layer in design.layers}
    bound = [
        f"bind {modules[stream.layer]} fpgan_tap #(.WIDTH($bits(out{stream.output}_V_TDATA)), "
        f".NUMBER({number})) fpgan_tap_{stream.output} (.clk(ap_clk), .rst_n(ap_rst_n), "
        f".tdata(out{stream.output}_V_TDATA), .tvalid(out{stream.output}_V_TVALID), "
        f".tready(out{stream.output}_V_TREADY));\n"
        for number, stream in enumerate(streams)
    ]
    return _TAP.read_text(encoding="utf-8") + "\n" + "".join(bound)


def compare_layers(truth: LayerTruth, latents: IntArray, folder: Path) -> list[dict[str, Any]]:
    """sim.json's `layers`: latents (N,Z,H,W) and what the taps wrote into `folder` of these images.

    Of each layer, in the order of the graph, the words that came, how many of their values are wrong, missing
    or too many, and the first such place; an image has the layer's own rows, columns and channels.
    """
    found = [
        _Compared(stream, _words(folder / f"{number}.bin", stream))
        for number, stream in enumerate(truth.streams)
    ]
    for image, latent in enumerate(latents):
        for stream, expected in zip(found, truth.values(latent), strict=True):
            stream.compare(image, expected)
    for stream in found:
        stream.compare(len(latents), None)
    return _by_layer(found)


def _words(path: Path, stream: LayerStream) -> NDArray[np.uint8]:
    """(words, bytes per word), without what the tap pads them with."""
    size = math.ceil(stream.elements * stream.bits / 8)
    padded = 4 * math.ceil(size / 4)
    words = np.memmap(path, np.uint8, "r") if path.exists() else np.empty(0, np.uint8)
    return words[: len(words) // padded * padded].reshape(-1, padded)[:, :size]


class _Compared:
    def __init__(self, stream: LayerStream, words: NDArray[np.uint8]) -> None:
        self.stream, self.words = stream, words
        self.seen = self.mismatches = 0
        self.first: Difference | None = None
        self._shape: tuple[int, ...] = (1, 1, 1)

    def compare(self, image: int, expected: IntArray | None) -> None:
        """The words of one image (H,W,C); None: those that are left."""
        if expected is not None:
            self._shape = expected.shape
        wanted = np.empty(0, np.int64) if expected is None else expected.reshape(-1)
        count = None if expected is None else wanted.size // self.stream.elements
        words = self.words[self.seen :][:count]
        self.seen += len(words)
        got = unpack(np.ascontiguousarray(words), self.stream.elements, self.stream.bits, self.stream.signed)
        both = min(len(got), len(wanted))
        wrong = np.flatnonzero(got[:both] != wanted[:both])
        rest = max(len(got), len(wanted)) - both
        self.mismatches += len(wrong) + rest
        if self.first is None and (len(wrong) or rest):
            self.first = self._place(image, int(wrong[0]) if len(wrong) else both, wanted, got)

    def _place(self, image: int, index: int, wanted: IntArray, got: IntArray) -> Difference:
        row, column, channel = (int(i) for i in np.unravel_index(index % math.prod(self._shape), self._shape))
        values = (int(v[index]) if index < len(v) else None for v in (wanted, got))
        return Difference(image, row, column, channel, *values)


def _by_layer(found: Sequence[_Compared]) -> list[dict[str, Any]]:
    layers: dict[str, dict[str, Any]] = {}
    for stream in found:
        entry = layers.setdefault(
            stream.stream.layer,
            {"name": stream.stream.layer, "words": 0, "mismatches": 0, "first": None},
        )
        entry["words"] += len(stream.words)
        entry["mismatches"] += stream.mismatches
        if entry["first"] is None and stream.first is not None:
            entry["first"] = asdict(stream.first)
    return list(layers.values())
