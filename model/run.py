# SPDX-License-Identifier: Apache-2.0
"""A RUN folder: checkpoint.safetensors, config.yaml, metrics.json, samples.png. No pickle in any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from fpgan.hw.system.fields import as_written
from fpgan.hw.system.files import write_bytes, write_json, write_together
from fpgan.hw.system.reading import DamagedError, read_json
from fpgan.hw.system.text import brief, first_line
from fpgan.model.checkpoints import run_folder
from fpgan.model.config import TrainConfig
from fpgan.model.generator import Generator
from fpgan.model.metrics_file import Metrics
from fpgan.model.pictures import grid
from fpgan.model.run_folder import CHECKPOINT, CONFIG, METRICS, SAMPLES, STATE, run_settings

_GENERATOR = "generator"  # in a checkpoint's metadata
_GRID = 8
_TYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
    torch.int8, torch.uint8, torch.bool,
)  # fmt: skip
_SAMPLE_SEED = 1234


def save_tensors(tensors: Mapping[str, Tensor], path: Path, about: dict[str, str] | None = None) -> None:
    """Write tensors as safetensors, `about` as the file's metadata."""
    write_bytes(path, save(_whole(tensors), about))


def _whole(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.detach().contiguous() for name, t in tensors.items()}


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
    check_kinds(path, tensors)
    return tensors


def check_kinds(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """DamagedError for a tensor that no layer has: of another type, sparse, or larger than what holds it."""
    for name, tensor in tensors.items():
        if tensor.dtype not in _TYPES:
            what = f"is of {tensor.dtype}, which no layer has; convert it to float32"
            raise DamagedError(path, f"{brief(name)} {what}")
        plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
        if not plain or tensor.nbytes > tensor.untyped_storage().nbytes():
            raise DamagedError(path, f"{brief(name)} is no plain tensor; make it contiguous and dense")


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
    folder, config = run_folder(path), run_settings(path)
    generator = Generator(config.generator)
    load_weights(generator, folder / CHECKPOINT)
    if not _belong_together(folder / CHECKPOINT, config):
        raise ValueError(
            f"{path}: {CHECKPOINT} is not of the generator in {CONFIG}: a training was killed while it "
            "replaced another one; go on with it by fpgan train --resume"
        )
    return generator.eval(), config


def _generator_text(config: TrainConfig) -> str:
    """The generator's settings, by which a checkpoint knows its config.yaml."""
    return json.dumps(asdict(config.generator))


def _belong_together(checkpoint: Path, config: TrainConfig) -> bool:
    """Whether a checkpoint, if it says so, is of a generator of these settings."""
    text = tensors_metadata(checkpoint).get(_GENERATOR)
    try:
        saved = {} if text is None else json.loads(text)
        own = json.loads(_generator_text(config))
        return all(own[name] == saved[name] for name in own.keys() & saved.keys())
    except (ValueError, AttributeError):
        return False


def read_metrics(path: Path, then: str = "") -> dict[str, Any]:
    """What a RUN folder's metrics.json holds. ValueError, with what to do then, if it cannot be read."""
    return read_json(path / METRICS, then)


def save_run(out: Path, generator: Generator, config: TrainConfig, metrics: dict[str, Any]) -> None:
    """Write all four files of a RUN folder, one set; generator must be in eval mode.

    metrics: what metrics_file.Metrics says. TypeError for a field more or less.
    """
    picture = grid(samples(generator), _GRID)
    tensors = save(_whole(generator.state_dict()), {_GENERATOR: _generator_text(config)})
    text = json.dumps(as_written(Metrics, metrics), indent=2) + "\n"
    write_together({
        out / CHECKPOINT: lambda p: p.write_bytes(tensors),
        out / CONFIG: config.to_yaml,
        out / SAMPLES: picture.save,
        out / METRICS: lambda p: p.write_text(text, encoding="utf-8"),
    })  # fmt: skip


def check_free(out: Path, overwrite: bool = False, option: str = " or replace it with --overwrite") -> None:
    """ValueError where `out` holds a training, one that has ended or one to go on with; steps=0 is none."""
    if overwrite:
        return
    steps = 0
    if (out / METRICS).exists():
        found = read_metrics(out, f"choose another folder{option}").get("steps")
        steps = found if isinstance(found, int) else 1
    if (out / STATE).exists():
        done = _saved_steps(out / STATE)
        if done is None or done != steps or not (out / METRICS).exists():
            raise ValueError(
                f"{out}: holds a training that has not ended ({done or 'unknown'} steps); go on with it by "
                f"--resume, choose another folder{option}"
            )
    if steps:
        raise ValueError(f"{out}: holds a training of {steps} steps; choose another folder{option}")


def _saved_steps(state: Path) -> int | None:
    """Steps that a training state has done; None where it does not say."""
    try:
        return int(tensors_metadata(state).get("step", ""))
    except (SafetensorError, OSError, ValueError):
        return None


def write_metrics(out: Path, metrics: dict[str, Any]) -> None:
    """Write a RUN folder's metrics.json; TypeError as save_run's."""
    write_json(out / METRICS, as_written(Metrics, metrics))


@torch.no_grad()
def samples(generator: Generator) -> Tensor:
    """64 images, always of the same latents; with classes, the labels in turn."""
    source = torch.Generator().manual_seed(_SAMPLE_SEED)
    images: Tensor = generator(generator.random_latents(_GRID * _GRID, source)[0])
    return images
