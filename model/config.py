# SPDX-License-Identifier: Apache-2.0
"""How a generator is trained: frozen settings, the presets, and their YAML form."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from fpgan.hw.system.reading import parse_yaml, read_text
from fpgan.hw.system.text import brief
from fpgan.model.generator_config import GeneratorConfig, parse_bits

__all__ = ["PRESETS", "GeneratorConfig", "TrainConfig"]

AUGMENTS = ("flip", "colour", "translation", "cutout")
LABELS = ("own", "clusters")
LOSSES = ("bce", "hinge")
NORMS = ("batch", "spectral", "none")
TUNINGS = ("adversarial", "distillation")
PRECISIONS = ("float32", "bf16", "fp16")
GIVEN = "<python>"  # the dataset of a training that was handed one
_ABSENT = object()
_LINE = 300


_ANY = 1 << 62
_LIMITS = {
    "batch": (2, 1 << 16), "steps": (0, _ANY), "float_steps": (0, _ANY), "features": (1, 1 << 12),
    "seed": (0, _ANY), "workers": (0, 256),
}  # fmt: skip
_CHOICES = {
    "tuning": TUNINGS, "precision": PRECISIONS, "labels": LABELS, "loss": LOSSES, "discriminator_norm": NORMS,
}  # fmt: skip


@dataclass(frozen=True)
class TrainConfig:
    """How a generator is trained. steps counts generator updates; dataset: see data.open_images; a relative
    path in it is one from the working folder, in a file from the file's.

    features: channels of the discriminator's first layer. ema: decay of the averaged generator that is kept
    (0 keeps the last weights). lr: Adam's; betas: its moments; decay: over which last part of the steps lr
    falls to 0. float_steps: how many of the first steps leave the quantizers out. tuning: what the steps with
    quantizers learn. `adversarial`: to deceive the discriminator, as the others do; `distillation`: nothing
    but the images of the averaged float generator of that moment, or of a teacher that was given, at
    tuning_lr, which falls to 0; lr then falls over a part of the float steps. distill, distill_features:
    weights of the squared distances to that generator's images and activations beside the adversarial loss.
    labels: of images, `own`: as the dataset has them, or `clusters`: generator.classes groups of those that
    look alike. augment: what is done at random to all that the discriminator sees, of `flip`, `colour`,
    `translation` and `cutout`. loss: `bce` or `hinge`. discriminator_norm: of its layers, `batch`, `spectral`
    (of the weights, arXiv 1802.05957) or `none`; discriminator_rate: its learning rate, as a multiple of lr.
    r1: weight of the squared gradient that it has at real images (arXiv 1801.04406), 0 for none.
    workers: processes that read image files. precision: of the float arithmetic, `float32`, `bf16` or `fp16`;
    parameters and scales stay float32. compile: let torch.compile make code for the float networks.
    """

    preset: str = "custom"
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    dataset: str = "digits"
    batch: int = 64
    steps: int = 5000
    float_steps: int = 0
    tuning: str = "adversarial"
    tuning_lr: float = 3e-4
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    seed: int = 0
    features: int = 32
    ema: float = 0.999
    decay: float = 0.0
    distill: float = 0.0
    distill_features: float = 0.0
    labels: str = "own"
    augment: tuple[str, ...] = ()
    loss: str = "bce"
    discriminator_norm: str = "batch"
    discriminator_rate: float = 1.0
    r1: float = 0.0
    workers: int = 2
    precision: str = "float32"
    compile: bool = False

    def __post_init__(self) -> None:
        self._check_types()
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                limit = f"at least {low}" if value < low else f"at most {high}"
                raise ValueError(f"{name}={value}: must be {limit}")
        for name in ("distill", "distill_features", "r1"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name}={getattr(self, name)}: must be a number of at least 0")
        for kind in self.augment:
            if kind not in AUGMENTS:
                raise ValueError(f"augment={kind!r}: must be of {', '.join(AUGMENTS)}")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r}: must be {' or '.join(known)}")
        if not 0 <= self.decay <= 1:
            raise ValueError(f"decay={self.decay}: must be from 0 to 1")
        if not 0 <= self.ema < 1:
            raise ValueError(f"ema={self.ema}: must be at least 0 and below 1")
        if self.dataset not in ("digits", GIVEN) and self.generator.image_channels not in (1, 3):
            raise ValueError(f"image_channels={self.generator.image_channels}: {self.dataset} has 1 or 3")
        if self.labels == "clusters" and not self.generator.classes:
            raise ValueError("labels=clusters: generator.classes=0; give the number of clusters")
        for name in ("lr", "tuning_lr", "discriminator_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name}={getattr(self, name)}: must be a number above 0")
        if len(self.betas) != 2 or not all(0 <= b < 1 for b in self.betas):
            raise ValueError(f"betas={self.betas}: must be two numbers from 0 to below 1")

    def _check_types(self) -> None:
        """Make tuples of lists. ValueError names a setting of the wrong type."""
        for name in ("betas", "augment"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        if not isinstance(self.augment, tuple):
            raise ValueError(f"augment={self.augment!r}: must be a list of {', '.join(AUGMENTS)}")
        for f in fields(self):
            value = getattr(self, f.name)
            wanted = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}.get(str(f.type))
            if wanted is not None and type(value) not in wanted:
                raise ValueError(f"{f.name}={value!r}: must be {f.type}")
        if not isinstance(self.betas, tuple) or not all(isinstance(b, int | float) for b in self.betas):
            raise ValueError(f"betas={self.betas!r}: must be two numbers from 0 to below 1")

    def tunes(self, step: int) -> bool:
        """Whether a step, counted from 0, only learns the float generator's images."""
        return self.tuning == "distillation" and self.generator.quantized and step >= self.float_steps

    def step_lr(self, step: int) -> float:
        """Learning rate of a step, counted from 0: lr, falling towards 0 at last; then tuning_lr, too."""
        if self.tunes(step):
            return self.tuning_lr * (self.steps - step) / (self.steps - self.float_steps)
        end = min(self.steps, self.float_steps) if self.tunes(self.float_steps) else self.steps
        return self.lr * min(1.0, (end - step) / end / self.decay) if self.decay else self.lr

    def with_settings(self, settings: list[str]) -> TrainConfig:
        """The same with others, each `key=value` or `generator.key=value` as a file would have it."""
        data = _plain(asdict(self))
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals:
                raise ValueError(f"set {setting}: must be key=value")
            where = data["generator"] if key.startswith("generator.") else data
            where[key.removeprefix("generator.")] = parse_yaml(value, Path(f"set {setting}"))
        return _build("set " + " ".join(settings), data) if settings else self

    def with_steps(self, steps: int) -> TrainConfig:
        """The same recipe in more or fewer steps: the share of those without quantizers stays."""
        share = self.float_steps / self.steps if self.steps else 0.0
        return replace(self, steps=steps, float_steps=round(steps * share))

    def located(self, folder: Path) -> TrainConfig:
        """The same with the dataset's path absolute; a relative one is one from folder."""
        kind, path = split_dataset(self.dataset)
        if not path:
            return self
        whole = str((folder / path).resolve())
        return replace(self, dataset=whole if kind == "images" else f"{kind}:{whole}")

    def with_bits(self, bits: Any) -> TrainConfig:
        """The same with other weight and activation bits: `W4A4`, a number for both, or `float`."""
        weights, acts = parse_bits(bits)
        return replace(self, generator=replace(self.generator, weight_bits=weights, act_bits=acts))

    def to_text(self) -> str:
        """Every setting as YAML."""
        return yaml.safe_dump(_plain(asdict(self)), sort_keys=False)

    def to_yaml(self, path: Path | str) -> None:
        """Write every setting as YAML, the dataset's path absolute."""
        Path(path).write_text(self.located(Path.cwd()).to_text(), encoding="utf-8")

    @classmethod
    def from_yaml(cls, path: Path | str) -> TrainConfig:
        """Read settings; what is left out keeps its default. ValueError names a key that is not known.

        A relative path of the dataset is one from path's folder.
        """
        return cls.from_text(read_text(Path(path)), path).located(Path(path).parent)

    @classmethod
    def from_text(cls, text: str, path: Path | str) -> TrainConfig:
        """Settings from YAML text; path is where it came from, for errors."""
        return _build(path, parse_yaml(text, Path(path)))


def split_dataset(dataset: str) -> tuple[str, str]:
    """Kind and path of a dataset; all that have a name can do without a path, `images` is a folder."""
    name, _, path = dataset.partition(":")
    if dataset in ("digits", GIVEN):
        return dataset, ""
    return (name, path) if name in ("fashion", "emoji", "clipart") else ("images", dataset)


def _build(path: Path | str, data: Any) -> TrainConfig:
    """Settings from parsed YAML. ValueError, one line that starts with the path.

    Two keys are no fields: `bits` stands for the generator's weight_bits and act_bits, generator.image_size
    only says what the levels should reach.
    """
    data = {} if data is None else data
    _known(path, data, TrainConfig, "", also=("bits",))
    inner = data.pop("generator", {})
    _known(path, inner, GeneratorConfig, "generator.", also=("image_size",))
    bits, size = data.pop("bits", _ABSENT), inner.pop("image_size", None)
    try:
        generator = GeneratorConfig(**inner)
        generator.check_size(size)
        config = TrainConfig(generator=generator, **data)
        return config if bits is _ABSENT else config.with_bits(bits)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {brief(error, _LINE)}") from None


def _known(path: Path | str, data: Any, cls: type, prefix: str, also: tuple[str, ...]) -> None:
    if not isinstance(data, dict):
        raise ValueError(f"{path}: {prefix.rstrip('.') or 'the file'} must be a mapping of settings")
    known = [*(f.name for f in fields(cls)), *also]
    for key in data:
        if key not in known:
            raise ValueError(f"{path}: unknown key {prefix}{brief(key)}; known are {', '.join(known)}")


def _plain(value: Any) -> Any:
    """The same with lists for tuples, which plain YAML does not have."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def _preset(name: str, steps: int, lr: float = 1e-3, **generator: Any) -> TrainConfig:
    """Nine tenths of the steps are without quantizers. The rate is high, as short trainings want it."""
    return TrainConfig(
        preset=name, steps=steps, float_steps=steps * 9 // 10, tuning="distillation", lr=lr,
        betas=(0.5, 0.99), decay=0.2,
        generator=GeneratorConfig(**generator, weight_scales="channel", scales="learned"),
    )  # fmt: skip


PRESETS: dict[str, TrainConfig] = {
    "tiny": _preset("tiny", 2000, latent=16, channels=(16, 8)),
    "mnist32": _preset("mnist32", 5000, latent=32, channels=(128, 64, 32)),
    "seed32": _preset("seed32", 5000, latent=100, channels=(256, 128, 64), image_channels=3),
    "rgb64": _preset("rgb64", 5000, lr=5e-4, latent=64, channels=(256, 128, 64, 32), image_channels=3),
    "k5": _preset(
        "k5", 2000, latent=16, channels=(16, 8), base=7, kernel=5, padding=2, output_padding=1,
        activation="leaky_relu",
    ),
}  # fmt: skip
