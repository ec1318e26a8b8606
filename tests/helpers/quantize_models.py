# SPDX-License-Identifier: Apache-2.0
"""Float generators as users write them, small."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, weight_norm


class Seed(nn.Module):
    """Layers of the article's generator."""

    def __init__(self, latent_dim=8, img_channels=3, widths=(8, 6, 4)):
        super().__init__()
        a, b, c = widths
        self.main = nn.Sequential(
            nn.ConvTranspose2d(latent_dim, a, 4, 1, 0, bias=False), nn.BatchNorm2d(a), nn.ReLU(True),
            nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(True),
            nn.ConvTranspose2d(b, c, 4, 2, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU(True),
            nn.ConvTranspose2d(c, img_channels, 4, 2, 1, bias=False), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.main(z)


class Functional(nn.Module):
    """Features to an image, resize-convolution, pixel shuffle; functions and methods only."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 6 * 16, bias=False)
        self.conv = nn.Conv2d(6, 8, 3, padding=1)
        self.out = nn.Conv2d(2, 1, 3, padding="same")

    def forward(self, z, labels=None):
        x = self.fc(z.view(z.size(0), -1))
        x = F.relu(x.view(-1, 6, 4, 4), inplace=True)
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = F.leaky_relu(F.pixel_shuffle(self.conv(x), 2), 0.25)
        return torch.tanh(self.out(F.dropout(x, 0.5, self.training)))


class Wave(nn.Module):
    """A vocoder's shape: 1-D convolutions, k16 s8 p4."""

    def __init__(self):
        super().__init__()
        self.pre = weight_norm(nn.Conv1d(5, 6, 7, padding=3))
        self.up = parametrizations.weight_norm(nn.ConvTranspose1d(6, 3, 16, 8, 4))
        self.post = parametrizations.spectral_norm(nn.Conv1d(3, 1, 7, padding=3))

    def forward(self, mel):
        x = F.leaky_relu(self.up(F.leaky_relu(self.pre(mel), 0.1)), 0.1)
        return self.post(x).tanh()


class Twice(nn.Module):
    """Modules that are called again, and arithmetic with constants."""

    def __init__(self):
        super().__init__()
        self.first = nn.ConvTranspose2d(4, 4, 2)
        self.up = nn.ConvTranspose2d(4, 4, 2, 2)
        self.act = nn.PReLU(4)
        self.scale = nn.Parameter(torch.rand(1, 4, 1, 1) + 0.5)

    def forward(self, z):
        x = self.act(self.first(z[:, :, None, None]))
        x = self.act(self.up(x)) * self.scale
        return (torch.tanh(self.up(x)) + 1) / 2


def convolutions():
    """Geometries that quantized layers must keep."""
    return nn.Sequential(
        nn.ConvTranspose2d(6, 8, (3, 4), stride=(2, 1), padding=(1, 0), output_padding=(1, 0), groups=2),
        nn.ELU(), nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(8, 4, 3, dilation=(1, 2), groups=4), nn.ReLU6(),
        nn.BatchNorm2d(4), nn.Hardsigmoid(), nn.Conv2d(4, 4, 2, stride=(2, 1)), nn.ReLU(),
        nn.UpsamplingNearest2d(scale_factor=2),
        nn.Conv2d(4, 1, 3, padding=1), nn.Hardtanh(-4, 4),
    )  # fmt: skip


def borders():
    """Mirrored and repeated borders, a bilinear Upsample, and another that picks pixels."""
    return nn.Sequential(
        nn.ConvTranspose2d(4, 4, 4), nn.ReLU(), nn.ReflectionPad2d((1, 2, 1, 0)), nn.Conv2d(4, 3, 3),
        nn.LeakyReLU(0.2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(3, 2, 3, padding=1),
        nn.Tanh(), nn.Upsample(size=(5, 4)), nn.ReplicationPad2d(1), nn.Conv2d(2, 1, 3), nn.Sigmoid(),
    )  # fmt: skip


def shuffled():
    """A BatchNorm that cannot take the bias of the layer in front of it; names that quantizers would have."""
    module = nn.Sequential()
    for name, part in {
        "latent": nn.ConvTranspose2d(4, 8, 2), "latent_quant": nn.PixelShuffle(2), "norm": nn.BatchNorm2d(2),
        "act": nn.ReLU(), "act_quant": nn.Conv2d(2, 1, 3, padding=1), "out": nn.Tanh(),
    }.items():  # fmt: skip
        module.add_module(name, part)
    return module


def features():
    """Dense layers, one of them normalised, then an image."""
    return nn.Sequential(
        nn.Linear(6, 10), nn.BatchNorm1d(10), nn.LeakyReLU(0.2), nn.Linear(10, 3 * 4 * 4, bias=False),
        nn.Unflatten(1, (3, 4, 4)), nn.BatchNorm2d(3), nn.ReLU(), nn.Identity(),
        nn.ConvTranspose2d(3, 2, 4, 2, 1, bias=False), nn.Dropout2d(), nn.Softplus(),
        nn.Conv2d(2, 1, 3, padding=1), nn.Sigmoid(), nn.Flatten(),
    )  # fmt: skip


class Upsampling(nn.Module):
    """A dense layer with a bias seen as an image, then upsampling and convolutions."""

    def __init__(self, latent=7, side=3):
        super().__init__()
        self.side = side
        self.fc = nn.Linear(latent, 6 * side**2)
        self.blocks = nn.Sequential(
            nn.BatchNorm2d(6), nn.Upsample(scale_factor=2),
            nn.Conv2d(6, 5, 3, padding=1), nn.BatchNorm2d(5, 0.8), nn.LeakyReLU(0.2, inplace=True),
            nn.Upsample(scale_factor=2), nn.Conv2d(5, 2, 3, padding=1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        features = self.fc(z)
        return self.blocks(features.view(features.shape[0], 6, self.side, self.side))


def pixelwise():
    """Features that are normalised and bent one by one, then an image."""
    return nn.Sequential(
        nn.Linear(6, 3 * 4 * 2, bias=False), nn.BatchNorm1d(24), nn.PReLU(24), nn.Unflatten(1, (3, 4, 2)),
        nn.ConvTranspose2d(3, 2, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip


class Residual(nn.Module):
    """Blocks with a skip: one upsampled, with a convolution of its own, and one plain."""

    def __init__(self):
        super().__init__()
        self.start = nn.Linear(5, 4 * 9)
        self.norm = nn.BatchNorm2d(4)
        self.up = nn.ConvTranspose2d(4, 3, 4, 2, 1)
        self.skip = nn.Conv2d(4, 3, 1, bias=False)
        self.same = nn.Conv2d(3, 3, 3, padding=1)
        self.out = nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, z):
        x = self.norm(self.start(z).view(-1, 4, 3, 3))
        x = self.up(F.relu(x)) + self.skip(F.interpolate(x, scale_factor=2))
        y = F.leaky_relu(torch.add(self.same(F.relu(x)), x), 0.25)
        return torch.sigmoid(self.out(y))


class Skips(nn.Module):
    """An encoder and a decoder that sees what the encoder saw."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 5, 4, 2, 1)])
        self.norm = nn.BatchNorm2d(5)
        self.up = nn.ConvTranspose2d(5, 4, 4, 2, 1)
        self.out = nn.Conv2d(4 + 3 + 2, 1, 3, padding=1)

    def forward(self, image):
        first = F.leaky_relu(self.down[0](image), 0.25)
        low = F.relu(self.norm(self.down[1](first)))
        return torch.tanh(self.out(torch.cat((F.relu(self.up(low)), first, image), dim=1)))


def trained(module, seed=0):
    """A module whose tensors are not as constructed: nothing in it is neutral."""
    source = torch.Generator().manual_seed(seed)
    for name, tensor in module.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=source) + 0.5)
        elif name.endswith(("running_mean", "bias")):
            tensor.copy_(torch.randn(tensor.shape, generator=source) * 0.3)
        elif tensor.ndim == 1 and tensor.numel() > 1 and tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=source) + 0.3)
        elif tensor.ndim > 1:
            tensor *= 3
    return module.eval()


def activations():
    """Some that rise and fall, some that ONNX has no operator for."""
    kinds = (
        nn.SiLU(),
        nn.LogSigmoid(),
        nn.GELU(),
        nn.SELU(),
        nn.RReLU(),
        nn.Softshrink(0.3),
        nn.LeakyReLU(-0.5),
    )
    layers = [part for kind in kinds for part in (nn.Conv2d(3, 3, 1), kind)]
    return nn.Sequential(nn.ConvTranspose2d(4, 3, 2), *layers, nn.ConvTranspose2d(3, 1, 2), nn.Tanh())
