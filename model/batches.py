# SPDX-License-Identifier: Apache-2.0
"""Which images each training step sees: a function of the seed and the step's number alone."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader

from fpgan.model.config import TrainConfig
from fpgan.model.data import Batch, Images

_EPOCHS = 500_000_000  # keeps the seeds of the epochs apart from those of the steps
SEEDS = 1_000_003


class Order:
    """Indices of each step's images: each epoch is a new order, cut to whole batches.

    Of every batch, process `rank` of `world` gets the images rank, rank + world, ...
    """

    def __init__(self, images: int, config: TrainConfig, first: int, rank: int = 0, world: int = 1) -> None:
        if images < config.batch:
            raise ValueError(f"dataset {config.dataset}: {images} images are less than batch={config.batch}")
        self._images, self._config, self._first = images, config, first
        self._share = slice(rank, None, world)

    def __len__(self) -> int:
        return self._config.steps - self._first

    def __iter__(self) -> Iterator[list[int]]:
        batch, shuffled = self._config.batch, -1
        for step in range(self._first, self._config.steps):
            epoch, index = divmod(step, self._images // batch)
            if epoch != shuffled:
                source = torch.Generator().manual_seed(self._config.seed * SEEDS + _EPOCHS + epoch)
                order, shuffled = torch.randperm(self._images, generator=source).tolist(), epoch
            yield order[index * batch : (index + 1) * batch][self._share]


def batches(images: Images, order: Order, workers: int) -> Iterator[Batch]:
    """The batch of each step of order; read ahead by `workers` processes where reading is slow.

    A daemonic process, as Dask's workers are, reads itself: Python lets it have no children.
    """
    ahead = images.slow and not multiprocessing.current_process().daemon
    loader: DataLoader[Any] = DataLoader(
        images,
        batch_sampler=order,  # type: ignore[arg-type]
        num_workers=workers if ahead else 0,
        collate_fn=_as_it_is,  # type: ignore[arg-type]
        worker_init_fn=_leave_signals,
    )
    return iter(loader)


def _as_it_is(batch: Batch) -> Batch:
    return batch


def _leave_signals(worker: int) -> None:
    """Ctrl-C reaches the workers too, which the training process ends itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
