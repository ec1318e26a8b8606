# SPDX-License-Identifier: Apache-2.0
"""`Run`: a RUN folder, and what the commands do with it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from fpgan.build.api.result import Result, read, result
from fpgan.model.checkpoints import run_folder
from fpgan.model.config import PRESETS, TrainConfig
from fpgan.model.metrics_file import Evaluated, Metrics
from fpgan.model.run_folder import METRICS, SAMPLES, STATE, run_settings

Progress = Callable[[int, int, dict[str, float]], None]
File = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True, repr=False)
class Training(Result, Metrics):
    """metrics.json: what a training made, and how good it is."""

    PICTURE: ClassVar[str] = SAMPLES


@dataclass(frozen=True, kw_only=True, repr=False)
class Evaluation(Result, Evaluated):
    """A generator's score, measured again."""


@dataclass(frozen=True)
class Run:
    """A generator on disk: `train` makes one, `open` takes one that is there, or that ships.

    root: its folder. Methods are the commands of the same names: they write the same files, take the same
    arguments and raise ValueError, one line, where a command refuses its input. progress: called (step,
    steps, losses).
    """

    root: Path

    @classmethod
    def train(
        cls,
        preset: str | None = None,
        out: File = "runs/latest",
        *,
        config: File | TrainConfig | None = None,
        bits: str | None = None,
        settings: Mapping[str, Any] | None = None,
        steps: int | None = None,
        seed: int | None = None,
        init: File | None = None,
        teacher: File | None = None,
        baseline: File | None = None,
        resume: bool = False,
        overwrite: bool = False,
        tensorboard: bool = False,
        progress: Progress | None = None,
    ) -> Run:
        """Train a generator with its quantizers in place.

            run = Run.train("mnist32", "runs/mnist32", settings={"generator.classes": 10})

        preset: tiny, mnist32, seed32, rgb64 or k5; or config: a YAML file or settings. out: RUN folder to
        write. bits: W4A4 or float, of all layers. settings: single ones by the names of model/config.py.
        steps: 0 only calibrates the scales. seed: of weights, latents and order. init: a generator to start
        from. teacher: RUN whose images are to be learnt. baseline: RUN in float to compare with. resume: go
        on from what out holds. overwrite: replace it. tensorboard: also write out/tensorboard.

        Raises ValueError for what does not fit, ArithmeticError where a loss is not finite.
        """
        texts = [f"{key}={json.dumps(value)}" for key, value in (settings or {}).items()]
        resumed = Path(out) if resume else None
        chosen = configuration(preset, config, texts, steps, bits, seed, resumed)
        from fpgan.model.train import train

        train(
            chosen, Path(out), init=_path(init), resume=resume, baseline=_path(baseline),
            teacher=_path(teacher), progress=progress, tensorboard=tensorboard, overwrite=overwrite,
        )  # fmt: skip
        return cls(Path(out).resolve())

    @classmethod
    def open(cls, run: File) -> Run:
        """A RUN folder, or a shipped checkpoint by its name. ValueError where it is neither, or damaged."""
        run_settings(Path(run))
        return cls(run_folder(Path(run)).resolve())

    @property
    def config(self) -> TrainConfig:
        """config.yaml: all settings of the training."""
        return run_settings(self.root)

    @property
    def metrics(self) -> Training:
        """metrics.json: steps, bits, score."""
        return read(Training, self.root / METRICS, "train it again")

    def evaluate(
        self,
        samples: int = 10_000,
        *,
        seed: int = 0,
        baseline: File | None = None,
        inception: File | None = None,
        nearest: File | None = None,
    ) -> Evaluation:
        """Score the generator again; with the same seed, to the digit what `metrics` says.

        samples: generated images to score. baseline: RUN of the same network in float. inception:
        torch-fidelity's Inception-v3 weights, for FID and KID as papers give them. nearest: PNG file to draw
        images into, each beside the three most like it in the data.
        """
        from fpgan.model.evaluate import evaluate

        given = (_path(baseline), _path(inception), _path(nearest))
        score = evaluate(self.root, samples, seed, None, *given)
        return result(Evaluation, score, self.root)

    def prune(
        self,
        out: File,
        *,
        ratio: float | None = None,
        channels: Sequence[int] | None = None,
        by: Literal["taylor", "bn"] = "taylor",
        steps: int = 0,
        overwrite: bool = False,
        progress: Progress | None = None,
    ) -> Run:
        """A RUN without the least important channels.

        ratio: share of each layer's channels to remove; or channels: how many to keep, one per layer but the
        last. by: what is least important, taylor (change of the images) or bn (BatchNorm's scale). steps: of
        fine-tuning. overwrite: replace the training that out holds.
        """
        if (ratio is None) == (channels is None):
            raise ValueError("give either ratio or channels")
        from fpgan.model.prune import prune

        prune(self.root, Path(out), ratio, channels, by, steps, progress=progress, overwrite=overwrite)
        return Run(Path(out).resolve())

    def export(self, out: File = "model.onnx", *, vectors: int = 256, seed: int = 0) -> Path:
        """Write the generator as QONNX, with `vectors` images of PyTorch's beside it; returns the file."""
        from fpgan.model.export import export

        return export(self.root, Path(out), vectors, seed)

    def _repr_html_(self) -> str:
        return self.metrics._repr_html_()


def configuration(
    preset: str | None,
    file: File | TrainConfig | None,
    settings: Sequence[str],
    steps: int | None,
    bits: str | None,
    seed: int | None,
    resumed: Path | None,
) -> TrainConfig:
    """The settings of a training: a preset's, a file's, or those of the RUN to go on with. ValueError."""
    if (preset is not None and file is not None) or (resumed is None and preset is None and file is None):
        raise ValueError("give either --preset or --config; --resume can do without")
    if resumed is not None and preset is None and file is None:
        from fpgan.model.state import saved_settings

        chosen = saved_settings(resumed / STATE).with_settings(list(settings))
        chosen = chosen if steps is None else replace(chosen, steps=steps)
    else:
        chosen = _given(preset, file).with_settings(list(settings))
        chosen = chosen if steps is None else chosen.with_steps(steps)
    chosen = chosen if bits is None else chosen.with_bits(bits)
    return chosen if seed is None else replace(chosen, seed=seed)


def _given(preset: str | None, file: File | TrainConfig | None) -> TrainConfig:
    if isinstance(file, TrainConfig):
        return file
    if preset is None:
        return TrainConfig.from_yaml(Path(file or ""))
    if preset not in PRESETS:
        raise ValueError(f"preset {preset}: must be one of {', '.join(PRESETS)}")
    return PRESETS[preset]


def _path(given: File | None) -> Path | None:
    return None if given is None else Path(given)
