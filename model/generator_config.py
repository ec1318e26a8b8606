# SPDX-License-Identifier: Apache-2.0
"""What a generator is: frozen settings, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fpgan.hw.system.text import brief

_MIN_BITS, _MAX_BITS = 2, 8  # QONNX has no unsigned single bit
_MAX_SIDE = 1024
_MAX_LEVELS = 64
_MAX_WEIGHTS = 1 << 28  # 1 GiB in float32, and several times that in training
_MAX_ACCUMULATOR = 24  # what float32 sums hold exactly


FLOAT = "float"
_FLOAT_BITS = 32
Bits = int | str | tuple[int, ...]


def parse_bits(text: Any) -> tuple[Bits, Bits]:
    """Weight and activation bits of `W4A4`, a number for both, or `float` (also 32 or null). ValueError."""
    if text is None or str(text).lower() in (FLOAT, str(_FLOAT_BITS)):
        return FLOAT, FLOAT
    found = re.fullmatch(r"W(\d+)A(\d+)", str(text).upper())
    if found:
        return int(found[1]), int(found[2])
    if str(text).isdigit():
        return int(text), int(text)
    raise ValueError(f"bits={text!r}: must be like W4A4, a number for both, or float")


def integer_bits(text: Any) -> tuple[int, int]:
    """Weight and activation bits that hardware is built of: as `parse_bits`, but no floats. ValueError."""
    weights, acts = parse_bits(text)
    if not isinstance(weights, int) or not isinstance(acts, int):
        raise ValueError(f"bits={text}: hardware needs integers, as W4A4")
    for name, bits in (("weights", weights), ("activations", acts)):
        if not _MIN_BITS <= bits <= _MAX_BITS:
            raise ValueError(f"bits={text}: {name}={bits}: {_MIN_BITS} to {_MAX_BITS} bits are supported")
    return weights, acts


def bits_name(generator: GeneratorConfig) -> str:
    """`float`, `W4A4`, or the bits of each layer as in `W8-4-4A4`."""
    if not generator.quantized:
        return FLOAT
    parts = []
    for bits in (generator.layer_weight_bits, generator.layer_act_bits):
        parts.append("-".join(map(str, bits)) if len(set(bits)) > 1 else str(bits[0]))
    return f"W{parts[0]}A{parts[1]}"


def _per_layer(name: str, value: Bits, layers: int) -> tuple[int, ...]:
    """Bits of each layer: one number for all, or one for each. ValueError on another count."""
    if value == FLOAT:
        return (_FLOAT_BITS,) * layers
    if not isinstance(value, int | tuple):
        raise ValueError(f"{name}={value!r}: must be a whole number, a list of them, or float")
    bits = (value,) * layers if isinstance(value, int) else value
    if len(bits) != layers:
        raise ValueError(f"{name}: {len(bits)} values for {layers} layers")
    return bits


@dataclass(frozen=True)
class GeneratorConfig:
    """A DCGAN generator: a dense layer onto base x base pixels, then one up-sampling level per layer.

    channels: output channels of every layer but the last, whose output has image_channels.
    kernel, stride, padding, output_padding: of each level's transposed convolution; all square.
    classes: how many labels an image can be asked for with (0: none); one-hot channels behind the latent.
    weight_bits: signed, one number or one per layer. act_bits: likewise, one per layer but the last. Both
    `float`: no quantizers at all. weight_scales: one per `tensor`, or one per output `channel`, which
    may be any number since the BatchNorm behind takes it in (the last layer has none: one for its tensor).
    scales: of the activations, `constant` or `learned`. All but those of channels are powers of two.
    accumulator_bits: signed width that the sums of each layer fit in whatever comes in, one number or one per
    layer, by smaller weights where needed; None: as wide as the weights make it.
    upsample: `deconv`, or `nearest` (repeat each pixel stride x stride times, then a 3x3 convolution).
    """

    latent: int = 32
    channels: tuple[int, ...] = (128, 64, 32)
    image_channels: int = 1
    base: int = 4
    kernel: int = 4
    stride: int = 2
    padding: int = 1
    output_padding: int = 0
    classes: int = 0
    weight_bits: Bits = 4
    act_bits: Bits = 4
    accumulator_bits: int | tuple[int, ...] | None = None
    weight_scales: str = "tensor"
    scales: str = "constant"
    latent_bits: int = 8
    output_bits: int = 8
    activation: str = "relu"
    upsample: str = "deconv"
    bias: bool = False

    def __post_init__(self) -> None:
        for name in ("channels", "weight_bits", "act_bits", "accumulator_bits"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_counts()
        self._check_bits()
        self._check_geometry()

    def _check_counts(self) -> None:
        if not isinstance(self.channels, tuple) or not 1 <= len(self.channels) <= _MAX_LEVELS:
            given = brief(repr(self.channels))
            raise ValueError(
                f"channels={given}: give the channels of at least one layer, at most {_MAX_LEVELS}"
            )
        counts = {n: getattr(self, n) for n in ("latent", "image_channels", "base", "kernel", "stride")}
        counts |= {f"channels[{i}]": c for i, c in enumerate(self.channels)}
        for name, value in counts.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}={value!r}: must be a whole number of at least 1")
        for name in ("padding", "output_padding", "classes"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError(f"{name}={value!r}: must be a whole number of at least 0")
        if self.activation not in ("relu", "leaky_relu"):
            raise ValueError(f"activation={self.activation!r}: must be relu or leaky_relu")
        if self.scales not in ("constant", "learned"):
            raise ValueError(f"scales={self.scales!r}: must be constant or learned")
        if self.weight_scales not in ("tensor", "channel"):
            raise ValueError(f"weight_scales={self.weight_scales!r}: must be tensor or channel")
        if self.upsample not in ("deconv", "nearest"):
            raise ValueError(f"upsample={self.upsample!r}: must be deconv or nearest")

    def _check_bits(self) -> None:
        if (self.weight_bits == FLOAT) != (self.act_bits == FLOAT):
            raise ValueError(
                f"weight_bits={self.weight_bits}, act_bits={self.act_bits}: either both are float or neither"
            )
        named: dict[str, tuple[int, ...]] = {
            "latent_bits": (self.latent_bits,),
            "output_bits": (self.output_bits,),
        }
        if self.quantized:
            named |= {"weight_bits": self.layer_weight_bits, "act_bits": self.layer_act_bits}
        for name, bits in named.items():
            for b in bits:
                if not isinstance(b, int) or not _MIN_BITS <= b <= _MAX_BITS:
                    raise ValueError(f"{name}={b!r}: must be {_MIN_BITS} to {_MAX_BITS}")
        for index, wide in enumerate(self.layer_accumulator_bits or ()):
            low, high = self.input_range(index) if self.quantized else (0, 1)
            least = (max(-low, high) + 1).bit_length() + 1  # one value is kept for thresholds out of reach
            if not isinstance(wide, int) or isinstance(wide, bool) or not least <= wide <= _MAX_ACCUMULATOR:
                raise ValueError(
                    f"accumulator_bits={wide!r}: layer {index}, with inputs from {low} to {high}, "
                    f"needs {least} to {_MAX_ACCUMULATOR}"
                )

    def _check_geometry(self) -> None:
        if self.upsample == "deconv" and self.output_padding >= self.stride:
            raise ValueError(
                f"output_padding={self.output_padding} must be smaller than stride={self.stride}"
            )
        for level, size in enumerate(self.sizes):
            if size < 1:
                raise ValueError(
                    f"kernel={self.kernel} stride={self.stride} padding={self.padding}: "
                    f"layer {level} would have {size} pixels a side"
                )
        if self.weights > _MAX_WEIGHTS:
            raise ValueError(
                f"channels={brief(list(self.channels))}: {self.weights} weights; the limit is {_MAX_WEIGHTS}"
            )
        if self.image_size > _MAX_SIDE:
            raise ValueError(
                f"{len(self.channels)} levels make {self.image_size} pixels a side; the limit is "
                f"{_MAX_SIDE}: give fewer channels or a smaller base or stride"
            )

    @property
    def weights(self) -> int:
        """Number of weights of all layers."""
        edges = (*self.channels, self.image_channels)
        kernel = 9 if self.upsample == "nearest" else self.kernel**2
        first = self.inputs * self.channels[0] * self.base**2
        return first + sum(a * b * kernel for a, b in pairwise(edges))

    @property
    def layers(self) -> int:
        """Number of layers with weights."""
        return len(self.channels) + 1

    @property
    def quantized(self) -> bool:
        """Whether it has quantizers, as hardware needs it."""
        return self.weight_bits != FLOAT

    @property
    def inputs(self) -> int:
        """Channels of what goes in: the latent, then the one-hot label."""
        return self.latent + self.classes

    @property
    def layer_weight_bits(self) -> tuple[int, ...]:
        """Weight bits, one per layer."""
        return _per_layer("weight_bits", self.weight_bits, self.layers)

    @property
    def layer_act_bits(self) -> tuple[int, ...]:
        """Activation bits, one per layer but the last."""
        return _per_layer("act_bits", self.act_bits, self.layers - 1)

    @property
    def layer_accumulator_bits(self) -> tuple[int, ...] | None:
        """Accumulator bits, one per layer; None where they follow from the weights."""
        if self.accumulator_bits is None:
            return None
        return _per_layer("accumulator_bits", self.accumulator_bits, self.layers)

    def input_range(self, layer: int) -> tuple[int, int]:
        """Least and largest integer that goes into a quantized layer."""
        signed = layer == 0 or self.activation == "leaky_relu"
        bits = self.latent_bits if layer == 0 else self.layer_act_bits[layer - 1]
        return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Output pixels a side, one per layer."""
        sizes = [self.base]
        for _ in self.channels:
            if self.upsample == "nearest":
                sizes.append(sizes[-1] * self.stride)
            else:
                sizes.append(
                    (sizes[-1] - 1) * self.stride - 2 * self.padding + self.kernel + self.output_padding
                )
        return tuple(sizes)

    @property
    def image_size(self) -> int:
        """Pixels a side of the image."""
        return self.sizes[-1]

    def check_size(self, wanted: int | None) -> None:
        """ValueError unless the levels end at the image size that is wanted, if one is."""
        if wanted is not None and wanted != self.image_size:
            reached = " -> ".join(map(str, self.sizes))
            raise ValueError(f"image_size={wanted}: the {len(self.channels)} levels reach {reached}")
