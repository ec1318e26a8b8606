# SPDX-License-Identifier: Apache-2.0
"""TensorBoard: losses while training, then samples and the score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

_EVERY = 10


class TensorBoard:
    """Event files in a folder, of every tenth step."""

    def __init__(self, folder: Path, first: int) -> None:
        """first: step to go on from; what an earlier, killed part wrote after it is dropped.

        ValueError if tensorboard is not installed.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ValueError("tensorboard is not installed: pip install 'fpgan[tensorboard]'") from None
        self._writer = SummaryWriter(str(folder), purge_step=first + 1)

    def losses(self, step: int, losses: dict[str, float]) -> None:
        """The losses of a step, the first being 1."""
        if step % _EVERY == 0:
            for name, value in losses.items():
                self._writer.add_scalar(f"loss/{name}", value, step)

    def finish(self, step: int, images: Tensor, score: dict[str, Any] | None) -> None:
        """Samples (N,C,S,S) in [-1, 1] and the score, at the end."""
        shown = images if images.shape[1] in (1, 3) else images[:, :1]
        self._writer.add_images("samples", (shown + 1) / 2, step)
        for name, value in (score or {}).items():
            if isinstance(value, int | float):
                self._writer.add_scalar(f"score/{name}", value, step)
        self._writer.close()
