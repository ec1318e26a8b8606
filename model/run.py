# SPDX-License-Identifier: Apache-2.0
"""A RUN folder: checkpoint.safetensors, config.yaml, metrics.json, samples.png. No pickle in any of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from fpgan.model.config import TrainConfig
from fpgan.model.generator import Generator
from fpgan.model.pictures import grid
from fpgan.model.run_folder import CHECKPOINT, CONFIG, METRICS, SAMPLES, STATE, run_settings

_GRID = 8
_SAMPLE_SEED = 1234


def write_beside(path: Path, write: Callable[[Path], Any]) -> None:
    """Let write() make a file next to path, then rename it onto path: no reader ever sees half a file.

    ValueError says why it cannot be written.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(beside)
        os.replace(beside, path)
    except OSError as error:
        raise ValueError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        beside.unlink(missing_ok=True)


def user_cache() -> Path:
    """Folder for what is made once and used again."""
    return Path.home() / ".cache" / "fpgan"


def remove_unfinished(folder: Path) -> None:
    """Remove what write_beside left in a folder when it was killed."""
    for name in (CHECKPOINT, CONFIG, METRICS, SAMPLES, STATE):
        stem, _, suffix = name.partition(".")
        for beside in folder.glob(f".{stem}.*.{suffix}"):
            beside.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder that can be written to. ValueError says why not."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{path}: cannot be made a folder ({error.strerror})") from None
    if not os.access(path, os.W_OK):
        raise ValueError(f"{path}: cannot be written to")


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
    if not path.is_file():
        raise ValueError(f"{path}: does not exist")
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path}: truncated or no safetensors file ({reason})") from None


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
            raise ValueError(f"{path}: {name} belongs to no layer of the configuration")


def load_weights(generator: Generator, path: Path) -> None:
    """Load a generator's tensors from a file. ValueError if they are not those of its configuration."""
    tensors = load_tensors(path)
    check_fit(path, tensors, generator.state_dict())
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{path}: {name} holds values that are not finite")
    generator.load_state_dict(tensors)


def load_run(path: Path | str) -> tuple[Generator, TrainConfig]:
    """Generator in eval mode and settings of a RUN folder. ValueError, one line, on anything damaged."""
    path, config = Path(path), run_settings(path)
    generator = Generator(config.generator)
    load_weights(generator, path / CHECKPOINT)
    return generator.eval(), config


def read_metrics(path: Path) -> dict[str, Any]:
    """What a RUN folder's metrics.json holds. ValueError if it cannot be read."""
    try:
        found = json.loads((path / METRICS).read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path / METRICS}: cannot be read ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path / METRICS}: holds no metrics")
    return found


def save_run(out: Path, generator: Generator, config: TrainConfig, metrics: dict[str, Any]) -> None:
    """Write all four files of a RUN folder; generator must be in eval mode."""
    save_tensors(generator.state_dict(), out / CHECKPOINT)
    write_beside(out / CONFIG, config.to_yaml)
    picture = grid(samples(generator), _GRID)
    write_beside(out / SAMPLES, picture.save)
    write_metrics(out, metrics)


def write_metrics(out: Path, metrics: dict[str, Any]) -> None:
    """Write a RUN folder's metrics.json."""
    text = json.dumps(metrics, indent=2) + "\n"
    write_beside(out / METRICS, lambda p: p.write_text(text))


@torch.no_grad()
def samples(generator: Generator) -> Tensor:
    """64 images, always of the same latents; with classes, the labels in turn."""
    source = torch.Generator().manual_seed(_SAMPLE_SEED)
    images: Tensor = generator(generator.random_latents(_GRID * _GRID, source)[0])
    return images
