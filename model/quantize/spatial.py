# SPDX-License-Identifier: Apache-2.0
"""What moves pixels about: reshapes, borders, other sizes."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from fpgan.model.quantize.unsupported import Unsupported, sizes_text

Sizes = tuple[int, ...]
BORDERED: dict[type[nn.Module], str] = {
    nn.ReflectionPad1d: "reflect", nn.ReflectionPad2d: "reflect", nn.ReplicationPad1d: "replicate",
    nn.ReplicationPad2d: "replicate",
}  # fmt: skip
_MODES = ("constant", *dict.fromkeys(BORDERED.values()))


class Reshape(nn.Module):
    """(N, ...) -> (N, *sizes), whatever it was called in the source."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, *self.sizes)

    def extra_repr(self) -> str:
        return str(self.sizes)


class Pad(nn.Module):
    """Zeros, or the image's own pixels, around it; pads as F.pad takes them: left, right, top, bottom."""

    def __init__(self, pads: Sizes, mode: str = "constant") -> None:
        super().__init__()
        self.pads, self.mode = pads, mode

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.pads, self.mode)


class Blend(nn.Module):
    """Larger by whole factors, linear between the pixels."""

    def __init__(self, factors: Sizes) -> None:
        super().__init__()
        self.factors = tuple(float(f) for f in factors)

    def forward(self, x: Tensor) -> Tensor:
        mode = "bilinear" if len(self.factors) == 2 else "linear"
        return F.interpolate(x, scale_factor=self.factors, mode=mode, align_corners=False)


def pad(pads: Sizes, mode: str = "constant", value: float | None = None) -> nn.Module:
    """Of F.pad's arguments. Unsupported."""
    if mode not in _MODES or (value and mode == "constant"):
        raise Unsupported(f"pads with {value if value else mode}; zeros, reflect and replicate are supported")
    return Pad(tuple(pads), mode)


def check_padding(module: Pad, inputs: Sizes, outputs: Sizes) -> None:
    if min(module.pads) < 0 or len(module.pads) > 2 * (len(inputs) - 1):
        raise Unsupported(f"pads by {module.pads}; a border around the image is supported")


def resized(module: nn.Upsample, inputs: Sizes, outputs: Sizes) -> nn.Module:
    """Of nn.Upsample: whole factors where there are such. Unsupported."""
    whole = all(o % i == 0 for i, o in zip(inputs[1:], outputs[1:], strict=True))
    factors = tuple(o // i for i, o in zip(inputs[1:], outputs[1:], strict=True))
    if module.mode in ("linear", "bilinear"):
        if not whole:
            raise Unsupported(
                f"resizes {sizes_text(inputs)} to {sizes_text(outputs)}; {module.mode} takes whole factors"
            )
        if module.align_corners:
            raise Unsupported(
                "has align_corners, with which weights differ from pixel to pixel; align_corners=False is "
                "supported"
            )
        return Blend(factors)
    if module.mode not in ("nearest", "nearest-exact"):
        raise Unsupported(f"has mode {module.mode}; nearest and bilinear are supported")
    if whole:
        return nn.Upsample(scale_factor=factors)
    return nn.Upsample(size=outputs[1:], mode=module.mode)
