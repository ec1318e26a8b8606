# SPDX-License-Identifier: Apache-2.0
"""What draws images of latents, whatever it is made of, and its images."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

_BATCH = 250


class Drawing(Protocol):
    """What is scored: it draws images (N,C,S,S) in [-1, 1]."""

    @property
    def classes(self) -> int:
        """How many labels it takes, 0 for none."""

    def random_latents(self, count: int, source: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Latents (count, ...) and their labels (count) if it has any, 0, 1, ... in turn."""

    def __call__(self, latent: Tensor) -> Tensor:
        """Images of latents."""


@torch.no_grad()
def generate(generator: Drawing, count: int, source: torch.Generator) -> tuple[Tensor, Tensor | None]:
    """Images (count,C,S,S) of random latents, and their labels (count) if it has any, 0, 1, ... in turn."""
    latents, labels = generator.random_latents(count, source)
    return torch.cat([generator(part) for part in latents.split(_BATCH)]), labels
