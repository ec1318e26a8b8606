# SPDX-License-Identifier: Apache-2.0
"""The one place where a solver is asked: only a proof counts as an answer, and Ctrl-C ends the search."""

from __future__ import annotations

import threading
from typing import Any

from ortools.sat.python import cp_model

from fpgan.hw.system.tools import ToolError

_LOOK_UP, _ASK_AGAIN = 0.5, 0.05  # seconds


def solved(model: cp_model.CpModel) -> cp_model.CpSolver | None:
    """A solver that holds an optimal solution of `model`, or None: it is proved that there is no solution.

    Raises ToolError where the solver stopped before it knew, KeyboardInterrupt on Ctrl-C.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # the same design every time
    solver.parameters.random_seed = 0
    # Of these programs presolving takes several times as long as the search without it.
    solver.parameters.cp_model_presolve = False
    # OR-tools would take Ctrl-C for the end of its time, and leave the signal without Python's handler.
    solver.parameters.catch_sigint_signal = False
    status = _run(solver, model)
    if status == cp_model.OPTIMAL:
        return solver
    if status == cp_model.INFEASIBLE:
        return None
    raise ToolError(
        f"folding: OR-tools stopped with {solver.status_name(status)}: neither a design nor a proof that "
        "there is none; run it again, or with another budget"
    )


def _run(solver: cp_model.CpSolver, model: cp_model.CpModel) -> Any:
    """The status of a search in a thread of its own: Python sees Ctrl-C only while its main thread is free.

    Ctrl-C may come at any instruction: what the threads share is such that none of them leaves it half done,
    which the conditions and joins of `threading` do.
    """
    begun, called_off, answer, ended = list[bool](), list[bool](), list[Any](), threading.Lock()

    def search() -> None:
        begun.append(True)
        try:
            answer.append(cp_model.UNKNOWN if called_off else solver.solve(model))
        except Exception as error:
            answer.append(error)
        ended.release()

    ended.acquire()
    try:
        threading.Thread(target=search, daemon=True).start()
        while not answer:  # a signal that comes just before a wait does not end it
            ended.acquire(timeout=_LOOK_UP)
    except BaseException:
        called_off.append(True)
        while begun and not answer:
            solver.stop_search()  # once would not do: a search that has not begun forgets it
            ended.acquire(timeout=_ASK_AGAIN)
        raise
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]
