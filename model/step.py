# SPDX-License-Identifier: Apache-2.0
"""One training step: the discriminator's update, then the generator's."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss, relu

from fpgan.model.augment import augment
from fpgan.model.batches import SEEDS
from fpgan.model.data import Batch
from fpgan.model.descent import Descent
from fpgan.model.generator import Generator
from fpgan.model.run import STATE
from fpgan.model.state import TrainState

_R1_EVERY = 16  # steps; its weight is as many times larger (arXiv 1912.04958)


def train_step(state: TrainState, batch: Batch) -> dict[str, float]:
    """Update both networks and the average, by config.loss. Returns the losses.

    Where the configuration says so, the steps with quantizers only learn the float generator's images.

    batch: this process's share of the step's real images. What is drawn follows from the seed and the step
    alone. Diverged, before anything is updated, if a loss is not finite.
    """
    config, device = state.config, state.device
    source = torch.Generator().manual_seed(config.seed * SEEDS + state.step)
    state.set_rates()
    generator = state.network()
    generator.train()
    if config.tunes(state.step):
        return _tuning_step(state, batch, source)
    state.discriminator.train()
    real = batch.images.to(device.device).contiguous(memory_format=torch.channels_last)
    labels = _labels(state, batch)
    first, second = (_latents(state, generator, labels, source) for _ in range(2))
    shown = None if labels is None else labels.to(device.device)

    def judged(images: Tensor) -> Tensor:
        return state.discriminator(augment(images, config.augment, source), shown).float()

    with device.autocast():
        with torch.no_grad():
            fake = generator(first)
        d_loss = _told_apart(config.loss, judged(real), judged(fake))
    if config.r1 and state.step % _R1_EVERY == 0:
        d_loss = d_loss + _R1_EVERY * config.r1 / 2 * _steepness(state, real, shown)
    losses = {"discriminator": _update(state, "discriminator", d_loss)}

    with device.autocast():
        if state.distils():
            activations, fake = generator.activations(second)
            taught = _distance(state, activations, fake, second)
        else:
            fake, taught = generator(second), None
        g_loss = _deceived(config.loss, judged(fake))
    if taught is not None:
        losses["distillation"] = device.mean(taught)
    losses["generator"] = _update(state, "generator", g_loss if taught is None else g_loss + taught)
    state.step += 1
    state.update_average()
    return losses


def _tuning_step(state: TrainState, batch: Batch, source: torch.Generator) -> dict[str, float]:
    """Learn nothing but the teacher's images; the average follows at once, since the rate falls to 0."""
    assert state.teacher is not None
    latents = _latents(state, state.generator, _labels(state, batch), source)
    descent = _descent(state, "generator")
    losses = {"distillation": descent.imitate(state.generator, state.teacher, latents)}
    state.step += 1
    state.start_from_weights()
    return losses


def _labels(state: TrainState, batch: Batch) -> Tensor | None:
    return None if state.discriminator.label is None else batch.labels


def _latents(
    state: TrainState, generator: Generator, labels: Tensor | None, source: torch.Generator
) -> Tensor:
    """This process's share of the step's latents; all processes draw the whole batch alike."""
    noise = torch.randn(state.config.batch, state.config.generator.latent, 1, 1, generator=source)
    return generator.with_labels(state.device.share(noise), labels)


def _distance(state: TrainState, activations: list[Tensor], images: Tensor, latents: Tensor) -> Tensor:
    """Weighted squared distance to what the teacher makes of the same latents.

    Of a teacher that was given only the images count: its layers may have any width.
    """
    assert state.teacher is not None
    with torch.no_grad():
        wanted, picture = state.teacher.activations(latents)
    outer = state.config.distill * mse_loss(images.float(), picture.float())
    if state.given is not None:
        return outer
    inner = sum(mse_loss(a.float(), b.float()) for a, b in zip(activations, wanted, strict=True))
    return outer + state.config.distill_features * inner


def _told_apart(loss: str, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss, of its logits (N)."""
    if loss == "hinge":
        return relu(1 - real).mean() + relu(1 + fake).mean()
    return _bce(real, 1.0) + _bce(fake, 0.0)


def _deceived(loss: str, fake: Tensor) -> Tensor:
    """The generator's, of the discriminator's logits (N)."""
    return -fake.mean() if loss == "hinge" else _bce(fake, 1.0)


def _steepness(state: TrainState, real: Tensor, labels: Tensor | None) -> Tensor:
    """Squared gradient of the discriminator's logits at real images (N,C,S,S), the mean over images."""
    real = real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(state.discriminator(real, labels).sum(), real, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean()


def _bce(logits: Tensor, label: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def _update(state: TrainState, name: str, loss: Tensor) -> float:
    """One step of one network's optimizer; returns the loss, averaged over processes."""
    return _descent(state, name).step(loss)


def _descent(state: TrainState, name: str) -> Descent:
    """Of one network, in this step."""
    return Descent(state.device, state.optimizers[name], partial(_advice, state, name))


def _advice(state: TrainState, name: str, what: str) -> str:
    return advice(state, state.step + 1, f"the {name}'s {what}")


def advice(state: TrainState, step: int, what: str) -> str:
    """The line of a Diverged."""
    return (
        f"step {step}: {what}; try a smaller lr than {state.config.lr:g}, or look at the data "
        f"(RUN's {STATE} holds an earlier step)"
    )
