# SPDX-License-Identifier: Apache-2.0
"""A float PyTorch generator to a quantized one that hardware can be built from."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import make_folder, write_together
from fpgan.model.export import golden, to_qonnx, writes
from fpgan.model.generator_config import integer_bits
from fpgan.model.quantize.calibration import calibrate, settle_biases
from fpgan.model.quantize.distillation import distill
from fpgan.model.quantize.latents import open_latents
from fpgan.model.quantize.layers import Layer, split
from fpgan.model.quantize.network import LayerBits, QuantizedNetwork, exchange
from fpgan.model.quantize.ops import INPUT
from fpgan.model.quantize.pictures import save_samples
from fpgan.model.quantize.quantize_file import Quantize
from fpgan.model.quantize.report import distances, layer_rows, open_scored, scores, value
from fpgan.model.quantize.source import open_module
from fpgan.model.quantize.tracing import trace
from fpgan.model.run import CHECKPOINT, SAMPLES, check_free, save_tensors

__all__ = ["quantize"]

MODEL, REPORT = "model.onnx", "quantize.json"
Progress = Callable[[int, int, dict[str, float], str], None]
_BITS = (2, 8)
_BATCH, _CALIBRATION = 64, 512


def quantize(
    source: nn.Module | str,
    out: Path | str,
    bits: str = "W4A4",
    weights: Path | str | None = None,
    *,
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
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Quantize a float module after its training, and write what `fpgan build` takes.

        from fpgan.model.quantize import quantize
        result = quantize("dcgan.py:Generator", "out", "W4A4", "generator.pth", steps=500)
        print(result["sqnr_db"], [layer["sqnr_db"] for layer in result["layers"]])

        from fpgan import Build
        Build.from_onnx("out/model.onnx")

    source: a module, which is put into eval mode on the CPU, its weight normalisations worked in; or
    "FILE.py:NAME" of a class or function that makes one of `arguments`, FILE's code being run. It is
    made of ConvTranspose and Conv (1-D, 2-D), Linear, BatchNorm, PyTorch's activations of one variable (ReLU,
    LeakyReLU, RReLU, ELU, SELU, CELU, SiLU, GELU, Mish, Hardswish, Tanh, Sigmoid, LogSigmoid, Softplus ...;
    its error names them all), Upsample (nearest to any size, bilinear by whole factors), PixelShuffle,
    padding (zeros, reflect, replicate), reshapes, Dropout, constants added or multiplied, images added or, by
    torch.cat, joined along their channels; as modules, functions or methods, traced by torch.fx.
    weights: its state dict (.pth, .pt, .safetensors, read without running code). shape: of one input with its
    batch, as (1,100,1,1), where the first layer does not tell it. latents: what inputs are like, `normal`,
    `uniform` in [-1, 1), a .npy file or a tensor of floats (N, ...).

    bits: of weights and activations, 2 to 8; latent_bits, output_bits: of the input and the image;
    layer_bits: of single layers by name, {"main.0": "W8A8"}. steps: of fine-tuning, data-free: the quantized
    network learns its float original's images of random latents, `rate` being Adam's. data: real images
    (`digits`, `fashion`, `emoji`, a folder) to score both against. vectors: golden images from PyTorch.

    All scales are powers of two, one per output channel of the weights and one per activation tensor, chosen
    by Brevitas for the least squared error. Then PyTorch's float32 adds integers exactly, so that the images
    in OUT are the very ones that hardware makes, and a scale costs hardware nothing; one per channel gives
    back most of what rounding a scale to a power of two loses. An output of known range (Tanh, Sigmoid) has
    the scale that covers it, a normal input that of +-4.

    Writes OUT/model.onnx (QONNX) and model.golden.npz, checkpoint.safetensors, quantize.json (what is
    returned: `layers` with bits, scales and distances from the float layers, `sqnr_db`, `mse`, `score`) and
    samples.png. progress is called with (done, total, figures, what). ValueError, one line, names what is
    wrong, or the layer that hardware cannot be built from; Diverged where fine-tuning does not converge.
    """
    started, say = time.monotonic(), progress or _silent
    out = Path(out)
    _check(steps, rate, vectors)
    check_free(out, option="")
    module = open_module(source, weights, arguments or {}, seed)
    graph, sizes = trace(module, _sizes(shape))
    layers = split(graph, sizes)
    wanted = _bits_of(layers.layers, bits, layer_bits or {}, output_bits)
    network = exchange(
        graph, layers, wanted, open_latents(latents, sizes), _in_range("latent_bits", latent_bits)
    )
    images = None if data is None else open_scored(network, data)
    make_folder(out)
    calibrate(network, _batches(network, seed), lambda i, n: say(i, n, {}, "calibrating"))
    result: dict[str, Any] = {
        "source": source if isinstance(source, str) else type(source).__name__,
        "weights": None if weights is None else str(weights),
        "bits": bits, "steps": steps, "calibrated": _distance(network),
        "score": None if images is None else scores(network, images, seed),
    }  # fmt: skip
    if steps:
        distill(network, steps, _BATCH, rate, seed, lambda i, n, f: say(i, n, f, "fine-tuning"))
        settle_biases(network)
        if images is not None:
            result["score"]["tuned"] = value(network, images, seed)
    result |= {**_distance(network), "seconds": round(time.monotonic() - started, 1)}
    _write(out, network, type(module).__name__, result, vectors, seed)
    return result


def _silent(done: int, total: int, figures: dict[str, float], what: str) -> None:
    return None


def _check(steps: int, rate: float, vectors: int) -> None:
    if steps < 0 or vectors < 1 or not 0 < rate < 1:
        raise ValueError(
            f"steps={steps}, rate={rate:g}, vectors={vectors}: at least 0, between 0 and 1, at least 1"
        )


def _sizes(shape: Sequence[int] | None) -> tuple[int, ...] | None:
    """Without the batch. ValueError."""
    if shape is None:
        return None
    if not 2 <= len(shape) <= 4 or any(n < 1 for n in shape) or shape[0] != 1:
        given = ",".join(map(str, shape))
        raise ValueError(f"input of shape {given}: 1,Z or 1,C,L or 1,C,H,W, of sizes from 1 on, is expected")
    return tuple(int(n) for n in shape[1:])


def _in_range(name: str, bits: int) -> int:
    if not _BITS[0] <= bits <= _BITS[1]:
        raise ValueError(f"{name}={bits}: {_BITS[0]} to {_BITS[1]} bits are supported")
    return bits


def _bits_of(layers: list[Layer], bits: str, single: Mapping[str, str], output_bits: int) -> list[LayerBits]:
    """Bits of each layer; the last one puts the image out."""
    names = [layer.name for layer in layers]
    unknown = [name for name in single if name not in names]
    if unknown:
        raise ValueError(f"layer {unknown[0]}: no layer of that name; there are {', '.join(names)}")
    found = []
    for layer in layers:
        weights, acts = integer_bits(single.get(layer.name, bits))
        found.append(LayerBits(weights, output_bits if layer is layers[-1] else acts))
        _in_range("output_bits", found[-1].acts)
    return found


def _batches(network: QuantizedNetwork, seed: int) -> list[Tensor]:
    source = torch.Generator().manual_seed(seed)
    return list(network.latents.draw(_CALIBRATION, source).split(_BATCH))


def _distance(network: QuantizedNetwork) -> dict[str, float | None]:
    """sqnr_db and mse of the image."""
    return distances(network)[network.layers[-1].end]


def _write(
    out: Path, network: QuantizedNetwork, name: str, result: dict[str, Any], vectors: int, seed: int
) -> None:
    """All files of OUT; result gains what is only known of the finished network."""
    example = network.latents.draw(1, torch.Generator())
    arrays = golden(network, vectors, seed)
    result["latent"] = {
        "shape": list(arrays["latent"].shape[1:]), "kind": network.latents.kind,
        "bits": int(network.quantizer(INPUT).act_quant.bit_width()), "scale": network.latent_scale,
    }  # fmt: skip
    result["image"] = {
        "shape": list(arrays["image"].shape[1:]), "bits": network.bits[-1].acts, "scale": network.image_scale,
    }  # fmt: skip
    result["layers"] = layer_rows(network)
    source = torch.Generator().manual_seed(seed)
    text = json.dumps(as_written(Quantize, result), indent=2) + "\n"
    write_together({
        **writes(out / MODEL, to_qonnx(network.module, example, name), arrays),
        out / CHECKPOINT: lambda p: save_tensors(network.module.state_dict(), p),
        out / SAMPLES: lambda p: save_samples(network, result, p, source),
        out / REPORT: lambda p: p.write_text(text, encoding="utf-8"),
    })  # fmt: skip
