# SPDX-License-Identifier: Apache-2.0
"""Training state: networks, optimizers, averaged weights; saved and resumed without pickle."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fpgan.model.config import TrainConfig
from fpgan.model.discriminator import Discriminator
from fpgan.model.generator import Generator


class Trainer:
    """Both networks with their optimizers, and the running average of the generator's weights."""

    def __init__(self, generator: Generator, discriminator: Discriminator, config: TrainConfig) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.average = copy.deepcopy(generator)
        self.g_optimizer = torch.optim.Adam(generator.parameters(), config.lr, betas=config.betas)
        self.d_optimizer = torch.optim.Adam(discriminator.parameters(), config.lr, betas=config.betas)

    def update(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        self.g_optimizer.zero_grad(set_to_none=True)
        self.d_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    def average_step(self, decay: float) -> None:
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)

    def _modules(self) -> dict[str, nn.Module]:
        return {"generator": self.generator, "discriminator": self.discriminator, "average": self.average}

    def save(self, path: Path, step: int) -> None:
        tensors = {"step": torch.tensor(step)}
        for name, module in self._modules().items():
            tensors |= {f"{name}/{key}": value for key, value in module.state_dict().items()}
        for name, optimizer in (("g", self.g_optimizer), ("d", self.d_optimizer)):
            for index, moments in optimizer.state_dict()["state"].items():
                tensors |= {f"{name}_optimizer/{index}/{key}": value for key, value in moments.items()}
        save_tensors(path, tensors)

    def load(self, path: Path) -> int:
        """Restore everything; returns the step to go on with. ValueError where the file does not fit."""
        try:
            tensors = load_file(path)
            for name, module in self._modules().items():
                prefix = f"{name}/"
                module.load_state_dict(
                    {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
                )
        except (SafetensorError, OSError, RuntimeError) as error:
            raise ValueError(f"{path}: cannot be resumed from ({str(error).splitlines()[0]})") from None
        for name, optimizer in (("g", self.g_optimizer), ("d", self.d_optimizer)):
            state: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                if key.startswith(f"{name}_optimizer/"):
                    _, index, moment = key.split("/")
                    state.setdefault(int(index), {})[moment] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        return int(tensors["step"])


def save_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write safetensors beside, then rename."""
    temporary = path.with_name(f".{path.name}.tmp")
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, temporary)
    temporary.rename(path)


def write_text(path: Path, text: str) -> None:
    """Write beside, then rename."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text)
    temporary.rename(path)
