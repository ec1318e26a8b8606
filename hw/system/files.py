# SPDX-License-Identifier: Apache-2.0
"""Write a file beside its place and put it there in one step: no reader ever sees half of one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_BESIDE = ".fpgan-part"  # in the names of files that are being written


def write_beside(path: Path, write: Callable[[Path], Any]) -> None:
    """Let write() make a file next to `path`, then rename it onto `path`; a link stays one.

    Writers of the same file do not meet. ValueError, with the file's name, where it cannot be written.
    """
    target = resolved(path)
    if target.exists() and not target.is_file():
        kind = "a folder" if target.is_dir() else "no plain file"
        raise ValueError(f"{path}: is {kind}; choose another name")
    beside = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{_BESIDE}{target.suffix}")
    try:
        write(beside)
        os.replace(beside, target)
    except OSError as error:
        raise ValueError(f"{path}: cannot be written ({reason(error)})") from None
    finally:
        _unlink(beside)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole. ValueError where it cannot be written."""
    write_beside(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole. ValueError where it cannot be written."""
    write_beside(path, lambda beside: beside.write_bytes(content))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole. ValueError where it cannot be written."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left in a folder that nobody else is writing."""
    for beside in folder.glob(f".*{_BESIDE}*"):
        _unlink(beside)


def make_folder(path: Path) -> None:
    """Make a folder that can be written to. ValueError says why not."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{path}: cannot be made a folder ({reason(error)})") from None
    if not os.access(path, os.W_OK):
        raise ValueError(f"{path}: cannot be written to")


def resolved(path: Path) -> Path:
    """The place that a path means, links followed. ValueError for links in a circle."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError):
        raise ValueError(f"{path}: its links lead in a circle") from None


def reason(error: OSError) -> str:
    """What the system says of an error, without the file's name."""
    return error.strerror or str(error) or type(error).__name__


def _unlink(path: Path) -> None:
    with suppress(OSError):  # where nothing can be changed; the error that matters is the writer's
        path.unlink(missing_ok=True)
