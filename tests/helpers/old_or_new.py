# SPDX-License-Identifier: Apache-2.0
"""A folder that is written anew, and processes that are killed while they do it.

python old_or_new.py FOLDER STRIDE [inside]: kills at every step, in a process that is quick to fork; a STRIDE
of 1 tries every pair of steps.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fpgan.hw.system import folders
from fpgan.hw.system.folders import replaced_folder

KNOWN = ("file", "old*", "new*", "same")
_STEPS = ("rename", "mkdir", "rmdir", "unlink")  # of os: what changes a folder


def write(out: Path, kind: str) -> None:
    """Make `out` anew: three entries that say which kind it is, one of them a folder, `file` its marker."""
    with replaced_folder(out, "file", KNOWN) as partial:
        (partial / "file").write_text(kind)
        (partial / "same").mkdir()
        (partial / "same" / "inner").write_text(kind)
        (partial / f"{kind}1").write_text(kind)


def kind_of(out: Path) -> str | None:
    """What a reader sees: the kind, None where there is no marker; fails on a mix."""
    if not (out / "file").exists():
        return None
    kind = (out / "file").read_text()
    names = {path.name for path in out.iterdir() if not path.name.startswith(".fpgan-")}
    assert names == {"file", "same", f"{kind}1"} and (out / "same" / "inner").read_text() == kind
    return kind


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Do work in a process that is gone before its step-th change of a folder; whether it came to that."""
    child = os.fork()
    if child == 0:
        count = itertools.count()

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*arguments: Any, **options: Any) -> Any:
                if next(count) == step:
                    os._exit(1)
                return call(*arguments, **options)

            return wrapped

        for name in _STEPS:
            setattr(os, name, counted(getattr(os, name)))
        folders._exchange = counted(folders._exchange)
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def kill_twice(root: Path, stride: int) -> Iterator[str | None]:
    """A writer killed, its successor killed while it mends, a third that fails; all that readers see."""
    for first in itertools.count():
        for second in itertools.count(first % stride, stride):
            out = root / f"{first}-{second}"
            write(out, "old")
            done = not killed_at(first, lambda out=out: write(out, "new"))  # type: ignore[misc]
            yield kind_of(out)
            again = killed_at(second, lambda out=out: write(out, "newer"))  # type: ignore[misc]
            yield kind_of(out)
            try:
                with replaced_folder(out, "file", KNOWN):
                    raise KeyError
            except KeyError:
                pass
            assert kind_of(out) in ("old", "new", "newer") and hidden(out) == [], (first, second)
            if not again:
                break
        if done:
            return


if __name__ == "__main__":
    if sys.argv[3:] == ["inside"]:
        folders._can_be_renamed = lambda *_: False
    found = list(kill_twice(Path(sys.argv[1]), int(sys.argv[2])))
    print(len(found), *sorted({str(kind) for kind in found}))
