# SPDX-License-Identifier: Apache-2.0
"""What made a result, and when: the command line that makes it again."""

from __future__ import annotations

import importlib.metadata
import inspect
import shlex
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

_NUMBERS = ("clock_mhz", "target_fps", "max_utilization")


def made(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, str]:
    """`version` of fpgan, `command` that does what function does with the arguments, `date`: now, in UTC.

    function: the one that a command of the same name wraps; its defaults need not be given.
    """
    words = ["fpgan", function.__name__]
    for name, parameter in inspect.signature(function).parameters.items():
        value = arguments.get(name, parameter.default)
        if parameter.default is parameter.empty:
            words.append(str(value))
        elif _texts(value) != _texts(parameter.default):
            words += [word for text in _texts(value) for word in (f"--{name.replace('_', '-')}", text)]
    return {
        "version": importlib.metadata.version("fpgan"),
        "command": shlex.join(words),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }


def arguments_of(function: Callable[..., Any], command: str) -> dict[str, Any]:
    """The arguments of `function` that `made` wrote into a command line, without defaults."""
    words = shlex.split(command)[2:]
    names = list(inspect.signature(function).parameters)
    found: dict[str, Any] = {names[0]: words[0]}
    for option, text in zip(words[1::2], words[2::2], strict=True):
        name = option.removeprefix("--").replace("-", "_")
        if name == "budget":
            kind, _, amount = text.partition("=")
            found.setdefault(name, {})[kind] = int(amount)
        elif name == "cores":
            found[name] = text.split(",")
        else:
            found[name] = float(text) if name in _NUMBERS else text
    return found


def _texts(value: Any) -> list[str]:
    """An option's values as words of a command line: one, or one for each entry of a mapping."""
    if value is None or callable(value):
        return []
    if isinstance(value, Mapping):
        return [f"{key}={amount}" for key, amount in value.items()]
    if isinstance(value, Collection) and not isinstance(value, str):
        return [",".join(map(str, value))]
    return [str(value).removesuffix(".0") if isinstance(value, float) else str(value)]
