# SPDX-License-Identifier: Apache-2.0
"""The generator of PyTorch's own DCGAN example (pytorch/examples, dcgan/main.py), for `fpgan quantize`."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.parallel import data_parallel

_LATENTS = 256


class Generator(nn.Module):
    """Latents (N,nz,1,1) -> images (N,nc,64,64) in [-1, 1]; ngf: channels in front of the last layer."""

    def __init__(self, ngpu: int = 1, nz: int = 100, ngf: int = 64, nc: int = 3) -> None:
        super().__init__()
        self.ngpu = ngpu
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 8), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 4), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf), nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh(),
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        if input.is_cuda and self.ngpu > 1:
            return data_parallel(self.main, input, range(self.ngpu))
        return self.main(input)


def untrained(nz: int = 100, ngf: int = 64, nc: int = 3) -> Generator:
    """A Generator with random weights whose norms know what random latents make of them.

    As constructed they do not, and each layer is fainter than the one before: images without contrast, of
    which nearly every pixel is 0 in hardware too, whatever it computes.
    """
    generator = Generator(nz=nz, ngf=ngf, nc=nc)
    for norm in (module for module in generator.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.momentum = None  # what they keep is the mean of all that they have seen
    with torch.no_grad():
        generator(torch.randn(_LATENTS, nz, 1, 1))
        last = generator.main[-2]
        assert isinstance(last, nn.ConvTranspose2d)
        last.weight /= generator.main[:-1](torch.randn(_LATENTS, nz, 1, 1)).std()
    return generator.eval()
