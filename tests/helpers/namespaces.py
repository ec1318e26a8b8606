# SPDX-License-Identifier: Apache-2.0
"""Mounts without being root: a process of this one's kind in a user namespace of its own."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000


@functools.cache
def _why_not() -> str:
    """Why there are no user namespaces here; "" where there are."""
    try:
        asked = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""


def mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def in_namespace(work: Callable[[], Any]) -> Any:
    """What work() returns, which JSON takes, in a forked process that may mount.

    Skips the test, with the reason, where nobody may. AssertionError with the traceback where work fails.
    """
    if _why_not():
        pytest.skip(f"no user namespaces: {_why_not()}")
    read, written = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _enter()
            answer = {"found": work()}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        os.write(written, json.dumps(answer).encode())
        os._exit(0)
    os.close(written)
    with os.fdopen(read) as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    assert "error" not in answer, answer["error"]
    return answer["found"]


def _enter() -> None:
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_USERS | _NEW_MOUNTS):
        raise OSError(ctypes.get_errno(), "unshare")
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"0 {user} 1")
    (own / "gid_map").write_text(f"0 {group} 1")
    mount("--make-rprivate", "/")
