# SPDX-License-Identifier: Apache-2.0
"""Signals that end a program: which exception each becomes, and how one waits until something is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(SystemExit):
    """SIGTERM or SIGHUP came; its code is what a shell gives such an end."""


def ending(number: int) -> BaseException:
    """The exception that a signal is."""
    return KeyboardInterrupt() if number == signal.SIGINT else Terminated(128 + number)


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals that end a program go to `handler`; those that are ignored, as nohup ignores SIGHUP, do not."""
    found = {number: signal.getsignal(number) for number in ENDING}
    before = {n: was for n, was in found.items() if was not in (signal.SIG_IGN, None)}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


@contextmanager
def held_back(patient: bool = True) -> Iterator[list[int]]:
    """Signals wait for the end of the body, which may look at the list of those that have come.

    patient: so does the second one, which else ends the body at once. Outside the main thread, where Python
    handles no signals, there is nothing to hold back.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def note(number: int, frame: FrameType | None) -> None:
        if came and not patient:
            raise ending(number)
        came.append(number)

    with handled(note):
        yield came
    for number in came[:1]:
        signal.raise_signal(number)
