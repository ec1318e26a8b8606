# SPDX-License-Identifier: Apache-2.0
"""What a float module may be made of, and every form in which PyTorch writes it, as one module each."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from fpgan.model.quantize.composed import COMPOSED, Composed
from fpgan.model.quantize.spatial import BORDERED, Blend, Pad, Reshape, check_padding, pad, resized
from fpgan.model.quantize.unsupported import Unsupported, sizes_text

INPUT = "latent"  # the name of a graph's input
LINEAR = (nn.ConvTranspose2d, nn.ConvTranspose1d, nn.Conv2d, nn.Conv1d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_POINTWISE = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid,
    nn.Softplus, nn.Softsign, nn.SELU, nn.CELU,
)  # fmt: skip
_DROPPED = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout)
_WHY = {
    "InstanceNorm1d": "its statistics depend on the image; BatchNorm is supported",
    "InstanceNorm2d": "its statistics depend on the image; BatchNorm is supported",
    "GroupNorm": "its statistics depend on the image; BatchNorm is supported",
    "LayerNorm": "its statistics depend on the image; BatchNorm is supported",
    "Softmax": "needs all channels at once",
    "MultiheadAttention": "multiplies images with each other",
    "Embedding": "looks labels up; give a condition as further channels of the latent",
    "CircularPad2d": "ZeroPad2d, ReflectionPad2d and ReplicationPad2d are supported",
    "chunk": "splits an image; layers take whole images",
    "split": "splits an image; layers take whole images",
    "permute": "reorders axes; (N,C,H,W) is supported",
    "transpose": "reorders axes; (N,C,H,W) is supported",
    "matmul": "multiplies images with each other",
    "conv_transpose2d": "write it as nn.ConvTranspose2d",
    "conv2d": "write it as nn.Conv2d",
    "linear": "write it as nn.Linear",
    "batch_norm": "write it as nn.BatchNorm2d",
}


class Sum(nn.Module):
    """Of two images."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Concat(nn.Module):
    """Channels of several images side by side."""

    def forward(self, *images: Tensor) -> Tensor:
        return torch.cat(images, 1)


class Arithmetic(nn.Module):
    """x + c, x - c, x * c, x / c, or with x and c exchanged; c is a number or one per channel."""

    def __init__(self, function: Callable[[Any, Any], Tensor], constant: Tensor, swapped: bool) -> None:
        super().__init__()
        self.function, self.swapped = function, swapped
        self.register_buffer("constant", constant)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.constant, x) if self.swapped else self.function(x, self.constant)


ARITHMETIC: dict[Any, Callable[[Any, Any], Tensor]] = {
    operator.add: torch.add, operator.sub: torch.sub, operator.mul: torch.mul, operator.truediv: torch.div,
    operator.iadd: torch.add, operator.isub: torch.sub, operator.imul: torch.mul,
    operator.itruediv: torch.div, torch.add: torch.add, torch.sub: torch.sub, torch.mul: torch.mul,
    torch.div: torch.div,
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
    "add_": torch.add, "sub_": torch.sub, "mul_": torch.mul, "div_": torch.div,
}  # fmt: skip
POINTWISE = (*_POINTWISE, Arithmetic, Composed)
JOINS = (Sum, Concat)
QUANTIZED = (*JOINS, Blend)  # what stands between quantizers without weights of its own


def _hard(low: float | None = None, high: float | None = None, **bounds: float | None) -> nn.Module:
    low, high = bounds.get("min", low), bounds.get("max", high)
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        raise Unsupported("its bounds are tensors; numbers are supported")
    return nn.Hardtanh(-math.inf if low is None else float(low), math.inf if high is None else float(high))


def _prelu(weight: Tensor) -> nn.Module:
    module = nn.PReLU(weight.numel())
    module.weight = nn.Parameter(weight.detach().clone())
    return module


def _dropout(*args: Any, **options: Any) -> nn.Module:
    return nn.Identity()


# name of a function or method -> the module that its further arguments make
FUNCTIONS: dict[str, Callable[..., nn.Module]] = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "leaky_relu": nn.LeakyReLU, "prelu": _prelu, "elu": nn.ELU,
    "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "hardtanh": nn.Hardtanh, "hardsigmoid": nn.Hardsigmoid,
    "softplus": nn.Softplus, "softsign": nn.Softsign, "clamp": _hard, "clip": _hard,
    "selu": nn.SELU, "celu": nn.CELU, "logsigmoid": nn.LogSigmoid, "silu": nn.SiLU, "gelu": nn.GELU,
    "mish": nn.Mish, "hardswish": nn.Hardswish, "rrelu": nn.RReLU, "tanhshrink": nn.Tanhshrink,
    "softshrink": nn.Softshrink,
    "interpolate": nn.Upsample, "upsample": nn.Upsample, "pixel_shuffle": nn.PixelShuffle, "pad": pad,
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "alpha_dropout"), _dropout),
    **dict.fromkeys(("contiguous", "clone", "detach", "float"), _dropout),
}  # fmt: skip
RESHAPING = ("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "getitem", "view_as")


def function_name(target: Any) -> str:
    """Of an fx node's target: `leaky_relu` of F.leaky_relu, torch.relu_ or the method `relu_`."""
    name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    return str(name).rstrip("_")


def from_function(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> nn.Module:
    """The module that a function with these further arguments is. Unsupported."""
    if name not in FUNCTIONS:
        raise Unsupported(_WHY.get(name, f"is not supported; supported are {', '.join(supported())}"))
    options = {k: v for k, v in options.items() if k not in ("inplace", "training", "antialias")}
    try:
        return FUNCTIONS[name](*args, **options)
    except Unsupported:
        raise
    except (TypeError, ValueError) as error:
        raise Unsupported(f"its arguments cannot be read ({error})") from None


def from_join(name: str, target: Any, dim: int, sizes: list[tuple[int, ...]]) -> nn.Module:
    """The module that joins several images of these sizes, each without the batch. Unsupported.

    name, target: of an fx node; dim: along which torch.cat joins.
    """
    if ARITHMETIC.get(target) is torch.add:
        if len(set(sizes)) > 1:
            raise Unsupported(
                f"adds {' and '.join(map(sizes_text, sizes))}; images of one size are supported"
            )
        return Sum()
    if name not in ("cat", "concat", "concatenate"):
        raise Unsupported("joins several images; + and torch.cat are supported")
    if dim not in (1, -len(sizes[0])) or len({one[1:] for one in sizes}) > 1:
        shapes = " and ".join(map(sizes_text, sizes))
        raise Unsupported(f"joins {shapes} along axis {dim}; channels of images of one size are supported")
    return Concat()


def from_module(module: nn.Module, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> nn.Module | None:
    """The same module if hardware can be built from it, None where it does nothing. Unsupported says why.

    inputs, outputs: sizes of one image, without the batch.
    """
    if isinstance(module, _DROPPED):
        return None
    if isinstance(module, nn.Flatten | nn.Unflatten | Reshape):
        return None if inputs == outputs else Reshape(outputs)
    if isinstance(module, nn.ZeroPad2d | nn.ConstantPad2d | nn.ZeroPad1d | nn.ConstantPad1d):
        return from_module(pad(module.padding, value=module.value), inputs, outputs)
    if type(module) in BORDERED:
        return from_module(pad(module.padding, BORDERED[type(module)]), inputs, outputs)
    check = next((c for cls, c in _CHECKS.items() if computes(module, cls)), None)
    if check is None:
        name = type(module).__name__
        raise Unsupported(_WHY.get(name, f"is not supported; supported are {', '.join(supported())}"))
    copied = deepcopy(module)
    if getattr(copied, "inplace", False):
        copied.inplace = False  # type: ignore[assignment]
    return check(copied, inputs, outputs) or copied


def supported() -> list[str]:
    """Names of the modules that are."""
    return [
        c.__name__
        for c in (
            *LINEAR,
            *NORMS,
            *_POINTWISE,
            nn.RReLU,
            *COMPOSED,
            nn.Upsample,
            nn.PixelShuffle,
            nn.ZeroPad2d,
            nn.ReflectionPad2d,
            nn.ReplicationPad2d,
            nn.Flatten,
        )
    ]


def computes(module: nn.Module, cls: type[nn.Module]) -> bool:
    """Whether it is one of that class, or of a class derived from it that computes the same."""
    return isinstance(module, cls) and type(module).forward is cls.forward


Sizes = tuple[int, ...]


def _convolution(module: Any, inputs: Sizes, outputs: Sizes) -> None:
    if len(inputs) != len(module.kernel_size) + 1:
        raise Unsupported(f"gets {sizes_text(inputs)}; a batch of images is expected")
    if module.padding_mode != "zeros":
        raise Unsupported(
            f"has padding_mode {module.padding_mode}; put an nn.ReflectionPad2d or its like in front of it"
        )
    if isinstance(module.padding, str):
        _numeric_padding(module)


def _numeric_padding(module: Any) -> None:
    """`same` and `valid` as numbers, which quantized layers take."""
    total = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
    if module.padding == "same" and any(t % 2 for t in total):
        raise Unsupported("has padding 'same' that differs from side to side; odd kernels are supported")
    same = module.padding == "same"
    module.padding = tuple(t // 2 if same else 0 for t in total)
    module._reversed_padding_repeated_twice = [p for p in reversed(module.padding) for _ in range(2)]


def _dense(module: nn.Linear, inputs: Sizes, outputs: Sizes) -> None:
    if len(inputs) != 1:
        raise Unsupported(f"gets {sizes_text(inputs)}; flatten it to (N,features) first")


def _norm(module: Any, inputs: Sizes, outputs: Sizes) -> None:
    if module.running_mean is None:
        raise Unsupported("has no running statistics (track_running_stats=False)")
    if not (module.running_var + module.eps > 0).all():
        raise Unsupported("has a variance that is not positive")


def _mean_slope(module: nn.RReLU, inputs: Sizes, outputs: Sizes) -> nn.Module:
    """Outside training its slope is the mean of its bounds."""
    return nn.LeakyReLU((module.lower + module.upper) / 2)


def _composed(module: nn.Module, inputs: Sizes, outputs: Sizes) -> nn.Module:
    return next(make(module) for kind, make in COMPOSED.items() if isinstance(module, kind))


def _constant(module: Any, inputs: Sizes, outputs: Sizes) -> None:
    shape = module.constant.shape  # of one number, or (C) along the channels
    if module.constant.numel() > 1 and (
        outputs != inputs or module.constant.numel() != inputs[0] or shape[-len(inputs)] != inputs[0]
    ):
        raise Unsupported(f"a constant of shape {tuple(shape)}; one number, or one per channel, is supported")


def _any(module: nn.Module, inputs: Sizes, outputs: Sizes) -> None:
    return None


_CHECKS: dict[type[nn.Module], Callable[[Any, Sizes, Sizes], nn.Module | None]] = {
    **dict.fromkeys(LINEAR[:4], _convolution), nn.Linear: _dense, **dict.fromkeys(NORMS, _norm),
    nn.Upsample: resized, Pad: check_padding, Arithmetic: _constant, nn.RReLU: _mean_slope,
    **dict.fromkeys((*_POINTWISE, nn.PixelShuffle), _any), **dict.fromkeys(COMPOSED, _composed),
}  # fmt: skip
