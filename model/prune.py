# SPDX-License-Identifier: Apache-2.0
"""Structured pruning: a generator without its least important channels, small enough to need less hardware.

The generator is a chain, so a channel goes with the filter that makes it, its BatchNorm entries and the
weights of the next layer that read it. What is left is an ordinary generator of fewer channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from fpgan.hw.system.folders import only_writer
from fpgan.model.clusters import training_images
from fpgan.model.config import GIVEN
from fpgan.model.generator import Generator
from fpgan.model.run import CHECKPOINT, check_free, load_run, write_metrics
from fpgan.model.train import Progress, finish, train

_BATCHES, _BATCH = 16, 64

Importance = Callable[[Generator, int], list[Tensor]]


def prune(
    run: Path | str,
    out: Path | str,
    ratio: float | None = None,
    channels: Sequence[int] | None = None,
    by: str = "taylor",
    steps: int = 0,
    data: Dataset[Any] | None = None,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a RUN folder of fewer channels per layer; returns what its metrics.json holds.

        prune("runs/mnist32", "runs/small", ratio=0.5, by="taylor", steps=2000)

    ratio: share of each layer's output channels to remove; or channels: how many to keep, one per layer but
    the last. by: what is least important, `bn`: the smallest BatchNorm scale (Liu et al., arXiv 1708.06519),
    `taylor`: what changes the images least to first order (after Molchanov et al., arXiv 1906.10771).
    steps: of fine-tuning by the RUN's own recipe; 0 only measures the BatchNorm statistics again.
    data: what the RUN was trained on, where its config.yaml does not say. progress, overwrite: as train's.
    metrics.json gains `pruned`: from how many channels, by what, which were kept, and the score before the
    fine-tuning. ValueError in one line.
    """
    run, out = Path(run), Path(out)
    if by not in IMPORTANCE:
        raise ValueError(f"by={by}: must be {' or '.join(IMPORTANCE)}")
    if out.resolve() == run.resolve():
        raise ValueError(f"out={out}: is the RUN to be pruned; name another folder")
    if steps < 0:
        raise ValueError(f"steps={steps}: must be at least 0")
    check_free(out, overwrite)
    generator, config = load_run(run)
    counts = kept_counts(config.generator.channels, ratio, channels)
    images = training_images(config, data)
    kept = [
        torch.sort(torch.topk(importance, count).indices).values
        for importance, count in zip(IMPORTANCE[by](generator, config.seed), counts, strict=True)
    ]
    smaller = remove_channels(generator, kept)
    config = replace(config, preset="custom", generator=smaller.config)
    config = config if data is None else replace(config, dataset=GIVEN)
    with only_writer(out):
        check_free(out, overwrite)
        metrics = finish(smaller, config, images, out, {"steps": 0, "seconds": 0.0, "broken": []})
    untuned = metrics["score"]["value"]
    if steps:
        tuned = config.with_steps(steps)
        metrics = train(tuned, out, init=out / CHECKPOINT, data=data, progress=progress)
    metrics["pruned"] = {
        "from": list(generator.config.channels), "by": by, "kept": [k.tolist() for k in kept],
        "untuned": untuned,
    }  # fmt: skip
    write_metrics(out, metrics)
    return metrics


def kept_counts(
    have: Sequence[int], ratio: float | None = None, channels: Sequence[int] | None = None
) -> list[int]:
    """Channels to keep of each layer, at least 1. ValueError unless either ratio or channels fit."""
    if (ratio is None) == (channels is None):
        raise ValueError("give either ratio or channels")
    if channels is None:
        assert ratio is not None
        if not 0 < ratio < 1:
            raise ValueError(f"ratio={ratio}: must be above 0 and below 1")
        return [max(1, round(count * (1 - ratio))) for count in have]
    if len(channels) != len(have):
        raise ValueError(f"channels: {len(channels)} values for {len(have)} layers")
    for index, (count, most) in enumerate(zip(channels, have, strict=True)):
        if not 1 <= count <= most:
            raise ValueError(f"channels[{index}]={count}: must be 1 to {most}")
    if list(channels) == list(have):
        raise ValueError(f"channels={','.join(map(str, channels))}: all are kept; nothing to prune")
    return list(channels)


def remove_channels(generator: Generator, kept: Sequence[Tensor]) -> Generator:
    """Generator of only the channels kept, ascending indices, of every layer but the last.

    Its scale of each layer's weights follows from the weights that are left.
    """
    channels = tuple(len(k) for k in kept)
    smaller = Generator(replace(generator.config, channels=channels))
    before, after = dict(generator.named_modules()), smaller.named_modules()
    edges = [torch.arange(generator.config.inputs), *kept, torch.arange(generator.config.image_channels)]
    with torch.no_grad():
        for name, module in after:
            index = _layer_of(name)
            for key, tensor in [
                *module.named_parameters(recurse=False),
                *module.named_buffers(recurse=False),
            ]:
                value = getattr(before[name], key)
                if value.shape != tensor.shape and index is not None:
                    value = _selected(module, value, tensor.shape, edges[index], edges[index + 1])
                tensor.copy_(value)
    return smaller.eval()


def _layer_of(name: str) -> int | None:
    parts = name.split(".")
    return int(parts[1]) if parts[0] == "layers" and len(parts) > 1 else None


def _selected(module: nn.Module, value: Tensor, shape: torch.Size, inputs: Tensor, outputs: Tensor) -> Tensor:
    """The part of a layer's tensor that belongs to some of its input and output channels."""
    if isinstance(module, nn.ConvTranspose2d) and value.ndim == 4:
        return value[inputs][:, outputs]
    if isinstance(module, nn.Conv2d) and value.ndim == 4:
        return value[outputs][:, inputs]
    axis = next(i for i, (have, want) in enumerate(zip(value.shape, shape, strict=True)) if have != want)
    return value.index_select(axis, outputs)


def bn_importance(generator: Generator, seed: int = 0) -> list[Tensor]:
    """Absolute BatchNorm scale of each layer's channels."""
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    return [norm.weight.detach().abs() for norm in norms]


def taylor_importance(generator: Generator, seed: int = 0) -> list[Tensor]:
    """Expected squared change of an image, to first order, were each layer's channel put to zero.

    For image y and channel a that is |sum over pixels of a dy/da|^2, of which a product with random signs
    gives an unbiased estimate from one backward pass; averaged over 1,024 random latents.
    """
    source = torch.Generator().manual_seed(seed)
    total = [torch.zeros(c) for c in generator.config.channels]
    for _ in range(_BATCHES):
        activations, images = generator.activations(generator.random_latents(_BATCH, source)[0])
        signs = torch.randint(0, 2, images.shape, generator=source) * 2 - 1
        slopes = torch.autograd.grad((images * signs).sum(), activations)
        for sums, a, slope in zip(total, activations, slopes, strict=True):
            sums += (a * slope).sum((2, 3)).square().mean(0).detach()
    return [sums / _BATCHES for sums in total]


IMPORTANCE: dict[str, Importance] = {"bn": bn_importance, "taylor": taylor_importance}
