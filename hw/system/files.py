# SPDX-License-Identifier: Apache-2.0
"""Write a file beside its place and put it there in one step: no reader ever sees half of one."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from fpgan.hw.system.signals import held_back

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_BESIDE = ".fpgan-part"  # in the names of files that are being written


Write = Callable[[Path], Any]  # makes a file of that name


class PassingError(ValueError):
    """Nothing is wrong with what was asked for; the machine is in the way, and may not be another time."""


def write_beside(path: Path, write: Write) -> None:
    """Let write() make a file next to `path`, then rename it onto `path`; a link stays one.

    Writers of the same file do not meet. ValueError, with the file's name, where it cannot be written.
    """
    with _written(path, write) as beside, writing(path):
        os.replace(beside, resolved(path))


def write_together(writes: Mapping[Path, Write]) -> None:
    """The same for files that belong together: all are written before the first comes in its place.

    The last one says that they are whole: an earlier one goes before the others come, so that a kill leaves
    no mixture behind that looks like either.
    """
    with ExitStack() as held:
        made = {path: held.enter_context(_written(path, write)) for path, write in writes.items()}
        *_, last = made
        with held_back(), writing(last):
            resolved(last).unlink(missing_ok=True)
            for path, beside in made.items():
                os.replace(beside, resolved(path))


@contextmanager
def _written(path: Path, write: Write) -> Iterator[Path]:
    """A file next to `path`, written and on the disk; it is gone afterwards if it was not renamed."""
    target = resolved(path)
    beside = target.with_name(f".{secrets.token_hex(8)}{_BESIDE}{target.suffix}")
    try:
        with writing(path):
            if target.exists() and not target.is_file():
                kind = "a folder" if target.is_dir() else "no plain file"
                raise ValueError(f"{path}: is {kind}; choose another name")
            write(beside)
            _to_disk(beside)
        yield beside
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
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the system refuses in the body as a ValueError that `path` cannot be written."""
    try:
        yield
    except OSError as error:
        raise unwritten(path, error) from None


@contextmanager
def working_in(folder: Path, called: Path | None = None) -> Iterator[None]:
    """The same for a body that writes into a folder, and does other things: only what is about a file in it.

    Or about a disk, without saying of which file. called: what the folder is in the user's eyes.
    """
    try:
        yield
    except OSError as error:
        named = isinstance(error.filename, str)
        if named and resolved(folder) in Path(error.filename).absolute().parents:
            raise unwritten(called or folder, error) from None
        if error.errno in _FULL or (not named and error.errno == errno.EIO):
            # without the file: where one is copied, that is the one that was read
            raise unwritten(called or folder, OSError(error.errno, error.strerror)) from None
        raise


def is_full(folder: Path) -> bool:
    """Whether no more can be written there."""
    try:
        there = os.statvfs(folder)
    except OSError:
        return False
    return there.f_blocks > 0 and there.f_bavail == 0


def unwritten(path: Path, error: OSError) -> PassingError:
    """The error of a path that cannot be written: the reason, and the file that it is about if another."""
    about = error.filename if isinstance(error.filename, str) else ""
    own = not about or _BESIDE in about or resolved(Path(about)) == resolved(path)
    other = "" if own else f": {about}"
    return PassingError(f"{path}: cannot be written ({reason(error)}{other})")


def resolved(path: Path) -> Path:
    """The place that a path means, links followed. ValueError for links in a circle."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError):
        raise ValueError(f"{path}: its links lead in a circle") from None


def reason(error: OSError) -> str:
    """What the system says of an error, without the file's name."""
    return error.strerror or str(error) or type(error).__name__


def _to_disk(path: Path) -> None:
    """Wait until a file is on the disk, so that its new name never holds less, whatever goes off."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unlink(path: Path) -> None:
    with suppress(OSError):  # where nothing can be changed; the error that matters is the writer's
        path.unlink(missing_ok=True)
