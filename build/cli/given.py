# SPDX-License-Identifier: Apache-2.0
"""Files and folders that were given, looked at before anything is imported that takes seconds."""

from __future__ import annotations

import os
from pathlib import Path


def file(path: Path | None, name: str = "") -> None:
    """ValueError unless a file is there; None: none was given."""
    if path is not None and not path.is_file():
        said = "is a folder; a file is expected" if path.is_dir() else "does not exist"
        raise ValueError(f"{name}{' ' if name else ''}{path}: {said}")


def run(path: Path | None) -> None:
    """ValueError unless a RUN folder is there, its settings readable; None: none was given."""
    from fpgan.model.run_folder import run_settings

    if path is not None:
        run_settings(path)


def build(path: Path) -> None:
    """ValueError unless a BUILD is there, DamagedError where it cannot be read."""
    from fpgan.hw.design import Design

    Design.load(path)


def weights(path: Path | None) -> None:
    """ValueError unless a file or a RUN folder is there; None: none was given."""
    if path is not None and path.is_dir():
        run(path)
    else:
        file(path)


def to_write(path: Path) -> None:
    """ValueError unless a folder is there that can be written to, or can be made."""
    place = Path(os.path.abspath(path))
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise ValueError(f"{path}: cannot be made a folder ({place} is a file)")
    if not os.access(place, os.W_OK | os.X_OK):
        raise ValueError(f"{path}: cannot be written to")


def new_file(path: Path) -> None:
    """ValueError unless a file can be written there."""
    if path.is_dir():
        raise ValueError(f"{path}: is a folder; name the file to write")
    to_write(path.parent)
