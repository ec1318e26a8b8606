# SPDX-License-Identifier: Apache-2.0
"""Asking the solver: Ctrl-C ends a long search, and what it does not know is no answer."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ortools.sat.python import cp_model

from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.folding import fold as folding
from fpgan.build.folding.solver import solved
from fpgan.build.frontend.safe_load import load_model
from fpgan.hw.boards import get_board
from fpgan.hw.system.tools import ToolError


def market_split() -> cp_model.CpModel:
    """A problem that takes far longer than any test."""
    rng, model = random.Random(0), cp_model.CpModel()
    flags = [model.new_bool_var(f"f{i}") for i in range(50)]
    for _ in range(6):
        weights = [rng.randrange(100) for _ in flags]
        model.add(sum(w * f for w, f in zip(weights, flags, strict=True)) == sum(weights) // 2)
    return model


@pytest.fixture
def handled() -> Iterator[None]:
    """SIGINT as Python starts with it, whatever a test leaves behind."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def endless_search(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """endless_search(seconds): from now on every search is for what is not found, for so long at most."""
    solve = cp_model.CpSolver.solve

    def switch(seconds: float) -> None:
        def search(self: cp_model.CpSolver, model: cp_model.CpModel) -> object:
            self.parameters.max_time_in_seconds = seconds
            return solve(self, market_split())

        monkeypatch.setattr(cp_model.CpSolver, "solve", search)

    return switch


@pytest.fixture
def tiny(export_preset):
    return lower(integer_graph(load_model(export_preset("tiny"))))


def fold(model) -> dict[str, object]:
    return folding.fold(model, get_board("ultra96").part, folding.Budget(50_000, 200, 100))


def caught_by_the_process() -> bool:
    """Whether the system calls a handler of this process on SIGINT, as it does where Python has its own."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    mask = int(next(line.split()[1] for line in status if line.startswith("SigCgt:")), 16)
    return bool(mask >> (signal.SIGINT - 1) & 1)


def interrupt_soon(seconds: float = 0.3) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_ctrl_c_ends_a_search_at_once(handled, endless_search, tiny) -> None:
    endless_search(4)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupt_soon()
        fold(tiny)
    assert time.monotonic() - began < 2


def test_ctrl_c_at_any_moment_leaves_no_search_behind(handled) -> None:
    """While the search's thread starts, before the search begins, as it begins."""
    model, rng, threads = market_split(), random.Random(0), threading.active_count()
    for _ in range(20):
        with pytest.raises(KeyboardInterrupt):
            interrupt_soon(rng.random() * 2e-3)
            solved(model)
    time.sleep(0.1)
    assert threading.active_count() == threads


def test_ctrl_c_reaches_the_main_thread_while_another_one_searches(handled, endless_search, tiny) -> None:
    endless_search(1)
    with ThreadPoolExecutor(1) as pool:
        search = pool.submit(fold, tiny)
        with pytest.raises(KeyboardInterrupt):
            interrupt_soon()
            search.result()
    assert isinstance(search.exception(), ToolError)
    assert caught_by_the_process()


def test_ctrl_c_is_pythons_after_a_search(handled, tiny) -> None:
    fold(tiny)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert caught_by_the_process()


def test_a_search_without_a_proof_is_no_answer(endless_search, tiny) -> None:
    endless_search(0.01)
    with pytest.raises(ToolError, match="stopped with UNKNOWN"):
        fold(tiny)
