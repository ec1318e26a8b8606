# SPDX-License-Identifier: Apache-2.0
"""Training of the generator against a discriminator, first without and then with its quantizers."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from fpgan.model.config import TrainConfig
from fpgan.model.data import training_images
from fpgan.model.generator import Generator
from fpgan.model.interrupt import held_signals
from fpgan.model.metrics import digit_score, score_images
from fpgan.model.run import STATE, load_run, load_weights, make_folder, remove_unfinished, save_run
from fpgan.model.state import TrainState

__all__ = ["Diverged", "calibrate", "load_run", "train"]

log = logging.getLogger(__name__)
_CALIBRATION_BATCHES = 32
_CALIBRATION_BATCH = 64
_SAVE_EVERY = 500


class Diverged(ArithmeticError):
    """A loss is no longer a finite number."""


Progress = Callable[[int, int, dict[str, float]], None]


def train(
    config: TrainConfig,
    out: Path | str,
    steps: int | None = None,
    init: Path | str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a generator and write its RUN folder; returns what metrics.json holds.

    steps: overrides config.steps; 0 only calibrates, which gives hardware something to be built from.
    init: safetensors to start from, names as in checkpoint.safetensors. resume: go on from what out holds,
    wherever it was killed; the result is that of a run which was never interrupted. progress: called
    (step, steps, losses). ValueError on settings, data or files that do not fit; Diverged on a loss that is
    not finite.
    """
    if steps is not None:
        config = dataclasses.replace(config, steps=steps)
    if resume and init is not None:
        raise ValueError("resume goes on from its own weights: give it no init")
    out = Path(out)
    state = TrainState(config)
    if init is not None:
        load_weights(state.generator, Path(init))
        state.start_from_weights()
    if resume:
        _resume(state, out / STATE)
    make_folder(out)
    remove_unfinished(out)
    if config.steps > 0:
        _run(state, out / STATE, progress)
    return _finish(state, out)


def _resume(state: TrainState, path: Path) -> None:
    state.load(path)
    if state.step > state.config.steps:
        raise ValueError(f"{path}: has {state.step} steps already, more than steps={state.config.steps}")


def _run(state: TrainState, path: Path, progress: Progress | None) -> None:
    """Train from state.step to config.steps; saved between steps: now and then, and on a signal."""
    config = state.config
    g = config.generator
    images = training_images(config.dataset, g.image_channels, g.image_size)
    if len(images) < config.batch:
        raise ValueError(
            f"dataset {config.dataset}: {len(images)} images are less than one batch={config.batch}"
        )
    _save(state, path)  # so that a run killed in its first steps can go on as well
    with held_signals() as stop:
        while state.step < config.steps:
            started = time.monotonic()
            if state.step == config.float_steps and config.float_steps and state.float_score is None:
                state.float_score = _score(state, quantized=False)["value"]
            losses = _step(state, images)
            state.seconds += time.monotonic() - started
            if state.step % _SAVE_EVERY == 0 or state.step == config.steps or stop():
                _save(state, path)
            if progress is not None:
                progress(state.step, config.steps, losses)
            if stop():
                raise KeyboardInterrupt


def _save(state: TrainState, path: Path) -> None:
    """Write the state, unless a gradient that was not finite has spoilt it."""
    for name, tensor in state.tensors().items():
        if not torch.isfinite(tensor).all():
            raise Diverged(_advice(state, state.step, f"{name} is no longer finite"))
    state.save(path)


def _advice(state: TrainState, step: int, what: str) -> str:
    return (
        f"step {step}: {what}; try a smaller lr than {state.config.lr:g}, or look at the data "
        f"(RUN's {STATE} holds an earlier step)"
    )


def _step(state: TrainState, images: Tensor) -> dict[str, float]:
    """One update of the discriminator, then one of the generator: binary cross entropy, seed article 3.1."""
    config = state.config
    source = torch.Generator().manual_seed(config.seed * 1_000_003 + state.step)
    generator = state.twin if state.step < config.float_steps else state.generator
    generator.train()
    state.discriminator.train()
    size = (config.batch, config.generator.latent, 1, 1)
    real = _batch(images, config, state.step).contiguous(memory_format=torch.channels_last)

    with torch.no_grad():
        fake = generator(torch.randn(size, generator=source))
    d_loss = _bce(state.discriminator(real), 1.0) + _bce(state.discriminator(fake), 0.0)
    _update(state, "discriminator", d_loss)

    g_loss = _bce(state.discriminator(generator(torch.randn(size, generator=source))), 1.0)
    _update(state, "generator", g_loss)
    state.step += 1
    state.update_average()
    return {"discriminator": d_loss.item(), "generator": g_loss.item()}


def _bce(logits: Tensor, label: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def _update(state: TrainState, name: str, loss: Tensor) -> None:
    if not math.isfinite(loss.item()):
        raise Diverged(_advice(state, state.step + 1, f"the {name}'s loss is {loss.item()}"))
    for optimizer in state.optimizers.values():
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.optimizers[name].step()


def _batch(images: Tensor, config: TrainConfig, step: int) -> Tensor:
    """Real images (batch,C,S,S) of one step: each epoch is a new order, cut to whole batches."""
    epoch, index = divmod(step, len(images) // config.batch)
    source = torch.Generator().manual_seed(config.seed * 1_000_003 + 500_000_000 + epoch)
    order = torch.randperm(len(images), generator=source)
    return images[order[index * config.batch : (index + 1) * config.batch]]


def _finish(state: TrainState, out: Path) -> dict[str, Any]:
    """Calibrate the averaged generator, score it, write the RUN folder."""
    config = state.config
    calibrate(state.average, config.seed)
    metrics = {
        "preset": config.preset,
        "bits": _bits(config),
        "steps": state.step,
        "seconds": round(state.seconds, 1),
        "score": _score(state, quantized=True) if state.step else None,
    }
    save_run(out, state.average, config, metrics)
    return metrics


def _score(state: TrainState, quantized: bool) -> dict[str, Any]:
    """Score of the averaged generator, with or without its quantizers. None where the data are no digits."""
    empty = {"name": None, "value": None, "real_vs_real": None, "float_baseline": None}
    if state.config.dataset != "digits":
        return empty
    average = state.average if quantized else state.average.float_twin()
    calibrate(average, state.config.seed)
    return digit_score(score_images(average)) | {"float_baseline": state.float_score}


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


def _bits(config: TrainConfig) -> dict[str, Any]:
    g = config.generator
    return {
        "latent": g.latent_bits,
        "weights": list(g.layer_weight_bits),
        "activations": list(g.layer_act_bits),
        "image": g.output_bits,
    }
