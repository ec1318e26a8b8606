# SPDX-License-Identifier: Apache-2.0
"""metrics.json: what a training made, and how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.hw.system.fields import said
from fpgan.hw.system.shapes import OneOf, Whole

_BITS = OneOf((*range(1, 33), "float"))


@dataclass(frozen=True, kw_only=True)
class Bits:
    """Widths; `float` where nothing is quantized."""

    latent: int | str = said("of an element", "bits", stable=True, within=_BITS)
    weights: Sequence[int | str] = said("of each layer", "bits", stable=True, within=[_BITS])
    activations: Sequence[int | str] = said("between layers", "bits", stable=True, within=[_BITS])
    image: int | str = said("of a pixel's channel", "bits", stable=True, within=_BITS)


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """Of one label."""

    label: int = said("from 0", within=Whole())
    agreement: float = said(
        "share of images that show it to the classifier, where there is one", may_lack=True
    )
    value: float | None = said("distance; null with too few images")
    real_vs_real: float | None = said("distance of two halves of the real images")


@dataclass(frozen=True, kw_only=True)
class ClassScores:
    """Of a generator with classes."""

    agreement: float = said("mean over labels, where there is a classifier", may_lack=True)
    each: Sequence[ClassScore] = said("in the order of the labels")


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The distance from real images that no training saw."""

    images: int = said("held out and compared with", "images", within=Whole(1))
    value: float = said("of the generated images, mean over sets")
    real: float = said("of the images that were learnt from")


@dataclass(frozen=True, kw_only=True)
class LabelCount:
    """A label of the data set."""

    name: str = said("of its folder")
    images: int = said("that are learnt from", "images", within=Whole())


@dataclass(frozen=True, kw_only=True)
class Score:
    """Distance from the real images; smaller is better."""

    name: str = said("of the distance", stable=True)
    value: float = said("mean over sets of images", stable=True)
    spread: float | None = said("standard deviation between sets; null with one set")
    real_vs_real: float = said("the same between halves of the real images: the best to expect", stable=True)
    float_baseline: float | None = said(
        "value of the float network trained alike; null where unknown", stable=True
    )
    samples: int = said("images in all", "images", within=Whole(1))
    set: int = said("images in each set", "images", within=Whole(1))
    seed: int = said("of the latents")
    kid: float = said("kernel distance of the same features")
    kid_real_vs_real: float = said("the same between halves of the real images")
    swd: float = said("sliced Wasserstein distance of pixels")
    swd_real_vs_real: float = said("the same between halves of the real images")
    precision: float = said("share of images that lie among real ones: quality", may_lack=True)
    precision_real_vs_real: float = said("the same of the other half of the real images", may_lack=True)
    recall: float = said("share of real images that lie among those made: variety", may_lack=True)
    recall_real_vs_real: float = said("the same of the other half of the real images", may_lack=True)
    nearest: float = said(
        "median distance of an image's features to those of the nearest real one", may_lack=True
    )
    nearest_real_vs_real: float = said(
        "the same of the other half of the real images; much larger than `nearest`: copies", may_lack=True
    )
    held_out: HeldOut = said("by images that no training saw, where the data set has some", may_lack=True)
    classes: ClassScores = said("by label, of a generator with classes", may_lack=True)


@dataclass(frozen=True, kw_only=True)
class InceptionScore:
    """By features of Inception-v3, as papers give them; smaller is better."""

    images: int = said("generated, and as many real ones", "images", within=Whole(1))
    fid: float = said("Fréchet distance (FID)")
    fid_real_vs_real: float = said("the same between halves of the real images")
    kid: float = said("kernel distance (KID) x 1000")
    kid_real_vs_real: float = said("the same between halves of the real images")


@dataclass(frozen=True, kw_only=True)
class Evaluated(Score):
    """Printed by `fpgan evaluate --json`: the score in metrics.json, measured again."""

    inception: InceptionScore = said("with --inception", may_lack=True)


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What `fpgan prune` left."""

    from_: Sequence[int] = said("channels of each layer before", key="from")
    by: str = said("measure of importance")
    kept: Sequence[Sequence[int]] = said("which channels, of each layer")
    untuned: float = said("the score's value before fine-tuning")


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """RUN/metrics.json, by `fpgan train` and `fpgan prune`."""

    preset: str | None = said("that the configuration began from", stable=True)
    bits: Bits = said("widths", stable=True)
    steps: int = said("of training", "steps", stable=True, within=Whole())
    seconds: float = said("that they took", "s", stable=True)
    broken: Sequence[str] = said("files of the data set that could not be read")
    images: int | None = said("in the data set; null where none was opened", "images")
    held_out: int = said("images of the data set that are not learnt from", "images", may_lack=True)
    labels: Sequence[LabelCount] = said("of the data set, where they have names, in order", may_lack=True)
    score: Score | None = said("null without training steps", stable=True)
    pruned: Pruned = said("of a pruned generator", may_lack=True)
