# SPDX-License-Identifier: Apache-2.0
"""The discriminator: as many stride-2 convolutions as the image size asks for."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class Discriminator(nn.Module):
    """image (N,C,S,S), label (N) -> logit (N): halves S until at most 4 rows are left, then weighs all.

    With classes, the label chooses a second weighing of the features summed over the image (a
    projection, arXiv 1802.05637); without, it is ignored.
    """

    def __init__(
        self, image_channels: int, image_size: int, channels: int = 32, classes: int = 0, norm: str = "batch"
    ) -> None:
        """channels: of the first layer. norm: `batch`, `spectral` or `none`, see TrainConfig."""
        super().__init__()
        layers: list[nn.Module] = []
        inputs, size, width = image_channels, image_size, channels
        while size > 4:
            layers.append(nn.Conv2d(inputs, width, 4, stride=2, padding=1, bias=False))
            if inputs != image_channels and norm == "batch":
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.LeakyReLU(0.2))
            inputs, width, size = width, 2 * width, (size - 2) // 2 + 1
        layers.append(nn.Conv2d(inputs, 1, size, bias=False))
        self.main = nn.Sequential(*layers)
        self.label = nn.Embedding(classes, inputs) if classes else None
        for module in list(self.modules()):
            if isinstance(module, nn.Conv2d | nn.Embedding):
                nn.init.normal_(module.weight, 0.0, 0.02)
                if norm == "spectral":
                    spectral_norm(module)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        seen = self.main[:-1](image)
        logit: Tensor = self.main[-1](seen).flatten()
        if self.label is None:
            return logit
        return logit + (self.label(label) * seen.sum((2, 3))).sum(1)
