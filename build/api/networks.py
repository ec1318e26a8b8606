# SPDX-License-Identifier: Apache-2.0
"""Networks before they are built: how an ONNX file is read, and PyTorch modules quantized."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fpgan.build.api.result import Result, result
from fpgan.build.arguments import check_model
from fpgan.build.dataflow.inspect import inspect as inspect_file
from fpgan.build.frontend.inspect_file import Inspect
from fpgan.model.quantize import MODEL
from fpgan.model.quantize import quantize as quantize_module
from fpgan.model.quantize.quantize_file import Quantize
from fpgan.model.run_folder import SAMPLES

if TYPE_CHECKING:
    from torch import Tensor, nn

File = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, repr=False)
class Inspection(Result, Inspect):
    """How an ONNX file is read: layers, geometry, bits, scales, and what blocks it."""

    @property
    def wrong(self) -> str:
        """What blocks a build."""
        return "; ".join(self.blocked)


@dataclass(frozen=True, kw_only=True, repr=False)
class Quantization(Result, Quantize):
    """quantize.json: how far a quantized module is from its float original."""

    PICTURE: ClassVar[str] = SAMPLES

    @property
    def model(self) -> Path:
        """The QONNX file that `Build.from_onnx` takes."""
        return self.root / MODEL


def inspect(model: File, *, input: str | None = None, output: str | None = None) -> Inspection:
    """How a quantized ONNX file, QONNX or QCDQ, is read, whether or not it can be built.

        for layer in inspect("generator.onnx").layers:
            print(layer.name, layer.becomes)

    input, output: quantizers that the file lacks, as u8:0.00390625. `blocked` of the result is empty where
    `Build.from_onnx` takes the file; where it is not, `layers` are those before the first obstacle.
    ValueError where it is no ONNX file that can be read at all.
    """
    check_model(Path(model))
    return result(Inspection, inspect_file(Path(model), input, output), Path(model).resolve().parent)


def quantize(
    source: nn.Module | str,
    out: File,
    *,
    bits: str = "W4A4",
    weights: File | None = None,
    arguments: Mapping[str, Any] | None = None,
    shape: Sequence[int] | None = None,
    latents: str | Path | Tensor = "normal",
    latent_bits: int = 8,
    output_bits: int = 8,
    layer_bits: Mapping[str, str] | None = None,
    steps: int = 0,
    rate: float = 3e-4,
    data: str | None = None,
    vectors: int = 256,
    seed: int = 0,
    progress: Callable[[int, int, dict[str, float], str], None] | None = None,
) -> Quantization:
    """Quantize a float PyTorch generator after its training; writes the QONNX file that a build takes.

        made = quantize("dcgan.py:Generator", "out", bits="W4A4", weights="netG.pth", steps=500)
        design = Build.from_onnx(made.model)

    source: a module, or FILE.py:NAME of what makes one of `arguments`; FILE's code is run. out: folder to
    write. bits: of weights and activations, 2 to 8; latent_bits and output_bits: of input and image;
    layer_bits: of single layers by name. weights: state dict (.pth, .pt, .safetensors). shape: of one input
    with its batch, where it cannot be told. latents: what inputs are like, normal, uniform, a .npy file or a
    tensor. steps: of fine-tuning against the float module, without data; rate: its learning rate. data:
    digits, fashion, emoji, clipart or a folder of images to score against. vectors: golden images from
    PyTorch. seed: of latents, and of weights that are not given. progress: called (done, total, figures,
    what).
    ValueError, one line, names what is not supported; ArithmeticError where a loss is not finite.
    """
    found = quantize_module(
        source, Path(out), bits, None if weights is None else Path(weights), arguments=arguments, shape=shape,
        latents=latents, latent_bits=latent_bits, output_bits=output_bits, layer_bits=layer_bits, steps=steps,
        rate=rate, data=data, vectors=vectors, seed=seed, progress=progress,
    )  # fmt: skip
    return result(Quantization, found, Path(out).resolve())
