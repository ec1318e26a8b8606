# SPDX-License-Identifier: Apache-2.0
"""What a study varies: the parameters, and what a key of the specification sets."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from fpgan.model.config import TrainConfig

if TYPE_CHECKING:
    from optuna.trial import Trial

BUILD = "build."  # what starts a key that is an argument of build
_RANGE_KEYS = {"low", "high", "step", "log"}
_LAYER_FIELDS = {"weight_bits": "layer_weight_bits", "act_bits": "layer_act_bits", "channels": "channels"}

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Parameter:
    """One thing that trials differ in: one of `choices`, or a number from low to high.

    choices: as Optuna keeps them, plain scalars; a list or mapping is its JSON text, see `decoded`.
    """

    name: str
    choices: tuple[Scalar, ...] = ()
    low: float = 0
    high: float = 0
    step: float | None = None
    log: bool = False

    @classmethod
    def parsed(cls, name: str, given: Any) -> Parameter:
        """From a specification: a list of values, or {low, high} with step or log. ValueError."""
        if isinstance(given, list) and given:
            choices = tuple(encoded(value) for value in given)
            if len({json.dumps(c) for c in choices}) < len(choices):
                raise ValueError(f"space.{name}: {given} names a value twice")
            return cls(name, choices)
        if not isinstance(given, dict) or not {"low", "high"} <= set(given) <= _RANGE_KEYS:
            raise ValueError(f"space.{name}={given!r}: give a list of values, or low and high (step, log)")
        numbers = [given[key] for key in ("low", "high", "step") if given.get(key) is not None]
        if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
            raise ValueError(f"space.{name}={given!r}: low, high and step must be numbers")
        if given["low"] >= given["high"]:
            raise ValueError(f"space.{name}: low={given['low']} must be below high={given['high']}")
        if given.get("log") and (given["low"] <= 0 or given.get("step") is not None):
            raise ValueError(f"space.{name}: log needs low above 0, and no step")
        if given.get("step") is not None and given["step"] <= 0:
            raise ValueError(f"space.{name}: step={given['step']} must be above 0")
        return cls(name, (), given["low"], given["high"], given.get("step"), bool(given.get("log")))

    @property
    def whole(self) -> bool:
        """Whether a range is of whole numbers."""
        return all(isinstance(n, int) for n in (self.low, self.high, self.step or 1))

    def suggest(self, trial: Trial) -> Scalar:
        """The trial's value: what it has, else what is queued for it, else what the sampler draws."""
        if self.choices:
            value: Scalar = trial.suggest_categorical(self.name, self.choices)
            return value
        if self.whole:
            return trial.suggest_int(
                self.name, int(self.low), int(self.high), step=int(self.step or 1), log=self.log
            )
        return trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)

    @property
    def samples(self) -> tuple[Scalar, ...]:
        """Values to check a specification with: all choices, or both ends of the range."""
        return self.choices or (self.low, self.high)


def encoded(value: Any) -> Scalar:
    """A value as Optuna can keep it."""
    return value if isinstance(value, Scalar) else json.dumps(value)


def decoded(value: Scalar) -> Any:
    """The value that `encoded` was given."""
    return json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


def grid(space: Sequence[Parameter]) -> Iterator[dict[str, Scalar]]:
    """Every combination of the choices, the last parameter changing fastest."""
    for values in itertools.product(*(p.choices for p in space)):
        yield {p.name: value for p, value in zip(space, values, strict=True)}


def train_config(base: TrainConfig, values: Mapping[str, Scalar]) -> TrainConfig:
    """base with the values that are no build arguments; `generator.weight_bits.0` sets one layer's.

    ValueError, as from TrainConfig.with_settings.
    """
    wanted = {key: decoded(value) for key, value in values.items() if not key.startswith(BUILD)}
    layers = {key: value for key, value in wanted.items() if key.rpartition(".")[2].isdigit()}
    whole = {key: value for key, value in wanted.items() if key not in layers}
    config = base.with_settings([_setting(*item) for item in whole.items()])
    lists: dict[str, list[Any]] = {}
    for key, value in layers.items():
        name, _, index = key.rpartition(".")
        entries = lists.setdefault(name, _per_layer(config, key))
        if int(index) >= len(entries):
            raise ValueError(f"{key}: there are {len(entries)}, counted from 0")
        entries[int(index)] = value
    return config.with_settings([_setting(*item) for item in lists.items()])


def _per_layer(config: TrainConfig, key: str) -> list[Any]:
    prefix, _, field = key.rpartition(".")[0].rpartition(".")
    if prefix != "generator" or field not in _LAYER_FIELDS:
        known = ", ".join(f"generator.{name}.N" for name in _LAYER_FIELDS)
        raise ValueError(f"{key}: one layer can be set by {known}")
    return list(getattr(config.generator, _LAYER_FIELDS[field]))


def _setting(key: str, value: Any) -> str:
    """The setting as YAML, whose scalars end in a line of three dots."""
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf).splitlines()[0]
    return f"{key}={text}"
