# SPDX-License-Identifier: Apache-2.0
"""A RUN folder: checkpoint.safetensors, config.yaml, metrics.json, samples.png. No pickle in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_beside, write_json
from fpgan.hw.system.reading import DamagedError, read_json
from fpgan.hw.system.text import brief, first_line
from fpgan.model.checkpoints import run_folder
from fpgan.model.config import TrainConfig
from fpgan.model.generator import Generator
from fpgan.model.metrics_file import Metrics
from fpgan.model.pictures import grid

CHECKPOINT, CONFIG, METRICS, SAMPLES = "checkpoint.safetensors", "config.yaml", "metrics.json", "samples.png"
STATE = "training.safetensors"
_GRID = 8
_TYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
    torch.int8, torch.uint8, torch.bool,
)  # fmt: skip
_SAMPLE_SEED = 1234


def save_tensors(tensors: Mapping[str, Tensor], path: Path, about: dict[str, str] | None = None) -> None:
    """Write tensors as safetensors, `about` as the file's metadata."""
    whole = {name: t.detach().contiguous() for name, t in tensors.items()}
    write_beside(path, lambda p: p.write_bytes(save(whole, about)))


def tensors_metadata(path: Path) -> dict[str, str]:
    """Metadata of a file that load_tensors has read."""
    with safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read safetensors. ValueError if the file is missing, truncated or something else."""
    if not path.exists():
        raise DamagedError(path, "does not exist")
    if not path.is_file():
        raise DamagedError(path, "is no plain file")
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise DamagedError(path, f"truncated or no safetensors file ({first_line(error)})") from None
    for name, tensor in tensors.items():
        if tensor.dtype not in _TYPES:
            raise DamagedError(
                path, f"{name} is of {tensor.dtype}, which no layer has; convert it to float32"
            )
    return tensors


def check_fit(path: Path, tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """ValueError, naming a tensor, unless tensors has the names and shapes wanted, and only them."""
    for name, tensor in wanted.items():
        if name not in tensors:
            raise ValueError(f"{path}: has no {name}; it was made with another configuration")
        if tensors[name].shape != tensor.shape:
            have, want = tuple(tensors[name].shape), tuple(tensor.shape)
            raise ValueError(f"{path}: {name} has shape {have}, the configuration needs {want}")
    for name in tensors:
        if name not in wanted:
            raise ValueError(f"{path}: {brief(name)} belongs to no layer of the configuration")


def load_weights(generator: Generator, path: Path) -> None:
    """Load a generator's tensors from a file. ValueError if they are not those of its configuration."""
    tensors = load_tensors(path)
    check_fit(path, tensors, generator.state_dict())
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{path}: {name} holds values that are not finite")
    generator.load_state_dict(tensors)


def load_run(path: Path | str) -> tuple[Generator, TrainConfig]:
    """Generator in eval mode and settings of a RUN folder, or of a shipped checkpoint by its name.

    ValueError, one line, on anything damaged.
    """
    folder = run_folder(path)
    config = TrainConfig.from_yaml(folder / CONFIG)
    generator = Generator(config.generator)
    load_weights(generator, folder / CHECKPOINT)
    return generator.eval(), config


def read_metrics(path: Path) -> dict[str, Any]:
    """What a RUN folder's metrics.json holds. ValueError if it cannot be read."""
    return read_json(path / METRICS)


def save_run(out: Path, generator: Generator, config: TrainConfig, metrics: dict[str, Any]) -> None:
    """Write all four files of a RUN folder; generator must be in eval mode."""
    save_tensors(generator.state_dict(), out / CHECKPOINT)
    write_beside(out / CONFIG, config.to_yaml)
    picture = grid(samples(generator), _GRID)
    write_beside(out / SAMPLES, picture.save)
    write_metrics(out, metrics)


def write_metrics(out: Path, metrics: dict[str, Any]) -> None:
    """Write a RUN folder's metrics.json."""
    write_json(out / METRICS, as_written(Metrics, metrics))


@torch.no_grad()
def samples(generator: Generator) -> Tensor:
    """64 images, always of the same latents; with classes, the labels in turn."""
    source = torch.Generator().manual_seed(_SAMPLE_SEED)
    images: Tensor = generator(generator.random_latents(_GRID * _GRID, source)[0])
    return images
