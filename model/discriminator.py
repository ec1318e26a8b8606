# SPDX-License-Identifier: Apache-2.0
"""The discriminator: as many stride-2 convolutions as the image size asks for."""

from __future__ import annotations

from torch import Tensor, nn


class Discriminator(nn.Module):
    """image (N,C,S,S) -> logit (N): halves S until at most 4 rows are left, then one convolution over all."""

    def __init__(self, image_channels: int, image_size: int, channels: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs, size, width = image_channels, image_size, channels
        while size > 4:
            layers.append(nn.Conv2d(inputs, width, 4, stride=2, padding=1, bias=False))
            if inputs != image_channels:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.LeakyReLU(0.2))
            inputs, width, size = width, 2 * width, (size - 2) // 2 + 1
        layers.append(nn.Conv2d(inputs, 1, size, bias=False))
        self.main = nn.Sequential(*layers)
        for module in self.main:
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)

    def forward(self, image: Tensor) -> Tensor:
        logit: Tensor = self.main(image).flatten()
        return logit
