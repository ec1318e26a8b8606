# SPDX-License-Identifier: Apache-2.0
"""Write a folder beside its place and put it there in one step, one writer at a time."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """An empty folder beside `out`, which takes its place where the body ends without an error.

    Whenever the process is killed, `out` is the old folder or the new one; what was left beside it is cleared
    by the next writer. ValueError, one line, where it cannot be written or another process is writing it.
    """
    out = Path(os.path.abspath(out))
    partial = out.with_name(f".{out.name}.partial")
    lock = -1
    try:
        partial.mkdir(parents=True, exist_ok=True)
        lock = _locked(out, partial)
        _clear(partial)
        yield partial
        _put(partial, out)
    except OSError as error:
        raise ValueError(f"{out}: cannot be written ({error.strerror or error})") from None
    finally:
        if lock >= 0:
            shutil.rmtree(partial, ignore_errors=True)
            os.close(lock)


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other processes out of `folder`, made where it is missing. ValueError where one is in it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = _locked(folder, folder)
    try:
        yield
    finally:
        os.close(lock)


def _locked(out: Path, partial: Path) -> int:
    """The folder opened and locked; the lock ends with the process, however it ends."""
    folder = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = partial.exists() and os.fstat(folder).st_ino == partial.stat().st_ino
    except BlockingIOError:
        mine = False
    if not mine:
        os.close(folder)
        raise ValueError(f"{out}: another process is writing it; wait for it or choose another folder")
    return folder


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _put(partial: Path, out: Path) -> None:
    if not out.exists():
        partial.rename(out)
    elif not _exchange(partial, out):
        shutil.rmtree(out)
        partial.rename(out)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two folders in one step, where the system can."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    paths = (os.fsencode(first), os.fsencode(second))
    return bool(
        rename and rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], ctypes.c_uint(_RENAME_EXCHANGE)) == 0
    )
