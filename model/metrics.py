# SPDX-License-Identifier: Apache-2.0
"""How good generated digits are: Frechet distance on the features of a LeNet trained on MNIST."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fpgan.model.data import digits, fit
from fpgan.model.generator import Generator
from fpgan.model.run import check_fit, load_tensors, make_folder, save_tensors

log = logging.getLogger(__name__)
_SEED, _EPOCHS, _BATCH, _IMAGES = 0, 12, 64, 5000
NAME = "lenet-frechet"


class LeNet(nn.Module):
    """digits (N,1,28,28) -> features (N,64) and logits (N,10)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(x))
        return logits


@cache
def lenet() -> LeNet:
    """The classifier, trained once (about 15 s) with a fixed seed and kept in the user's cache."""
    path = Path.home() / ".cache" / "fpgan" / f"lenet-{_SEED}-{_EPOCHS}.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        model = LeNet()
        try:
            tensors = load_tensors(path)
            check_fit(path, tensors, model.state_dict())
            model.load_state_dict(tensors)
        except ValueError:  # not there yet, or cut off
            _fit_lenet(model)
            try:
                make_folder(path.parent)
                save_tensors(model.state_dict(), path)
            except ValueError as error:
                log.warning("%s: the classifier will be trained again next time", error)
    return model.eval()


@torch.enable_grad()
def _fit_lenet(model: LeNet) -> None:
    images, labels = digits()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(_EPOCHS):
        for part in torch.randperm(len(images)).split(_BATCH):
            optimizer.zero_grad()
            F.cross_entropy(model(images[part]), labels[part]).backward()
            optimizer.step()


def features(images: Tensor) -> np.ndarray:
    """images (N,C,S,S) in [-1, 1] -> features (N,64)."""
    grey = images.mean(1, keepdim=True)
    size = grey.shape[-1]
    small = grey[:, :, 2:-2, 2:-2] if size == 32 else fit(grey, 28)
    body = lenet().body
    with torch.no_grad():
        return torch.cat([body(part) for part in small.split(500)]).double().numpy()


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of two feature sets (N,D): |mean difference|^2 + tr(A + B - 2 sqrt(AB))."""
    mean = a.mean(0) - b.mean(0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(cov_a @ cov_b).real, 0))  # their sum is tr sqrt(AB)
    return float(mean @ mean + np.trace(cov_a + cov_b) - 2 * roots.sum())


def digit_score(images: Tensor) -> dict[str, Any]:
    """Score of generated digits (N,C,S,S) against all 5,000 real ones; 0 is best.

    Beside it one half of the real ones against the other. The fewer images, the larger the distance between
    two sets of the same kind: real_vs_real is an upper bound of what a perfect generator would score.
    """
    real = features(fit(digits()[0], images.shape[-1]))
    half = len(real) // 2
    return {
        "name": NAME,
        "value": round(frechet(features(images), real), 4),
        "real_vs_real": round(frechet(real[:half], real[half:]), 4),
        "float_baseline": None,
    }


@torch.no_grad()
def score_images(generator: Generator) -> Tensor:
    """Images (5000,C,S,S) of a generator in eval mode, always of the same latents."""
    source = torch.Generator().manual_seed(_SEED)
    latents = torch.randn(_IMAGES, generator.config.latent, 1, 1, generator=source)
    return torch.cat([generator(part) for part in latents.split(250)])
