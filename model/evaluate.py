# SPDX-License-Identifier: Apache-2.0
"""How good a generator is: how far what it makes is from real images, and these from each other.

Samples of one size are compared, as every such distance grows when samples shrink. The real images are cut in
halves of at most 2,500: one half is the reference, the other tells what a perfect generator would score; this
is done in eight ways and averaged. The generated images are cut into sets of the same size: the score is
the mean over sets, the spread their standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from fpgan.model.checkpoints import run_folder
from fpgan.model.clusters import training_images
from fpgan.model.config import TrainConfig
from fpgan.model.data import Images
from fpgan.model.distances import frechet, kernel, precision_recall, sliced_wasserstein
from fpgan.model.distances import nearest as nearest_of
from fpgan.model.drawing import Drawing, generate
from fpgan.model.features import measure
from fpgan.model.inception import inception_network, inception_scores
from fpgan.model.neighbours import neighbours
from fpgan.model.run import load_run, read_metrics

SAMPLES = 10_000
_SET = 2500
_POOL = 4  # sets of real images that are looked at, where there are so many
_BATCH = 250
_DIGITS = 4
_CUTS = 8
_SEEDS = 7919

Compare = Callable[[np.ndarray, np.ndarray], float]

_HEADLINES: dict[str, tuple[str, Compare]] = {
    "digits": ("lenet-frechet", frechet),
    "fashion": ("fashion-frechet", frechet),
    "colour": ("colour-kid", kernel),
}


def evaluate(
    run: Path | str,
    samples: int = SAMPLES,
    seed: int = 0,
    data: Dataset[Any] | None = None,
    baseline: Path | str | None = None,
    inception: Path | str | None = None,
    nearest: Path | str | None = None,
) -> dict[str, Any]:
    """Score of a RUN folder, as metrics.json has it: name, value, spread, real_vs_real, float_baseline ...

    data: what it was trained on, where config.yaml does not say. baseline: RUN of the same network in float,
    trained as long; its score becomes float_baseline. inception: file of Inception-v3 weights, with which FID
    and KID are measured as well. nearest: PNG file to draw images into, each beside the three most like it
    in the data. ValueError on damaged files or too few samples.
    """
    generator, config = load_run(run)
    images = training_images(config, data)
    result = score(generator, images, samples, seed)
    if baseline is not None:
        check_baseline(baseline, config)
        other, _ = load_run(baseline)
        result["float_baseline"] = score(other, images, samples, seed)["value"]
    if inception is not None:
        network = inception_network(inception)
        result["inception"] = inception_scores(network, generator, images, samples, seed)
    if nearest is not None:
        neighbours(generator, images, Path(nearest), seed)
    return result


def recorded_baseline(run: Path | str, config: TrainConfig) -> float:
    """Score in a float RUN's metrics.json. ValueError unless it is config's network, trained alike."""
    check_baseline(run, config)
    found = read_metrics(run_folder(run)).get("score") or {}
    if found.get("seed") != 0 or found.get("samples", 0) + found.get("set", 0) <= SAMPLES:
        raise ValueError(f"{run}: its score is not of {SAMPLES} samples with seed 0; train it anew")
    return float(found["value"])


def check_baseline(run: Path | str, config: TrainConfig) -> None:
    """ValueError unless run is config's network in float, trained as long on the same data."""
    _, other = load_run(run)
    if other.generator.quantized:
        raise ValueError(f"{run}: is quantized; a baseline is trained with bits: float")
    ours, theirs = (c.with_bits("float") for c in (config, other))
    same = {name: getattr(theirs.generator, name) for name in ("scales", "weight_scales", "accumulator_bits")}
    ours = replace(ours, generator=replace(ours.generator, **same))
    for name in ("generator", "dataset", "steps", "batch"):
        if getattr(ours, name) != getattr(theirs, name):
            raise ValueError(
                f"{run}: {name} is {getattr(theirs, name)}, not {getattr(ours, name)}: no fair baseline"
            )


def score(generator: Drawing, images: Images, samples: int = SAMPLES, seed: int = 0) -> dict[str, Any]:
    """Score of a generator in eval mode against the images it was trained on; see the module's docstring."""
    size = min(_SET, len(images) // 2, samples)
    if size < 2:
        raise ValueError(f"samples={samples}, {len(images)} real images: a score needs 2 and 4 at least")
    kind = images.name if images.name in ("digits", "fashion") else "colour"
    name, headline = _HEADLINES[kind]
    sets = [
        _made(generator, kind, size, seed * _SEEDS + index, keep=index == 0)
        for index in range(max(1, samples // size))
    ]
    cuts = _cuts(images, kind, size, seed)
    values = [np.mean([headline(s.features, cut[0].features) for cut in cuts]) for s in sets]
    result: dict[str, Any] = {
        "name": name,
        "value": _rounded(np.mean(values)),
        "spread": _rounded(np.std(values, ddof=1)) if len(sets) > 1 else None,
        "real_vs_real": _between(cuts, headline),
        "float_baseline": None,
        "samples": size * len(sets),
        "set": size,
        "seed": seed,
        "kid": _rounded(np.mean([kernel(s.features, cuts[0][0].features) for s in sets])),
        "kid_real_vs_real": _between(cuts, kernel),
        "swd": _rounded(sliced_wasserstein(sets[0].images, cuts[0][0].images)),
        "swd_real_vs_real": _rounded(sliced_wasserstein(cuts[0][1].images, cuts[0][0].images)),
        **_places(sets[0].features, *(half.features for half in cuts[0])),
    }
    if images.held_out is not None:
        result["held_out"] = _unseen(images.held_out, kind, sets, cuts, headline)
    if generator.classes:
        result["classes"] = _by_class(sets, cuts, generator.classes, headline, kind != "colour")
    return result


def _places(made: np.ndarray, real: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Where made features lie among those of one half of the real images, and where the other half does."""
    found: dict[str, float] = {}
    for features, suffix in ((made, ""), (other, "_real_vs_real")):
        precision, recall = precision_recall(real, features)
        apart = np.median(nearest_of(features, real)[1])
        rows = {"precision": precision, "recall": recall, "nearest": apart}
        found |= {name + suffix: _rounded(value) for name, value in rows.items()}
    return found


def _unseen(
    images: Images, kind: str, sets: list[_Sample], cuts: list[tuple[_Sample, _Sample]], compare: Compare
) -> dict[str, Any]:
    """The score by images that no training has seen, and that of those which it has."""
    index = np.random.default_rng(0).permutation(len(images))[:_SET]
    features = _sample(kind, images.__getitems__(index.tolist()).images, None).features
    return {
        "images": len(features),
        "value": _rounded(np.mean([compare(s.features, features) for s in sets])),
        "real": _rounded(np.mean([compare(reference.features, features) for reference, _ in cuts])),
    }


@dataclass(frozen=True)
class _Sample:
    """Images (N,C,S,S), features (N,64), labels (N) or None, and what the network sees in each (N)."""

    images: Tensor
    features: np.ndarray
    labels: np.ndarray | None
    seen: np.ndarray

    def part(self, chosen: np.ndarray, images: bool) -> _Sample:
        """Those chosen, with or, to save memory, without their images."""
        labels = None if self.labels is None else self.labels[chosen]
        kept = self.images[chosen if images else []]
        return _Sample(kept, self.features[chosen], labels, self.seen[chosen])


def _sample(kind: str, images: Tensor, labels: Tensor | None) -> _Sample:
    features, seen = measure(kind, images)
    return _Sample(images, features, None if labels is None else labels.numpy(), seen)


def _made(generator: Drawing, kind: str, size: int, seed: int, keep: bool) -> _Sample:
    images, labels = generate(generator, size, torch.Generator().manual_seed(seed))
    sample = _sample(kind, images, labels)
    return sample if keep else replace(sample, images=images[:0])


def _cuts(images: Images, kind: str, size: int, seed: int) -> list[tuple[_Sample, _Sample]]:
    """Eight cuts of the real images into a reference and another half, the first with images."""
    rng = np.random.default_rng(seed)
    pool = rng.permutation(len(images))[: _POOL * size]
    parts = [images.__getitems__(part.tolist()) for part in np.array_split(pool, -(-len(pool) // _BATCH))]
    labels = None if parts[0].labels is None else torch.cat([p.labels for p in parts if p.labels is not None])
    real = _sample(kind, torch.cat([p.images for p in parts]), labels)
    orders = [rng.permutation(len(pool)) for _ in range(_CUTS)]
    return [
        (real.part(o[:size], images=i == 0), real.part(o[size : 2 * size], images=i == 0))
        for i, o in enumerate(orders)
    ]


def _between(cuts: list[tuple[_Sample, _Sample]], compare: Compare) -> float:
    return _rounded(np.mean([compare(other.features, reference.features) for reference, other in cuts]))


def _by_class(
    sets: list[_Sample], cuts: list[tuple[_Sample, _Sample]], classes: int, compare: Compare, judged: bool
) -> dict[str, Any]:
    """Distances for each label; judged: also how many of its images the classifier agrees with."""
    rows: list[dict[str, Any]] = []
    for label in range(classes):
        made = [s.features[s.labels == label] for s in sets]
        real = [tuple(half.features[half.labels == label] for half in cut) for cut in cuts]
        row: dict[str, Any] = {"label": label}
        if judged:
            row["agreement"] = _rounded(np.mean([np.mean(s.seen[s.labels == label] == label) for s in sets]))
        few = min(len(features) for features in (*made, *(half for cut in real for half in cut))) < 2
        pairs = {
            "value": [(m, reference) for m in made for reference, _ in real],
            "real_vs_real": [(other, reference) for reference, other in real],
        }
        for name, sides in pairs.items():
            row[name] = None if few else _rounded(np.mean([compare(*side) for side in sides]))
        rows.append(row)
    overall = {"agreement": _rounded(np.mean([row["agreement"] for row in rows]))} if judged else {}
    return {**overall, "each": rows}


def _rounded(value: Any) -> float:
    return round(float(value), _DIGITS)
