# SPDX-License-Identifier: Apache-2.0
"""A trained generator as one QONNX file, with images that PyTorch computed beside it."""

from __future__ import annotations

import logging
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx
import torch
from brevitas.export import export_qonnx
from brevitas.nn import QuantConv2d, QuantConvTranspose2d
from torch import Tensor, nn

from fpgan.hw.system.files import Write, make_folder, reason, write_together
from fpgan.hw.system.names import golden_path
from fpgan.model.generator import Generator
from fpgan.model.run import load_run

_OPSET = 13
_BATCH = 32
_NAME = "fpgan.name"


class Integers(Protocol):
    """A network of integers: what golden vectors are made from. Tensors are (N,C,H,W)."""

    @property
    def latent_scale(self) -> float:
        """Value of one step of the latent."""

    @property
    def image_scale(self) -> float:
        """Value of one step of the image."""

    def random_latents(self, count: int, source: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Float latents and their labels, if there are classes."""

    def quantize_latent(self, latent: Tensor) -> Tensor:
        """Integers, int64, of float latents."""

    def integers(self, latent: Tensor) -> Tensor:
        """Image integers, int64, of latent integers."""


def export(run: Path | str, out: Path | str, vectors: int = 256, seed: int = 0) -> Path:
    """Write out (QONNX, batch 1, weights inside) and its golden_path; returns out.

    The npz holds integers from PyTorch in eval mode, `latent` (N,Z,1,1) and `image` (N,C,H,W), both int32,
    and the value of one step of each, `latent_scale` and `image_scale`. Latents are standard normal with that
    seed; of a generator with classes their last channels are the one-hot label, and `label` (N) int32 says
    which: 0, 1, ... in turn, `dataset` whose labels they are. ValueError on a damaged RUN, or one without
    quantizers.
    """
    out = check_out(out, vectors)
    generator, config = load_run(run)
    if not config.generator.quantized:
        raise ValueError(f"{run}: is a float generator (bits: float); hardware needs quantizers")
    model = to_qonnx(generator, torch.zeros(1, config.generator.inputs, 1, 1), config.preset)
    arrays = golden(generator, vectors, seed)
    if config.generator.classes:
        arrays["dataset"] = np.array(config.dataset)
    save(out, model, arrays)
    return out


def check_out(out: Path | str, vectors: int) -> Path:
    """The file to export to. ValueError if it is a folder, or if there are to be no vectors beside it."""
    out = Path(out)
    if vectors < 1:
        raise ValueError(f"vectors={vectors}: must be at least 1")
    if out.is_dir():
        raise ValueError(f"{out}: is a folder; name the file to write")
    return out


def save(out: Path, model: onnx.ModelProto, arrays: dict[str, np.ndarray]) -> None:
    """Write a model, and arrays as the golden vectors beside it; nobody sees those of two models."""
    make_folder(out.parent)
    write_together(writes(out, model, arrays))


def writes(out: Path, model: onnx.ModelProto, arrays: dict[str, np.ndarray]) -> dict[Path, Write]:
    """What writes these files, the model last."""
    vectors = partial(np.savez_compressed, **arrays)  # type: ignore[arg-type]
    return {golden_path(out): vectors, out: lambda path: onnx.save(model, path)}


def golden(generator: Integers, vectors: int, seed: int) -> dict[str, np.ndarray]:
    """int32 arrays: `latent` (N,Z,1,1), the `image` (N,C,H,W) PyTorch makes of each, and any `label` (N).

    Beside them the value of one step, `latent_scale` and `image_scale`.
    """
    latents, labels = generator.random_latents(vectors, torch.Generator().manual_seed(seed))
    latent = generator.quantize_latent(latents)
    image = torch.cat([generator.integers(part) for part in latent.split(_BATCH)])
    made = {"latent": latent, "image": image} | ({} if labels is None else {"label": labels})
    scales = {n: np.array(getattr(generator, n), np.float32) for n in ("latent_scale", "image_scale")}
    return {name: tensor.numpy().astype(np.int32) for name, tensor in made.items()} | scales


def to_qonnx(module: nn.Module, example: Tensor, name: str) -> onnx.ModelProto:
    """QONNX of a module in eval mode, its input like example (1,...), each quantizer a Quant node.

    name: of the network, for reports. ValueError where the folder for temporary files has no room.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            _export(module, example, path)
        except OSError as error:
            raise ValueError(f"{path}: cannot be written ({reason(error)})") from None
        model = onnx.load(path)  # reads external data too; saving again leaves one file
    if isinstance(module, Generator):
        _set_weights(model, module)
    model = _cleanup(model)
    entry = model.metadata_props.add()
    entry.key, entry.value = _NAME, name
    return model


def _export(module: nn.Module, example: Tensor, path: Path) -> None:
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            export_qonnx(
                module, args=example, export_path=str(path), opset_version=_OPSET, dynamo=False,
                input_names=["latent"], output_names=["image"],
            )  # fmt: skip
    finally:
        logging.disable(level)


@torch.no_grad()
def _set_weights(model: onnx.ModelProto, generator: Generator) -> None:
    """Put the quantized weights in front of their Quant nodes, which then leave them as they are.

    Brevitas writes the float weights, of which the node alone does not make those that an accumulator bounds.
    """
    layers = [m for m in generator.modules() if isinstance(m, QuantConv2d | QuantConvTranspose2d)]
    nodes = [n for n in model.graph.node if n.op_type in ("Conv", "ConvTranspose")]
    producers = {n.output[0]: n for n in model.graph.node}
    initializers = {i.name: i for i in model.graph.initializer}
    for layer, node in zip(layers, nodes, strict=True):
        stored = initializers[producers[node.input[1]].input[0]]
        value = layer.quant_weight().value.numpy()
        stored.CopyFrom(onnx.numpy_helper.from_array(value, stored.name))


def _cleanup(model: onnx.ModelProto) -> onnx.ModelProto:
    """qonnx's own clean-up: constants folded (never into a Quant), shapes inferred, nodes named."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.util.cleanup import cleanup_model

    return cleanup_model(ModelWrapper(model)).model
