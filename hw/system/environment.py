# SPDX-License-Identifier: Apache-2.0
"""The user's environment: variables and the cache. The only module with os.environ."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def default_environment(**values: str) -> None:
    """Set variables of this process that the user has not set."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def variable(name: str) -> str:
    """An environment variable of the user's; "" where it is not set."""
    return os.environ.get(name, "")


def cache_dir() -> Path:
    """Folder for what can be made again: $XDG_CACHE_HOME/fpgan or ~/.cache/fpgan.

    It may be one that cannot be read or made, as where there is no home.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "fpgan"
    except RuntimeError:  # neither HOME nor an entry of the user's
        return Path("/.cache/fpgan")


def environment(changed: Mapping[str, str]) -> dict[str, str]:
    """All variables, with those changed."""
    return {**os.environ, **changed}


@contextmanager
def variables_set(changed: Mapping[str, str]) -> Iterator[None]:
    """This process's variables with those changed, for tools that are called as Python functions."""
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
