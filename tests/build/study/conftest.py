# SPDX-License-Identifier: Apache-2.0
"""A Dask scheduler inside the test's process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from distributed import LocalCluster
from small_study import scored

from fpgan.model import train as training


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Address of a scheduler with one worker, a thread of this process."""
    with (
        pytest.MonkeyPatch.context() as patch,
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, memory_limit=0, dashboard_address=None
        ) as cluster,
    ):
        patch.setattr(training, "score", scored)
        yield cluster.scheduler_address
