# SPDX-License-Identifier: Apache-2.0
"""Write a folder whole and put it in its place in one step, one writer at a time; nothing is lost on the way.

The new folder is written beside its place and swapped with what is there. Where that cannot be renamed (a
mount point, a parent that is read-only) it is written inside: then the old files go into `.fpgan-moving`,
which becomes `.fpgan-old` when it has all of them, and the new ones come, the marker last. A reader sees the
old folder, the new one, or one without its marker, which is none. After a kill the next writer puts the old
files back from `.fpgan-moving`; where there is `.fpgan-old` it lets the rest of the new ones come.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from fpgan.hw.system.files import PassingError, resolved, working_in, writing
from fpgan.hw.system.signals import held_back

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_NEW, _MOVING, _OLD = _OURS = (".fpgan-new", ".fpgan-moving", ".fpgan-old")
_LOST = "lost+found"  # in the root of a file system
_held: set[int] = set()  # descriptors of folders that this process has locked


@contextmanager
def replaced_folder(out: Path, marker: str, known: Collection[str] = ("*",)) -> Iterator[Path]:
    """An empty folder, whose files take the place of those in `out` where the body ends without an error.

    marker: the file that makes a folder one of these; `out` must hold it, or be empty, or not exist. known:
    patterns of the names that such a folder holds; another one in `out` is somebody else's and not removed.
    Links are followed first. ValueError, one line, for all that, where nothing can be written, or where
    another process is writing it; errors of the body that are not about the folder pass.
    """
    place = resolved(out)
    with ExitStack() as held:
        with writing(out):
            check_replaceable(out, marker, known)
            new = _begun(out, place, marker, known, held)
        with working_in(new, out):
            yield new
        with writing(out), held_back():
            check_replaceable(out, marker, known)  # again: the body may have taken minutes
            _put(new, place, marker)


def emptied(folder: Path) -> None:
    """Remove all that is in it."""
    for path in folder.iterdir():
        _remove(path)


def check_replaceable(out: Path, marker: str, known: Collection[str] = ("*",)) -> None:
    """ValueError where `out` is no folder that may be replaced: see `replaced_folder`."""
    place = resolved(out)
    if not place.exists():
        return
    if not place.is_dir():
        raise ValueError(f"{out}: is a file; a folder is written there")
    if any((place / name).exists() for name in (_MOVING, _OLD)):
        return  # a writer was killed; the next one mends that and asks again
    names = [path.name for path in _entries(place)]
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
    with ExitStack() as held:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(_locked(folder, folder))
        yield


def _begun(out: Path, place: Path, marker: str, known: Collection[str], held: ExitStack) -> Path:
    """The empty folder to write, with what is there locked and mended."""
    if place.is_dir():
        held.enter_context(_locked(out, place))
        _mend(place, marker)
        check_replaceable(out, marker, known)
    new = _beside(out, place, held) or place / _NEW
    held.callback(_clean, new, place)
    new.mkdir(exist_ok=True)
    for path in new.iterdir():  # what a writer that was killed has left
        _remove(path)
    return new


def _clean(new: Path, place: Path) -> None:
    """Remove what has not been put in its place, unless `_mend` will need it."""
    if not any((place / name).exists() for name in (_MOVING, _OLD)):
        shutil.rmtree(new, ignore_errors=True)


def _beside(out: Path, place: Path, held: ExitStack) -> Path | None:
    """A folder next to `place`, locked; None where it could not take the place of what is there."""
    new = place.with_name(f".{place.name}{_NEW}")
    try:
        new.mkdir(parents=True, exist_ok=True)
    except OSError:
        if place.is_dir():
            return None
        raise
    held.enter_context(_locked(out, new))
    if not place.is_dir() or _can_be_renamed(place, new):
        return new
    shutil.rmtree(new)
    return None


def _can_be_renamed(folder: Path, other: Path) -> bool:
    """Asked of the system by a rename that it refuses: the other folder is not empty."""
    (other / "something").touch()
    try:
        folder.rename(other)
    except OSError as error:
        return error.errno in (errno.ENOTEMPTY, errno.EEXIST)
    other.rename(folder)  # a system that does not refuse it
    return True


@contextmanager
def _locked(out: Path, folder: Path) -> Iterator[None]:
    """Hold a folder's lock, which ends with the process, however it ends. ValueError where it is held."""
    _let_go_in_forks()
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    _held.add(descriptor)
    try:
        if not _lock(descriptor, folder):
            raise PassingError(f"{out}: another process is writing it; wait for it or choose another folder")
        yield
    finally:
        if descriptor in _held:  # not in a process that was forked off meanwhile
            _held.remove(descriptor)
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> bool:
    """Whether the lock is ours, and of the folder that is there now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat())


@cache
def _let_go_in_forks() -> None:
    """A process that is forked off, as torch's loaders are, may outlive this one; its copies hold no lock."""
    os.register_at_fork(after_in_child=_close_held)


def _close_held() -> None:
    while _held:
        os.close(_held.pop())


def _put(new: Path, place: Path, marker: str) -> None:
    if new.parent == place:
        _put_inside(new, place, marker)
    elif not place.exists():
        new.rename(place)
    elif not _exchange(new, place):
        inside = place / _NEW
        new.rename(inside)
        _put_inside(inside, place, marker)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two folders in one step, where the system can."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    paths = (os.fsencode(first), os.fsencode(second))
    return bool(
        rename and rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], ctypes.c_uint(_RENAME_EXCHANGE)) == 0
    )


def _put_inside(new: Path, place: Path, marker: str) -> None:
    """From place/.fpgan-new into place: all of it, or after an error nothing."""
    moving, old = place / _MOVING, place / _OLD
    moved: list[tuple[Path, Path]] = []

    def move(source: Path, target: Path) -> None:
        _move(source, target)
        moved.append((source, target))

    moving.mkdir()
    try:
        for path in _entries(place, first=marker):
            move(path, moving / path.name)
        move(moving, old)
        for path in reversed(_entries(new, first=marker)):
            move(path, place / path.name)
    except BaseException:
        for source, target in reversed(moved):
            target.rename(source)
        moving.rmdir()
        raise
    for folder in (old, new):
        shutil.rmtree(folder, ignore_errors=True)


def _mend(place: Path, marker: str) -> None:
    """End what a writer that was killed in _put_inside had begun."""
    moving, old, new = place / _MOVING, place / _OLD, place / _NEW
    if moving.is_dir():
        for path in reversed(_entries(moving, first=marker)):
            _move(path, place / path.name)
        moving.rmdir()
    if old.is_dir():
        for path in reversed(_entries(new, first=marker)):
            _move(path, place / path.name)
        shutil.rmtree(old)


def _move(source: Path, target: Path) -> None:
    """A rename that replaces nothing."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "something else has this name; move it away", str(target))
    source.rename(target)


def _entries(folder: Path, first: str = "") -> list[Path]:
    """What is in a folder, if there is one, in order but for the first; ours and a disk's own left out."""
    skipped = (*_OURS, _LOST) if os.path.ismount(folder) else _OURS
    paths = [path for path in folder.iterdir() if path.name not in skipped] if folder.is_dir() else []
    return sorted(paths, key=lambda path: (path.name != first, path.name))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
