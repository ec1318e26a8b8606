# SPDX-License-Identifier: Apache-2.0
"""Training of the generator against a discriminator, first without and then with its quantizers."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset

from fpgan.hw.system.files import remove_unfinished
from fpgan.hw.system.folders import only_writer
from fpgan.hw.system.signals import ending, held_back
from fpgan.model.batches import Order, batches
from fpgan.model.clusters import training_images
from fpgan.model.config import GIVEN, TrainConfig
from fpgan.model.data import Images
from fpgan.model.descent import Diverged
from fpgan.model.device import is_main
from fpgan.model.evaluate import recorded_baseline, score
from fpgan.model.generator import Generator
from fpgan.model.log import TensorBoard
from fpgan.model.run import STATE, check_free, load_run, read_metrics, samples, save_run
from fpgan.model.state import TrainState
from fpgan.model.step import advice, train_step
from fpgan.model.weights import load_init

__all__ = ["Diverged", "calibrate", "load_run", "train"]

_CALIBRATION_BATCHES = 32
_CALIBRATION_BATCH = 64
_SAVE_EVERY = 500

Progress = Callable[[int, int, dict[str, float]], None]


def train(
    config: TrainConfig,
    out: Path | str,
    steps: int | None = None,
    init: Path | str | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    data: Dataset[Any] | None = None,
    baseline: Path | str | None = None,
    tensorboard: bool = False,
    teacher: Path | str | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Train a generator and write its RUN folder; returns what metrics.json holds.

    steps: overrides config.steps; 0 only calibrates, which gives hardware something to be built from.
    init: weights to start from, see weights.load_init. resume: go on from what out holds, wherever it was
    killed; the result is that of a run which was never interrupted. progress: called (step, steps, losses).
    data: images, or pairs of image and label, instead of config.dataset (see data.Wrapped). baseline: RUN of
    the same network trained as long with bits: float, whose score is put beside. tensorboard: also write
    out/tensorboard. teacher: RUN of a generator, usually a wider one, whose images of the same latents are
    learnt as well (config.distill is their weight). overwrite: replace a training that out holds, which is
    refused else. Several processes, started by torchrun or accelerate
    launch, share every batch.
    ValueError on settings, data or files that do not fit; Diverged on a loss that is not finite.
    """
    if steps is not None:
        config = dataclasses.replace(config, steps=steps)
    if data is not None:
        config = dataclasses.replace(config, dataset=GIVEN)
    config = config.located(Path.cwd())  # whoever goes on with it, or scores it, may stand elsewhere
    float_score = None if baseline is None else recorded_baseline(baseline, config)
    out, alone = Path(out), is_main()  # of several processes one looks at what is there, and writes
    if alone:
        check_free(out, overwrite or resume)
    state = _start(config, init, teacher, out / STATE if resume else None)
    images = training_images(config, data) if config.steps else None
    with only_writer(out) if alone else nullcontext():
        if alone:
            check_free(out, overwrite or resume)
            remove_unfinished(out)
        board = TensorBoard(out / "tensorboard", state.step) if tensorboard and alone else None
        if images is not None:
            _run(state, images, out / STATE, progress, board)
        if alone:
            _end(state, images, out, float_score, board)
    state.device.wait()
    return read_metrics(out)


def _end(
    state: TrainState, images: Images | None, out: Path, float_score: float | None, board: TensorBoard | None
) -> None:
    """Write the RUN folder of a training that has done its steps."""
    facts = {
        "steps": state.step,
        "seconds": round(state.seconds, 1),
        "broken": sorted(state.broken),
    }
    metrics = finish(state.average.to("cpu"), state.config, images, out, facts, float_score)
    if board is not None:
        board.finish(state.step, samples(state.average), metrics["score"])


def _start(
    config: TrainConfig, init: Path | str | None, teacher: Path | str | None, resumed: Path | None
) -> TrainState:
    """What the first step begins with: new, from given weights, or as a file has it."""
    state = TrainState(config)
    if resumed is not None:
        if init is not None:
            raise ValueError("resume goes on from its own weights: give it no init")
        if teacher is not None:
            raise ValueError("resume goes on with the teacher that it has: give it none")
        state.load(resumed)
        if state.step > config.steps:
            raise ValueError(f"{resumed}: has {state.step} steps already, more than steps={config.steps}")
        return state
    if teacher is not None:
        state.give_teacher(load_run(teacher)[0])
    elif config.steps and state.distils() and init is None:
        raise ValueError("distillation needs a float generator: float_steps above 0, or init")
    if init is not None:
        load_init(state.generator, init)
        state.start_from_weights()
    return state


def _run(
    state: TrainState, images: Images, path: Path, progress: Progress | None, board: TensorBoard | None
) -> None:
    """Train from state.step to config.steps; state is saved between steps: now and then, and on a signal."""
    config, device = state.config, state.device
    order = Order(len(images), config, state.step, device.rank, device.world)
    _save(state, path)  # so that a run killed in its first steps can go on as well
    with held_back(patient=False) as came:
        data = batches(images, order, config.workers)
        while state.step < config.steps:
            started = time.monotonic()
            state.take_teacher()
            batch = next(data)
            state.broken.update(batch.broken)
            losses = train_step(state, batch)
            state.seconds += time.monotonic() - started
            stop = device.mean(torch.tensor(float(bool(came)), device=device.device)) > 0
            if state.step % _SAVE_EVERY == 0 or state.step == config.steps or stop:
                _save(state, path)
            if board is not None:
                board.losses(state.step, losses)
            if progress is not None:
                progress(state.step, config.steps, losses)
            if stop:
                raise ending(came[0]) if came else KeyboardInterrupt  # it came to another process


def _save(state: TrainState, path: Path) -> None:
    """Write the state, unless a gradient that was not finite has spoilt it."""
    for name, tensor in state.tensors().items():
        if not torch.isfinite(tensor).all():
            raise Diverged(advice(state, state.step, f"{name} is no longer finite"))
    if state.device.main:
        state.save(path)


def finish(
    generator: Generator,
    config: TrainConfig,
    images: Images | None,
    out: Path,
    facts: dict[str, Any],
    baseline: float | None = None,
) -> dict[str, Any]:
    """Calibrate a generator, score it on images, if there are any, and write its RUN folder.

    facts: what metrics.json says besides, `broken` being the files found so far. Returns all that it says.
    The state of an earlier training goes where there were no steps to go on from.
    """
    calibrate(generator, config.seed)
    scored = None if images is None else score(generator, images) | {"float_baseline": baseline}
    broken = sorted({*facts["broken"], *(() if images is None else images.broken)})
    metrics = {
        "preset": config.preset,
        "bits": _bits(config),
        **facts | {"broken": broken},
        **_data_facts(config, images, len(broken)),
        "score": scored,
    }
    save_run(out, generator, config, metrics)
    if not facts["steps"]:
        (out / STATE).unlink(missing_ok=True)
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
        generator(generator.random_latents(_CALIBRATION_BATCH, source)[0])
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    generator.eval()


def _data_facts(config: TrainConfig, images: Images | None, broken: int) -> dict[str, Any]:
    """What metrics.json says of the data set; one that is held in memory has left broken files out."""
    if images is None:
        return {"images": None}
    facts: dict[str, Any] = {"images": len(images) - (broken if images.slow else 0)}
    if images.held_out is not None:
        facts["held_out"] = len(images.held_out)
    if images.names and config.generator.classes:
        counts = zip(images.names, images.label_counts(), strict=True)
        facts["labels"] = [{"name": name, "images": count} for name, count in counts]
    return facts


def _bits(config: TrainConfig) -> dict[str, Any]:
    g = config.generator
    return {
        "latent": g.latent_bits,
        "weights": list(g.layer_weight_bits),
        "activations": list(g.layer_act_bits),
        "image": g.output_bits,
    }
