# SPDX-License-Identifier: Apache-2.0
"""Inputs that a generator is calibrated, tuned and compared on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fpgan.hw.system.reading import DamagedError, read_arrays

_NORMAL = 4.0  # standard deviations that the input's quantizer covers
NAMED = {"normal": (-_NORMAL, _NORMAL), "uniform": (-1.0, 1.0)}


@dataclass(frozen=True)
class Latents:
    """Inputs (N, *shape): standard `normal`, `uniform` in [-1, 1), or rows of `given` in random order."""

    shape: tuple[int, ...]
    kind: str = "normal"
    given: Tensor | None = None

    @property
    def span(self) -> tuple[float, float] | None:
        """What the input's quantizer is to cover; None: calibration finds it."""
        return NAMED.get(self.kind)

    def draw(self, count: int, source: torch.Generator) -> Tensor:
        """(count, *shape); of given ones, each once before any comes again."""
        if self.given is not None:
            rounds = -(-count // len(self.given))
            order = torch.cat([torch.randperm(len(self.given), generator=source) for _ in range(rounds)])
            return self.given[order[:count]]
        if self.kind == "uniform":
            return torch.rand(count, *self.shape, generator=source) * 2 - 1
        return torch.randn(count, *self.shape, generator=source)


def open_latents(latents: str | Path | Tensor, shape: tuple[int, ...]) -> Latents:
    """`normal`, `uniform`, a .npy file of floats (N, *shape), or a tensor of them. ValueError."""
    if isinstance(latents, str) and latents in NAMED:
        return Latents(shape, latents)
    if isinstance(latents, Tensor):
        name, given = "latents", latents.detach().float()
    else:
        name, given = f"latents {latents}", _read(Path(latents))
    if given.shape[1:] != shape or not len(given) or not torch.isfinite(given).all():
        sizes = ",".join(map(str, shape))
        raise ValueError(f"{name}: shape {tuple(given.shape)}; finite floats (N,{sizes}) are expected")
    return Latents(shape, "given", given)


def _read(path: Path) -> Tensor:
    expected = f"{', '.join(NAMED)} or a .npy file of floats is expected"
    try:
        found = read_arrays(path).get("")
    except DamagedError as error:
        raise ValueError(f"latents {error}; {expected}") from None
    if found is None or found.dtype.kind not in "iuf":
        raise ValueError(f"latents {path}: {expected}")
    return torch.from_numpy(found.astype(np.float32))
