# SPDX-License-Identifier: Apache-2.0
"""Where a study's tasks run: Dask workers of this machine, or of a scheduler that is there already."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, Future, LocalCluster, as_completed

from fpgan.build.study.trial import Result, one_line
from fpgan.hw.system.files import PassingError
from fpgan.hw.system.tools import ToolError

_CONNECT = "20s"
# Workers say nothing into the progress bar, neither that they end nor what their libraries warn of; and one
# that was killed has time to come back, which Dask gives up on after 15 s.
_SETTINGS = {
    "distributed.deploy.lost-worker-timeout": "1 hour",
    "logging.distributed": "critical",
    "distributed.nanny.pre-spawn-environ.PYTHONWARNINGS": "ignore",
    "distributed.nanny.pre-spawn-environ.TORCH_LOGS": "-all",
}


class Pool:
    """Tasks that run, each with a number of the caller's; `finished` gives them as they end."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._numbers: dict[Any, int] = {}
        self._ended: Any = as_completed(with_results=False)

    @property
    def slots(self) -> int:
        """Tasks that can run at once, now."""
        return sum(self._client.nthreads().values())

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future:
        """A task that others can take as an argument."""
        return self._client.submit(work, *arguments, key=f"{work.__name__}-{uuid.uuid4()}", pure=False)

    def start(self, number: int, work: Callable[..., Result], *arguments: Any) -> None:
        """A task that `finished` is to give."""
        future = self.submit(work, *arguments)
        self._numbers[future.key] = number
        self._ended.add(future)

    def __len__(self) -> int:
        return len(self._numbers)

    def finished(self) -> Iterator[tuple[int, Result]]:
        """Number and result of each task that was started, also of those started meanwhile.

        A worker that dies gives its task to another one; a task that no worker survives ends as an error.
        Raises ToolError when the scheduler is lost, or the machine is in a trial's way: see PassingError.
        """
        while self._numbers:
            future = next(self._ended)
            if future.status in ("cancelled", "lost"):
                raise ToolError("the Dask scheduler went away; start the study again to go on with it")
            error = future.exception() if future.status == "error" else None
            if isinstance(error, PassingError):
                raise ToolError(f"{error}; start the study again to go on with it")
            result = future.result() if error is None else {"error": one_line(error)}
            yield self._numbers.pop(future.key), result


@contextmanager
def pool(workers: int, scheduler: str | None) -> Iterator[Pool]:
    """A pool of `workers` processes here, or at a scheduler's address. ValueError if none answers there."""
    for name in ("distributed", "distributed.client"):  # each has a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set(_SETTINGS):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout=_CONNECT)
            except (OSError, ValueError) as error:
                raise ValueError(f"scheduler {scheduler}: does not answer ({one_line(error)})") from None
            with client:
                yield Pool(client)
            return
        with (
            LocalCluster(
                n_workers=workers, threads_per_worker=1, memory_limit=0, dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):  # fmt: skip
            yield Pool(client)
