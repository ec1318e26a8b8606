# SPDX-License-Identifier: Apache-2.0
"""Write a folder whole and put it in its place in one step, one writer at a time; nothing is lost on the way.

A folder that can be renamed is written beside its place and swapped with what is there. Where it cannot be,
at a mount point or in a parent that is read-only, the new files are written into a hidden folder inside it;
then the old ones go into another, the new ones come, the marker last. A reader sees the old folder, the new
one, or one without its marker, which is none; what a kill leaves is put back by the next writer.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

from fpgan.hw.system.files import reason, resolved

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_INSIDE, _MOVING, _OLD = _OURS = (".fpgan-new", ".fpgan-moving", ".fpgan-old")


@contextmanager
def replaced_folder(out: Path, marker: str, known: Collection[str] = ("*",)) -> Iterator[Path]:
    """An empty folder, whose files take the place of those in `out` where the body ends without an error.

    marker: the file that makes a folder one of these; `out` must hold it, or be empty, or not exist. known:
    patterns of the names that such a folder holds; another one in `out` is somebody else's and not removed.
    Links are followed first. ValueError, one line, for all that, where nothing can be written, or where
    another process is writing it.
    """
    given, out = out, resolved(out)
    lock = -1
    try:
        inside = _stays(out)
        partial = out / _INSIDE if inside else out.with_name(f".{out.name}.partial")
        if partial.is_symlink():
            partial.unlink()
        partial.mkdir(parents=True, exist_ok=True)
        lock = _locked(given, partial)
        if inside:
            _restore(out, marker)
        check_replaceable(given, marker, known)
        _clear(partial)
        yield partial
        if inside:
            _put_inside(partial, out, marker)
        else:
            _put(partial, out)
    except OSError as error:
        raise ValueError(f"{given}: cannot be written ({_named(error, out)})") from None
    finally:
        if lock >= 0:
            shutil.rmtree(partial, ignore_errors=True)
            os.close(lock)


def check_replaceable(out: Path, marker: str, known: Collection[str] = ("*",)) -> None:
    """ValueError where `out` is no folder that may be replaced: see `replaced_folder`."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ValueError(f"{out}: is a file; a folder is written there")
    names = sorted(path.name for path in out.iterdir() if path.name not in _OURS)
    if names and marker not in names:
        raise ValueError(
            f"{out}: is not empty and has no {marker}, so it is not replaced; choose another folder"
        )
    if foreign := [name for name in names if not any(fnmatch(name, pattern) for pattern in known)]:
        more = f" and {len(foreign) - 1} more" if foreign[1:] else ""
        raise ValueError(
            f"{out}: holds {foreign[0]}{more}, not written by fpgan, so it is not replaced; move that away "
            "or choose another folder"
        )


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Keep other processes out of `folder`, made where it is missing. ValueError where one is in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _locked(folder, folder)
    except OSError as error:
        raise ValueError(f"{folder}: cannot be written ({reason(error)})") from None
    try:
        yield
    finally:
        os.close(lock)


def _stays(out: Path) -> bool:
    """Whether a folder cannot be renamed: it is a mount point, or its parent cannot be written."""
    return out.is_dir() and (os.path.ismount(out) or not os.access(out.parent, os.W_OK))


def _locked(out: Path, partial: Path) -> int:
    """The folder opened and locked; the lock ends with the process, however it ends."""
    folder = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = partial.exists() and os.fstat(folder).st_ino == partial.stat().st_ino
    except BlockingIOError:
        mine = False
    except OSError:  # a file system without locks
        mine = True
    if not mine:
        os.close(folder)
        raise ValueError(f"{out}: another process is writing it; wait for it or choose another folder")
    return folder


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _put(partial: Path, out: Path) -> None:
    if not out.exists():
        partial.rename(out)
    elif not _exchange(partial, out):
        old = out.with_name(f".{out.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
        partial.rename(out)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two folders in one step, where the system can."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    paths = (os.fsencode(first), os.fsencode(second))
    return bool(
        rename and rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], ctypes.c_uint(_RENAME_EXCHANGE)) == 0
    )


def _put_inside(partial: Path, out: Path, marker: str) -> None:
    """From out/.fpgan-new into out: the old marker leaves first, the new one comes last."""
    moving, old = out / _MOVING, out / _OLD
    moving.mkdir()
    _move(_marker_first(out, marker), moving)
    moving.rename(old)  # all of the old is out
    _move(reversed(_marker_first(partial, marker)), out)
    shutil.rmtree(old, ignore_errors=True)


def _restore(out: Path, marker: str) -> None:
    """Undo what a writer that was killed in _put_inside had begun."""
    moving, old = out / _MOVING, out / _OLD
    if old.is_dir() and (out / marker).exists():
        shutil.rmtree(old)  # it was done
    elif old.is_dir():
        for path in _marker_first(out, marker):
            _remove(path)
    for left in filter(Path.is_dir, (moving, old)):
        _move(reversed(_marker_first(left, marker)), out)
        left.rmdir()


def _move(paths: Iterable[Path], folder: Path) -> None:
    for path in paths:
        path.rename(folder / path.name)


def _marker_first(folder: Path, marker: str) -> list[Path]:
    paths = [path for path in folder.iterdir() if path.name not in _OURS]
    return sorted(paths, key=lambda path: (path.name != marker, path.name))


def _named(error: OSError, out: Path) -> str:
    """The reason, with the file that it is about where that is another one."""
    name = error.filename
    other = isinstance(name, str | os.PathLike) and Path(os.fspath(name)) != out
    return f"{reason(error)}: {os.fspath(name)}" if other else reason(error)
