# SPDX-License-Identifier: Apache-2.0
"""The quantized DCGAN generator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from brevitas.quant_tensor import QuantTensor
from torch import Tensor, nn

from fpgan.model.accumulator import Accumulator
from fpgan.model.config import GeneratorConfig
from fpgan.model.layers import Weights, activation, conv3x3, deconv, latent_quant, output_quant, upsample

_INIT_STD = 0.02
_IMAGE_STD = 0.5  # of the untrained net's values in front of Tanh
_ACT_POWER = 0.5  # mean square of a ReLU's output behind BatchNorm


class Generator(nn.Module):
    """Latent (N,Z,1,1) -> image (N,C,H,W) in [-1, 1), both quantized; Z counts the label's channels too.

    latent -> quantize -> [transposed convolution -> BatchNorm -> activation] per layer -> transposed
    convolution -> Tanh -> quantize. The first convolution is a dense layer onto base x base pixels.
    quantized=False leaves the quantizers out, as does a configuration of float bits: the same tensors, in
    float32 arithmetic.
    """

    def __init__(self, config: GeneratorConfig, quantized: bool = True) -> None:
        super().__init__()
        self.config, self.quantized = config, quantized and config.quantized
        self.latent = latent_quant(self._bits(config.latent_bits))
        self.layers = nn.Sequential(*(self._layer(i) for i in range(config.layers)))
        self.image = nn.Sequential(nn.Tanh(), output_quant(self._bits(config.output_bits)))
        self._initialize()

    def _bits(self, bits: int) -> int | None:
        return bits if self.quantized else None

    def _layer(self, index: int) -> nn.Sequential:
        c = self.config
        widths = (c.inputs, *c.channels, c.image_channels)
        inputs, outputs, bits = widths[index], widths[index + 1], self._bits(c.layer_weight_bits[index])
        nearest = index > 0 and c.upsample == "nearest"
        clips = c.weight_scales == "channel" and index < c.layers - 1
        axis = (0 if nearest else 1) if clips else None
        weights = Weights(bits, axis, c.bias, self._accumulator(index))
        if nearest:
            parts = [upsample(c.stride, bits), conv3x3(inputs, outputs, weights)]
        else:
            level = (c.kernel, c.stride, c.padding, c.output_padding)
            parts = [deconv(inputs, outputs, level if index else (c.base, 1, 0, 0), weights)]
        if index < c.layers - 1:
            act = activation(c.activation, self._bits(c.layer_act_bits[index]), c.scales == "learned")
            parts += [nn.BatchNorm2d(outputs), act]
        return nn.Sequential(*parts)

    def _accumulator(self, index: int) -> Accumulator | None:
        """What a layer's sums must fit in. The first has one input pixel: no two taps meet."""
        c = self.config
        if c.layer_accumulator_bits is None or not self.quantized:
            return None
        low, high = c.input_range(index)
        nearest = index > 0 and c.upsample == "nearest"
        apart = c.base if index == 0 else 1 if nearest else c.stride
        return Accumulator(c.layer_accumulator_bits[index], low, high, apart, axis=0 if nearest else 1)

    def float_twin(self) -> Generator:
        """The same network without its quantizers, on the same tensors: training one trains the other."""
        twin = Generator(self.config, quantized=False)
        modules = dict(self.named_modules())
        for name, module in twin.named_modules():
            for key, _ in list(module.named_parameters(recurse=False)):
                setattr(module, key, getattr(modules[name], key))
            for key, _ in list(module.named_buffers(recurse=False)):
                setattr(module, key, getattr(modules[name], key))
        return twin

    def _initialize(self) -> None:
        """DCGAN's: weights N(0, 0.02), BatchNorm gain N(1, 0.02).

        The last layer, which has no BatchNorm to normalise it, is scaled by its number of taps, so that the
        untrained image is neither flat nor clipped.
        """
        convs = [m for m in self.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        for conv in convs:
            nn.init.normal_(conv.weight, 0.0, _INIT_STD)
            if conv.bias is not None:
                nn.init.zeros_(conv.bias)
        for norm in (m for m in self.modules() if isinstance(m, nn.BatchNorm2d)):
            nn.init.normal_(norm.weight, 1.0, _INIT_STD)
        last, c = convs[-1], self.config
        taps = 9 if c.upsample == "nearest" else c.kernel**2 / c.stride**2
        nn.init.normal_(last.weight, 0.0, _IMAGE_STD / (_ACT_POWER * taps * c.channels[-1]) ** 0.5)

    @property
    def classes(self) -> int:
        """How many labels it takes, 0 for none."""
        return self.config.classes

    @property
    def latent_scale(self) -> float:
        """Value of one step of the latent."""
        return 2.0 ** (3 - self.config.latent_bits)

    @property
    def image_scale(self) -> float:
        """Value of one step of the image."""
        return 2.0 ** (1 - self.config.output_bits)

    @property
    def label_value(self) -> float:
        """What the label's channel holds: the largest latent, so that few-bit weights can tell it."""
        return (2 ** (self.config.latent_bits - 1) - 1) * self.latent_scale

    def forward(self, latent: Tensor) -> Tensor:
        """latent: (N,Z,1,1) float. Returns (N,C,H,W) float, multiples of image_scale."""
        return self.image(self.layers(self.latent(latent)))

    def activations(self, latent: Tensor) -> tuple[list[Tensor], Tensor]:
        """What each layer but the last puts out, then the image."""
        x, seen = self.latent(latent), []
        for layer in self.layers:
            x = layer(x)
            seen.append(x.value if isinstance(x, QuantTensor) else x)
        return seen[:-1], self.image(x)

    def with_labels(self, noise: Tensor, labels: Tensor | None) -> Tensor:
        """Latents (N,Z,1,1) of noise (N,latent,1,1) and labels (N), which a generator with classes needs.

        ValueError if there are none, if there are some too many, or if one is out of range.
        """
        classes = self.config.classes
        if (labels is not None) != (classes > 0):
            raise ValueError(f"classes={classes}: the generator {'needs' if classes else 'takes no'} labels")
        if labels is None:
            return noise
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
            raise ValueError(f"labels {int(labels.min())} to {int(labels.max())}: must be 0 to {classes - 1}")
        code = F.one_hot(labels.to(noise.device), classes).to(noise) * self.label_value
        return torch.cat([noise, code[:, :, None, None]], 1)

    def random_latents(
        self, count: int, source: torch.Generator, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Standard normal latents (count,Z,1,1) and their labels (count), 0, 1, ... in turn unless given."""
        if labels is None and self.config.classes:
            labels = torch.arange(count) % self.config.classes
        noise = torch.randn(count, self.config.latent, 1, 1, generator=source)
        return self.with_labels(noise, labels), labels

    def quantize_latent(self, latent: Tensor) -> Tensor:
        """Integers (N,Z,1,1) that the generator makes of a float latent, as int64."""
        half = 2 ** (self.config.latent_bits - 1)
        return torch.clamp(torch.round(latent / self.latent_scale), -half, half - 1).to(torch.int64)

    @torch.no_grad()
    def integers(self, latent: Tensor) -> Tensor:
        """Image integers (N,C,H,W), int64, of latent integers (N,Z,1,1)."""
        image = self(latent.to(torch.float32) * self.latent_scale)
        return torch.round(image / self.image_scale).to(torch.int64)
