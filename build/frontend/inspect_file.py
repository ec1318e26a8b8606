# SPDX-License-Identifier: Apache-2.0
"""What `fpgan inspect --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Free, Whole

_COUNT = Whole()


@dataclass(frozen=True, kw_only=True)
class InspectInput:
    """What a network takes."""

    shape: Sequence[int] = said("(C,H,W)", stable=True)
    quantizer: str = said("sign, bits and scale; none: where the file has none", stable=True)


@dataclass(frozen=True, kw_only=True)
class InspectLayer:
    """A layer; null is what its kind has not."""

    name: str = said("of its first node", stable=True)
    ops: Sequence[str] = said("of the file, that became the layer", stable=True)
    inputs: Sequence[int] = said("0: the network's input, I+1: what layer I makes", within=[_COUNT])
    in_: Any = said("(C,H,W); of a concatenation that of each input", key="in", within=Free())
    out: Sequence[int] = said("(C,H,W)", stable=True)
    kernel: Sequence[int] | None = said("rows and columns")
    stride: Sequence[int] | None = said("rows and columns")
    pads: Sequence[int] | None = said("as ONNX has them: top, left, bottom, right")
    step: Sequence[int] | None = said("rows and columns: of so many outputs one is kept")
    dilation: Sequence[int] | None = said("rows and columns from one kernel tap to the next")
    factors: Sequence[int] | None = said("of a sum's inputs")
    weight_bits: int | None = said("of a weight", "bits", stable=True)
    weight_scale: str | None = said("value of the integer 1; of several the least and the largest")
    accumulator_bits: int | None = said("of what is summed", "bits", stable=True)
    output: str = said("quantizer of what it makes", stable=True)
    becomes: str = said("modules that are built of it", stable=True)
    useful_macs: int = said("of an image", "MAC", stable=True, within=_COUNT)
    notes: Sequence[str] = said("what a reader should know of it")


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """Printed by `fpgan inspect --json`: how an ONNX file is read, and what blocks a build."""

    file: str = said("its path, as it was given", stable=True)
    input: InspectInput | None = said("null where reading did not get so far", stable=True)
    layers: Sequence[InspectLayer] = said("those before the first obstacle, or all", stable=True)
    notes: Sequence[str] = said("what a reader should know of the network")
    blocked: Sequence[str] = said("why it cannot be built, a line each; [] where it can", stable=True)
