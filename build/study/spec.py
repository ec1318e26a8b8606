# SPDX-License-Identifier: Apache-2.0
"""The specification of a study: what is trained and built, what varies, what is looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from fpgan.build.study.space import BUILD, Parameter, Scalar, decoded, train_config
from fpgan.hw.boards import get_board
from fpgan.hw.system.reading import read_yaml
from fpgan.model.config import PRESETS, TrainConfig

SAMPLERS = ("tpe", "nsga2")
# Everything that trials can be compared by, and whether more of it is better.
FIGURES = {
    "score": False, "lut_equivalents": False, "LUT": False, "DSP": False, "BRAM18": False,
    "cycles_per_image": False, "frames_per_second": True,
}  # fmt: skip
_KEYS = (
    "name", "preset", "config", "steps", "base", "build", "parent_steps", "space", "search", "objectives",
    "images",
)  # fmt: skip
_SEARCH_KEYS = ("sampler", "trials", "seed", "parallel")


@dataclass(frozen=True)
class BuildOptions:
    """Arguments of `flow.build` that a study may set."""

    board: str = "ultra96"
    clock_mhz: float | None = None
    target_fps: float | None = None
    max_utilization: float = 0.8
    budget: Mapping[str, int] | None = None
    cores: Any = ("lut", "dsp")
    deconv: str = "subpixel"

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> BuildOptions:
        """ValueError names an argument that is not known, or a board."""
        known = [f.name for f in fields(cls)]
        for key in given:
            if key not in known:
                raise ValueError(f"unknown key {BUILD}{key}; known are {', '.join(known)}")
        options = cls(**given)
        cores = options.cores.split(",") if isinstance(options.cores, str) else options.cores
        return replace(options, board=get_board(options.board).name, cores=tuple(cores))


@dataclass(frozen=True)
class Search:
    """How Optuna looks: `sampler` tpe or nsga2, until `trials` have run, `parallel` at a time.

    parallel: as many as Dask has worker threads, where None.
    """

    sampler: str = "tpe"
    trials: int = 50
    seed: int = 0
    parallel: int | None = None


@dataclass(frozen=True)
class Spec:
    """A study as its file has it, checked.

    config: what all trials share. build: arguments of build that all share. parent_steps: steps of the float
    generators that trials start from; None: each trial trains from the start. search: None is a grid.
    objectives: of FIGURES. images: simulated for each Pareto point; 0 leaves the set to the models.
    """

    name: str
    config: TrainConfig
    build: Mapping[str, Any]
    space: tuple[Parameter, ...]
    search: Search | None
    objectives: tuple[str, ...]
    parent_steps: int | None
    images: int

    @classmethod
    def from_yaml(cls, path: Path | str, steps: int | None = None) -> Spec:
        """Read a specification; steps: instead of the file's. ValueError, one line that starts with path.

        Relative paths of files and datasets in it are ones from path's folder.
        """
        path = _file(path)
        data = read_yaml(path)
        try:
            _mapping("the file", data, _KEYS)
            return _spec(path, data if steps is None else data | {"steps": steps})
        except ValueError as error:
            text = str(error)
            raise ValueError(text if text.startswith(f"{path}:") else f"{path}: {text}") from None

    def settings(self, values: Mapping[str, Scalar]) -> tuple[TrainConfig, BuildOptions]:
        """What the trial with these values trains and builds. ValueError."""
        options = dict(self.build)
        options |= {k.removeprefix(BUILD): decoded(v) for k, v in values.items() if k.startswith(BUILD)}
        return train_config(self.config, values), BuildOptions.of(options)

    def each_value(self) -> Iterator[tuple[Parameter, Scalar, dict[str, Scalar]]]:
        """Every value of each parameter alone, and the trial in which the others have their first."""
        first = {p.name: p.samples[0] for p in self.space}
        for p in self.space:
            for value in p.samples:
                yield p, value, first | {p.name: value}

    def check_data(self) -> None:
        """Open every dataset that trials learn from. ValueError where there is none.

        Where classes or datasets vary, labels are left to the trials: they need not fit in all of them.
        """
        varied = {"dataset", "generator.classes"} & {p.name for p in self.space}
        configs = [self.settings(values)[0] for _, _, values in self.each_value()]
        for config in {config.dataset: config for config in configs}.values():
            g = config.generator
            from fpgan.model.data import open_images  # with torch: a wrong file is refused before

            needed = 0 if varied or config.labels == "clusters" else g.classes
            open_images(config.dataset, g.image_channels, g.image_size, needed)

    def record(self) -> dict[str, Any]:
        """Everything that trials depend on, flat, as plain values: what a study is recognised by."""
        flat = _flat("base", yaml.safe_load(self.config.to_text())) | _flat("build", dict(self.build))
        for p in self.space:
            flat[f"space.{p.name}"] = list(p.choices) or [p.low, p.high, p.step, p.log]
        kind = "grid" if self.search is None else self.search.sampler
        seed = None if self.search is None else self.search.seed
        own = {"name": self.name, "search.sampler": kind, "search.seed": seed, "images": self.images,
               "objectives": list(self.objectives), "parent_steps": self.parent_steps}  # fmt: skip
        return flat | own


def _file(given: Path | str) -> Path:
    """A specification by its path or, where there is none of that name, one that ships, such as `digits`."""
    path = Path(given)
    own = Path(__file__).parent / f"{path.name}.yaml"
    return own if str(given) == path.name and own.exists() and not path.exists() else path


def parent_config(config: TrainConfig, steps: int) -> TrainConfig:
    """Training of the float generator that trials of config start from.

    What only matters to quantizers has its default, so that trials which differ in nothing else share it.
    """
    plain = config.with_bits("float").generator
    defaults = type(plain)()
    names = ("scales", "weight_scales", "accumulator_bits", "latent_bits", "output_bits")
    generator = replace(plain, **{name: getattr(defaults, name) for name in names})
    return replace(config, generator=generator, steps=steps, float_steps=0, distill=0.0, distill_features=0.0)


def _spec(path: Path, data: dict[str, Any]) -> Spec:
    space = _mapping("space", data.get("space"))
    if not space:
        raise ValueError("space: names nothing to vary")
    build = _mapping("build", data.get("build", {}))
    spec = Spec(
        name=str(data.get("name", path.stem)),
        config=_config(path, data),
        build=build,
        space=tuple(
            Parameter.parsed(str(name), _located(path, name, given)) for name, given in space.items()
        ),
        search=None if data.get("search") is None else _search(data["search"]),
        objectives=_objectives(data.get("objectives", ["score", "lut_equivalents"])),
        parent_steps=None if data.get("parent_steps") is None else _count(data, "parent_steps", 1),
        images=_images(data),
    )
    _check(spec)
    return spec


def _config(path: Path, data: dict[str, Any]) -> TrainConfig:
    """Preset or file, then steps, then base on top."""
    preset, file = data.get("preset"), data.get("config")
    if preset is not None and file is not None:
        raise ValueError("give either preset or config")
    if preset is not None and preset not in PRESETS:
        raise ValueError(f"preset {preset}: unknown; known are {', '.join(PRESETS)}")
    config = PRESETS[preset] if preset is not None else TrainConfig()
    if file is not None:
        config = TrainConfig.from_yaml(path.parent / file)
    if data.get("steps") is not None:
        config = config.with_steps(_count(data, "steps", 1))
    config = train_config(config, {f"{k}": v for k, v in _flat("", data.get("base") or {}).items()})
    if data.get("parent_steps") is not None:
        config = replace(config, float_steps=0)
    if config.steps < 1:
        raise ValueError(f"steps={config.steps}: must be at least 1; a score needs a trained generator")
    return config.located(path.parent)


def _located(path: Path, name: str, given: Any) -> Any:
    """The values of a parameter of a specification at path, datasets as `_config` has them."""
    if name != "dataset" or not isinstance(given, list):
        return given
    return [TrainConfig(dataset=v).located(path.parent).dataset if isinstance(v, str) else v for v in given]


def _search(given: Any) -> Search:
    data = _mapping("search", given, _SEARCH_KEYS)
    search = Search(
        sampler=data.get("sampler", "tpe"),
        trials=_count(data, "trials", 1, 50),
        seed=_count(data, "seed", 0, 0),
        parallel=None if data.get("parallel") is None else _count(data, "parallel", 1),
    )
    if search.sampler not in SAMPLERS:
        raise ValueError(f"search.sampler={search.sampler!r}: must be {' or '.join(SAMPLERS)}; "
                         "leave search out for a grid")  # fmt: skip
    return search


def _objectives(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or len(set(map(str, given))) < len(given):
        raise ValueError(f"objectives={given!r}: must be a list of {', '.join(FIGURES)}")
    for name in given:
        if name not in FIGURES:
            raise ValueError(f"objectives: {name!r} is unknown; known are {', '.join(FIGURES)}")
    return tuple(given)


def _check(spec: Spec) -> None:
    """Each value alone, the other parameters at their first: unknown keys and impossible values."""
    if spec.search is None:
        for p in spec.space:
            if not p.choices:
                raise ValueError(f"space.{p.name}: a grid needs a list of values; a range needs search")
    for p, value, values in spec.each_value():
        config, _ = spec.settings(values)
        if not config.generator.quantized:
            raise ValueError(f"space.{p.name}={value}: a float generator makes no hardware")


def _images(data: Mapping[str, Any]) -> int:
    images = _count(data, "images", 0, 16)
    if images == 1:
        raise ValueError(
            "images=1: give 2 or more, their distance is the cycles per image; or 0 not to measure"
        )
    return images


def _count(data: Mapping[str, Any], key: str, low: int, default: int = 0) -> int:
    value = data.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise ValueError(f"{key}={value!r}: must be a whole number of at least {low}")
    return value


def _mapping(name: str, given: Any, known: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"{name}: must be a mapping")
    for key in given:
        if known and key not in known:
            raise ValueError(f"unknown key {key} of {name}; known are {', '.join(known)}")
    return given


def _flat(prefix: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """`generator: {latent: 3}` as `generator.latent: 3`, behind a prefix."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        flat |= _flat(name, value) if isinstance(value, dict) else {name: value}
    return flat
