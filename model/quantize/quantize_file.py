# SPDX-License-Identifier: Apache-2.0
"""quantize.json: how far a quantized module is from its float original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import Whole

_BITS = Whole(1, 32)


@dataclass(frozen=True, kw_only=True)
class Far:
    """The image of the quantized network against the float one's."""

    sqnr_db: float | None = said("signal over quantization noise; null where both are the same", "dB")
    mse: float = said("mean squared error")


@dataclass(frozen=True, kw_only=True)
class QuantizeScore:
    """Distance from real images; smaller is better."""

    name: str = said("of the distance")
    samples: int = said("images in all", "images")
    real_vs_real: float = said("the same between halves of the real images")
    float_: float = said("of the float module", key="float")
    calibrated: float = said("of the quantized network before fine-tuning")
    tuned: float = said("after it", may_lack=True)


@dataclass(frozen=True, kw_only=True)
class Latents:
    """What the network takes."""

    shape: Sequence[int] = said("(Z,H,W) of one")
    kind: str = said("how they were drawn")
    bits: int = said("of an element", "bits", stable=True, within=_BITS)
    scale: float = said("value of the integer 1", stable=True)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """What the network gives."""

    shape: Sequence[int] = said("(C,H,W) of one")
    bits: int = said("of a pixel's channel", "bits", stable=True, within=_BITS)
    scale: float = said("value of the integer 1", stable=True)


@dataclass(frozen=True, kw_only=True)
class QuantizeLayer:
    """A layer; what is of weights is missing where it has none."""

    name: str = said("of the module", stable=True)
    op: str = said("its class", stable=True)
    weight_bits: int = said("of a weight", "bits", stable=True, within=_BITS, may_lack=True)
    weight_scale: Sequence[float] = said("one, or one per channel", may_lack=True)
    weight_sqnr_db: float | None = said("weights against the float ones", "dB", may_lack=True)
    weight_mse: float = said("weights against the float ones", may_lack=True)
    act_bits: int = said("of what it puts out", "bits", stable=True, within=_BITS)
    act_signed: bool = said("whether that has a sign")
    act_scale: float = said("value of its integer 1")
    sqnr_db: float | None = said("of what it puts out, against the float module's", "dB")
    mse: float = said("of what it puts out, against the float module's")


@dataclass(frozen=True, kw_only=True)
class Quantize:
    """OUT/quantize.json, by `fpgan quantize`."""

    source: str = said("the module", stable=True)
    weights: str | None = said("file of its weights; null for its own", stable=True)
    bits: str = said("asked for, as W4A4", stable=True)
    steps: int = said("of fine-tuning", "steps", stable=True, within=Whole())
    calibrated: Far = said("before fine-tuning")
    score: QuantizeScore | None = said("null without real images")
    sqnr_db: float | None = said("of the finished network's image; null where both are the same", "dB")
    mse: float = said("of the finished network's image")
    seconds: float = said("that it all took", "s")
    latent: Latents = said("what it takes", stable=True)
    image: Pictures = said("what it gives", stable=True)
    layers: Sequence[QuantizeLayer] = said("in the order of the network", stable=True)
