# SPDX-License-Identifier: Apache-2.0
"""Random files whose layers branch and join, grown together with the integers of each of their images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from joined_models import STEP, at, doubled, start

FUNCTIONS = {
    "Relu": torch.relu, "Abs": torch.abs, "Neg": torch.neg, "Floor": torch.floor, "Sign": torch.sign,
    "HardSwish": lambda x: x * torch.clamp(x * 0.125 + 0.5, 0, 1),  # of two nodes
}  # fmt: skip


def function(chain, kind):
    if kind != "HardSwish":
        chain.op(kind)
        return
    x = chain.tensor
    gate = chain.op("HardSigmoid", alpha=0.125, beta=0.5).tensor
    at(chain, x).op("Mul", gate)


@dataclass
class Image:
    """A tensor of the file, and its integers (N,C,H,W) as plain PyTorch makes them."""

    tensor: str
    scale: float
    integers: torch.Tensor

    @property
    def value(self):
        return self.integers.double() * self.scale


class Grown:
    """A file that grows, together with the integers of each of its images."""

    def __init__(self, draw, style, free=False):
        """free: scales are no powers of two; then `integers` are only of the images' shapes."""
        self.draw, self.free = draw, free
        size = draw(st.sampled_from([2, 3, 4]))
        self.chain = start(draw(st.integers(1, 3)), size, style=style, seed=draw(st.integers(0, 99)))
        shape = (2, *self.chain.shape[1:])
        self.q = self.chain.rng.integers(-8, 8, shape)
        self.images = [Image(self.chain.tensor, STEP, torch.from_numpy(self.q))]

    def pick(self, allowed=lambda image: True):
        return self.draw(st.sampled_from([image for image in self.images if allowed(image)]))

    def quantized(self, value):
        """A function, perhaps, and a quantizer."""
        chain, kind = self.chain, self.draw(st.sampled_from([None, None, *FUNCTIONS]))
        if kind is not None:
            function(chain, kind)
            value = FUNCTIONS[kind](value)
        scale, bits = STEP * 2.0 ** self.draw(st.integers(-1, 1)), self.draw(st.integers(2, 5))
        if self.free:
            scale = float(np.float32(scale * self.draw(st.floats(0.7, 1.4))))
        unsigned = kind in ("Relu", "Abs")
        chain.quant(scale, bits, not unsigned)
        low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        integers = torch.clamp(torch.round(value / scale), low, high).to(torch.int64)
        self.images.append(Image(chain.tensor, scale, integers))

    def linear(self, image=None, same=False):
        """`same`: of the shape of its input."""
        image = image or self.pick()
        ci, size = image.integers.shape[1:3]
        up, co = (
            (False, ci) if same else (self.draw(st.booleans()) and size < 5, self.draw(st.integers(1, 4)))
        )
        chain = at(self.chain, image.tensor)
        name = chain.weights((ci, co, 4, 4) if up else (co, ci, 3, 3))
        quantized, values = chain.nodes[-1], dict(chain.values)
        weights = torch.from_numpy(values[quantized.input[0]]).double() * (
            1 if chain.style == "qonnx" else 0.25
        )
        if up:
            chain.op("ConvTranspose", name, strides=[2, 2], pads=[1] * 4)
            self.quantized(F.conv_transpose2d(image.value, weights, stride=2, padding=1))
        else:
            chain.op("Conv", name, pads=[1] * 4)
            self.quantized(F.conv2d(image.value, weights, padding=1))

    def upsampled(self):
        image = self.pick()
        if image.integers.shape[2] < 5:
            doubled(at(self.chain, image.tensor))
            integers = image.integers.repeat_interleave(2, 2).repeat_interleave(2, 3)
            self.images.append(Image(self.chain.tensor, image.scale, integers))

    def picked(self):
        """A mirrored border, or every second pixel."""
        image = self.pick(lambda image: image.integers.shape[2] > 1)
        chain = at(self.chain, image.tensor)
        if self.draw(st.booleans()) and image.integers.shape[2] < 7:
            chain.op("Pad", chain.const([0, 0, 1, 0, 0, 0, 1, 1], np.int64), mode="reflect")
            integers = F.pad(image.integers.double(), (0, 1, 1, 1), "reflect").to(torch.int64)
        else:
            indices = [chain.const([value] * 2, np.int64) for value in (0, 99)]
            chain.op("Slice", *indices, *(chain.const(v, np.int64) for v in ([2, 3], [2, 1])))
            integers = image.integers[:, :, ::2]
        self.images.append(Image(chain.tensor, image.scale, integers))

    def blended(self):
        """Twice as large, linear."""
        image = self.pick()
        if image.integers.shape[2] < 5:
            chain = at(self.chain, image.tensor)
            chain.op("Resize", chain.const([]), chain.const([1, 1, 2, 2]), mode="linear")
            self.quantized(F.interpolate(image.value, scale_factor=2, mode="bilinear"))

    def changed(self):
        """A function between two quantizers."""
        image = self.pick()
        at(self.chain, image.tensor)
        self.quantized(image.value)

    def added(self):
        one = self.pick()
        if self.draw(st.booleans()):
            self.linear(one, same=True)
        other = self.pick(lambda image: image.integers.shape == one.integers.shape)
        at(self.chain, one.tensor).op("Add", other.tensor)
        self.quantized(one.value + other.value)

    def joined(self):
        one = self.pick()
        others = [self.pick(lambda image: image.integers.shape[2:] == one.integers.shape[2:])]
        parts = [one, *others]
        at(self.chain, one.tensor).op("Concat", *(o.tensor for o in others), axis=1)
        if len({p.scale for p in parts}) == 1 and self.draw(st.booleans()):
            integers = torch.cat([p.integers for p in parts], 1)
            self.images.append(Image(self.chain.tensor, one.scale, integers))
        else:
            self.quantized(torch.cat([p.value for p in parts], 1))


@st.composite
def graphs(draw, free=False):
    """A file of 3 to 8 layers and joins, its last a layer of weights; free: scales are any numbers."""
    grown = Grown(draw, draw(st.sampled_from(["qonnx", "qcdq"])), free)
    steps = [grown.linear, grown.upsampled, grown.added, grown.joined, grown.changed, grown.picked]
    steps.append(grown.blended)
    for step in draw(st.lists(st.sampled_from(steps), min_size=2, max_size=7)):
        step()
    grown.linear(grown.images[-1])
    return grown
