# SPDX-License-Identifier: Apache-2.0
"""Small fixed networks by whose features images are compared; they ship, so that all machines score alike."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fpgan.model.data import fit
from fpgan.model.run import check_fit, load_tensors

FOLDER = Path(__file__).parent / "checkpoints" / "features"
_BATCH = 250
FEATURES = 64


class LeNet(nn.Module):
    """Classifier of digits or garments: images (N,C,S,S) in [-1, 1] -> features (N,64) and logits (N,10)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Linear(128, FEATURES), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(FEATURES, 10)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        grey = images.mean(1, keepdim=True)
        small = grey[:, :, 2:-2, 2:-2] if grey.shape[-1] == 32 else fit(grey, 28)
        features = self.body(small)
        return features, self.head(features)


class ColourNet(nn.Module):
    """images (N,C,S,S) in [-1, 1] -> features (N,64) and logits (N,12).

    It learns without labels: which of four turns and three channel rotations an image went through.
    """

    SIDE = 64

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 64, FEATURES)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.LeakyReLU(0.1)]
        layers += [nn.Conv2d(FEATURES, FEATURES, 3, padding=1), nn.LeakyReLU(0.1)]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(FEATURES, 12)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        grey = images.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        colour = images if images.shape[1] == 3 else grey
        features = self.body(fit(colour, self.SIDE))
        return features, self.head(features)


KINDS: dict[str, type[LeNet] | type[ColourNet]] = {"digits": LeNet, "fashion": LeNet, "colour": ColourNet}


@cache
def network(kind: str) -> nn.Module:
    """Network for `digits`, `fashion` or `colour`, in float64, whose rounding moves no digit of a score."""
    path = FOLDER / f"{kind}.safetensors"
    model, tensors = KINDS[kind](), load_tensors(path)
    check_fit(path, tensors, model.state_dict())
    model.load_state_dict(tensors)
    return model.double().eval().requires_grad_(False)


def classify(kind: str, images: np.ndarray) -> np.ndarray | None:
    """The digit or garment that each of images (N,C,S,S) in [-1, 1] shows (N); None of any other kind."""
    return measure(kind, torch.from_numpy(images))[1] if kind in ("digits", "fashion") else None


@torch.no_grad()
def measure(kind: str, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features (N,64) of images (N,C,S,S) in [-1, 1], of mean square 1, and the class each looks like (N).

    As they come, few features with large values would decide every distance.
    """
    parts = [network(kind)(part.double()) for part in images.split(_BATCH)]
    features = F.normalize(torch.cat([p[0] for p in parts]), dim=1) * FEATURES**0.5
    return features.numpy(), torch.cat([p[1] for p in parts]).argmax(1).numpy()
