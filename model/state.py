# SPDX-License-Identifier: Apache-2.0
"""Training state: both networks, their optimizers, the averaged generator; saved and resumed without pickle.

No random state is kept: what a step draws follows from the seed and the step's number alone.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from fpgan.hw.system.reading import DamagedError
from fpgan.hw.system.shapes import Whole, check_shape
from fpgan.model.config import GeneratorConfig, TrainConfig
from fpgan.model.device import Device
from fpgan.model.discriminator import Discriminator
from fpgan.model.generator import Generator
from fpgan.model.run import check_fit, load_tensors, save_tensors, tensors_metadata

_FREE = ("preset", "steps", "workers")
_SCALE, _SCALE_RATE = "scaling_impl.value", 10.0
_PROGRESS = {"step": Whole(), "seconds": float, "broken": [str], "threads": Whole(1, 1024)}
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class TrainState:
    """Everything that a step changes.

    average: running mean of the generator's parameters. teacher: a generator that was given, of any width,
    else the average without quantizers, as it was when they came in; None before, and where nothing is
    distilled. given: the settings of a teacher that was given. step: steps done. seconds: time they took.
    broken: image files that could not be read.
    """

    def __init__(self, config: TrainConfig) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.device = Device(config.precision)
        g = config.generator
        self.generator = Generator(g)
        self.discriminator = Discriminator(
            g.image_channels, g.image_size, config.features, g.classes, config.discriminator_norm
        )
        network: Any
        for network in (self.generator, self.discriminator):
            network.to(self.device.device, memory_format=torch.channels_last)
        self.twin = self.generator.float_twin()
        self.average = copy.deepcopy(self.generator)
        self.teacher: Generator | None = None
        self.given: GeneratorConfig | None = None
        self.optimizers = {
            "generator": Adam(_groups(self.generator), config.lr, betas=config.betas),
            "discriminator": Adam(_groups(self.discriminator), config.lr, betas=config.betas),
        }
        self.step, self.seconds = 0, 0.0
        self.broken: set[str] = set()
        if config.compile:
            for module in (self.discriminator, self.twin):
                module.compile()

    def network(self) -> Generator:
        """The generator as this step trains it, with or without its quantizers."""
        return self.twin if self.step < self.config.float_steps else self.generator

    def distils(self) -> bool:
        """Whether this step has a teacher."""
        if self.given is not None or self.config.tunes(self.step):
            return True
        wanted = self.config.distill > 0 or self.config.distill_features > 0
        return wanted and self.step >= self.config.float_steps and self.generator.quantized

    def take_teacher(self) -> None:
        """Keep the averaged float generator of now as the teacher, if one is wanted and missing.

        One that is only to be tuned goes on from the average itself.
        """
        if self.distils() and self.teacher is None:
            self.teacher = self._new_teacher()
            self.teacher.load_state_dict(self.average.float_twin().state_dict())
        if self.config.tunes(self.step) and self.step == self.config.float_steps:
            self._go_on_from_average()

    def set_rates(self) -> None:
        """The learning rates of this step. Tuning leaves scales alone: a jump undoes more than it gains."""
        factor = "tuning_factor" if self.config.tunes(self.step) else "factor"
        for name, optimizer in self.optimizers.items():
            own = self.config.discriminator_rate if name == "discriminator" else 1.0
            for group in optimizer.param_groups:
                group["lr"] = self.config.step_lr(self.step) * own * group[factor]

    @torch.no_grad()
    def _go_on_from_average(self) -> None:
        """In place: Brevitas' load_state_dict makes new parameters of scales, which no optimizer knows."""
        mean = self.average.state_dict()
        for name, tensor in self.generator.state_dict().items():
            tensor.copy_(mean[name])
        self.optimizers["generator"].state.clear()

    def give_teacher(self, teacher: Generator) -> None:
        """Learn from the images of a trained generator from the first step on.

        ValueError unless it makes images of the same shape of the same latents, and distill says how much.
        """
        own = self.config.generator
        for name in ("latent", "classes", "image_channels", "image_size"):
            have, want = getattr(teacher.config, name), getattr(own, name)
            if have != want:
                raise ValueError(f"teacher: has {name}={have}, this configuration {want}; they must agree")
        if not self.config.distill:
            raise ValueError("teacher: needs distill above 0, the weight of the distance to its images")
        self._adopt(teacher.config)
        assert self.teacher is not None
        self.teacher.load_state_dict(teacher.state_dict())

    def _adopt(self, config: GeneratorConfig) -> None:
        """A given teacher in eval mode, with its quantizers: the images that it was trained to make."""
        teacher: Any = Generator(config).requires_grad_(False).eval()
        self.teacher = teacher.to(self.device.device, memory_format=torch.channels_last)
        self.given = config

    def _new_teacher(self) -> Generator:
        """In training mode for good: like its pupil, it is normalised by the batch."""
        teacher: Any = Generator(self.config.generator, quantized=False).requires_grad_(False)
        made: Generator = teacher.to(self.device.device, memory_format=torch.channels_last).train()
        return made

    def start_from_weights(self) -> None:
        """Let the average be the generator as it is."""
        self.average.load_state_dict(self.generator.state_dict())

    @torch.no_grad()
    def update_average(self) -> None:
        """average = ema * average + (1 - ema) * generator."""
        decay = min(self.config.ema, self.step / (self.step + 10))
        for mean, value in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor under a unique name, `module/tensor` or `adam_module/parameter/moment`."""
        networks: dict[str, nn.Module] = {
            "generator": self.generator,
            "average": self.average,
            "discriminator": self.discriminator,
        }
        if self.teacher is not None:
            networks["teacher"] = self.teacher
        tensors = {
            f"{n}/{key}": value for n, net in networks.items() for key, value in net.state_dict().items()
        }
        for name, optimizer in self.optimizers.items():
            for key, parameter in networks[name].named_parameters():
                moments = _moments(optimizer, parameter)
                tensors |= {f"adam_{name}/{key}/{m}": moments[m] for m in _MOMENTS}
        return tensors

    def save(self, path: Path) -> None:
        """Write all of it as safetensors; the settings are in the file's metadata."""
        about = {
            "config": self.config.to_text(),
            "step": str(self.step),
            "seconds": repr(self.seconds),
            "broken": json.dumps(sorted(self.broken)),
            "threads": str(torch.get_num_threads()),
        }
        if self.given is not None:
            about["teacher"] = dataclasses.replace(self.config, generator=self.given).to_text()
        save_tensors(self.tensors(), path, about)

    def load(self, path: Path) -> None:
        """Restore all of it. ValueError if the file is damaged or was made with other settings.

        So is torch's number of threads, as sums of other parts round otherwise.
        """
        _same_settings(path, saved_settings(path), self.config)
        tensors, about = load_tensors(path), tensors_metadata(path)
        if "teacher" in about:
            self._adopt(TrainConfig.from_text(about["teacher"], path).generator)
        elif any(name.startswith("teacher/") for name in tensors):
            self.teacher = self._new_teacher()
        own = self.tensors()
        check_fit(path, tensors, own)
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(tensors[name])
        done = _progress(path, about)
        self.step, self.seconds, self.broken = done["step"], done["seconds"], set(done["broken"])
        torch.set_num_threads(done["threads"])


def _groups(network: nn.Module) -> list[dict[str, Any]]:
    """Parameters for Adam, learned scales apart: an exponent has to go half a step before it counts."""
    scales = [p for name, p in network.named_parameters() if name.endswith(_SCALE)]
    others = [p for name, p in network.named_parameters() if not name.endswith(_SCALE)]
    groups: list[dict[str, Any]] = [{"params": others, "factor": 1.0, "tuning_factor": 1.0}]
    return [*groups, {"params": scales, "factor": _SCALE_RATE, "tuning_factor": 0.0}] if scales else groups


def saved_settings(path: Path) -> TrainConfig:
    """What a saved state was trained with. ValueError if the file is missing, damaged or something else."""
    load_tensors(path)
    text = tensors_metadata(path).get("config")
    if text is None:
        raise ValueError(f"{path}: no training state")
    return TrainConfig.from_text(text, path)


def _progress(path: Path, about: dict[str, str]) -> dict[str, Any]:
    """Step, seconds, broken files and threads of a state's metadata. DamagedError."""
    about = {"broken": "[]", "threads": str(torch.get_num_threads()), **about}
    found = {}
    for name in _PROGRESS:
        try:
            found[name] = json.loads(about[name])
        except (KeyError, ValueError, RecursionError):
            raise DamagedError(path, f"is no training state: its {name} is missing or damaged") from None
    check_shape(found, _PROGRESS, path)
    return found


def _moments(optimizer: Adam, parameter: Tensor) -> dict[str, Tensor]:
    """Adam's state of one parameter, made as its first step would make it if there was none yet."""
    state: dict[str, Tensor] = optimizer.state[parameter]
    if not state:
        state["step"] = torch.tensor(0.0)
        state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        state["exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
    return state


def _same_settings(path: Path, saved: TrainConfig, wanted: TrainConfig) -> None:
    """Only what leaves the steps as they are may differ between two parts of one training."""
    scheduled = wanted.decay or wanted.tuning == "distillation"
    free = [name for name in _FREE if name != "steps" or not scheduled]
    for name in (f.name for f in dataclasses.fields(TrainConfig) if f.name not in free):
        have, want = getattr(saved, name), getattr(wanted, name)
        if have != want:
            raise ValueError(
                f"{path}: was trained with {name}={have}, which is now {want}; resume needs the same"
            )
