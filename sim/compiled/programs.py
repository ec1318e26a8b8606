# SPDX-License-Identifier: Apache-2.0
"""Compiled programs: each made in a folder of one process alone, and kept in the user's cache."""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fpgan.hw.system.children import run
from fpgan.hw.system.environment import cache_dir
from fpgan.hw.system.files import working_in, write_beside, write_bytes
from fpgan.hw.system.folders import only_writer
from fpgan.hw.system.tools import ToolError

_KEPT = 64  # programs in the cache, those used last
_PRIVATE = ".fpgan-part"  # ends the names of folders of a running process
_OLD = 86400.0  # seconds after which such a folder may be one that a kill left


@contextmanager
def private_folder(root: Path, name: str) -> Iterator[Path]:
    """A hidden folder in `root` for this process alone, for as long as the body runs.

    Those that kills left are removed. ValueError where `root` cannot be written.
    """
    _remove_left(root)
    folder = root / f".{name}.{secrets.token_hex(4)}{_PRIVATE}"
    with only_writer(folder):
        try:
            with working_in(folder, root):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_left(root: Path) -> None:
    for folder in root.glob(f".*{_PRIVATE}"):
        with suppress(OSError, ValueError):  # ValueError: its process is at work
            if folder.is_dir() and time.time() - folder.stat().st_mtime > _OLD:
                with only_writer(folder):
                    shutil.rmtree(folder)


def made_once(program: Path, key: str, make: Callable[[], None]) -> float:
    """Put a program at `program`: the one of that key from the cache, else by make(), and then it is kept.

    Returns the seconds that make() took. A cache that is damaged or cannot be written costs time, nothing
    else.
    """
    kept = cache_dir() / "programs" / f"{key}.gz"
    with suppress(OSError, EOFError, zlib.error):
        if content := gzip.decompress(kept.read_bytes()):
            program.write_bytes(content)
            program.chmod(0o755)
            with suppress(OSError):
                os.utime(kept)
            return 0.0
    start = time.monotonic()
    make()
    seconds = time.monotonic() - start
    with suppress(OSError, ValueError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(kept, gzip.compress(program.read_bytes(), 1))
        _prune(kept.parent)
    return seconds


def _prune(folder: Path) -> None:
    for path in sorted(folder.glob("*.gz"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        path.unlink(missing_ok=True)


def run_logged(
    command: Sequence[str],
    cwd: Path,
    folder: Path,
    log: Path,
    what: str,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a command whose output, when it has ended, takes the place of `log`; returns that output.

    folder: of this process alone, where it is written to until then. Raises ToolError with what the command
    said: its first error, or its last line.
    """
    own = folder / log.name
    try:
        return run(command, cwd, own, what, timeout, env)
    except ToolError as error:
        cause = _cause(own)
        text = f"{what}: {cause} (log: {log})" if cause else str(error).replace(str(own), str(log))
        raise ToolError(text, error.command, log) from None
    finally:
        if own.exists():
            write_beside(log, lambda beside: shutil.move(own, beside))


def _cause(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    wrong = (line for line in said if line.startswith(("%Error", "Error")) or ": error: " in line)
    return next(wrong, said[-1] if said else "")
