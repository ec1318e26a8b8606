# SPDX-License-Identifier: Apache-2.0
"""Where two arrays of images differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.system.fields import said

LISTED = 100  # of the places that a result file names


@dataclass(frozen=True)
class Difference:
    """One value that is not as expected, or None where it is missing, or where none is expected.

    All count from 0, images in the order in which they were streamed.
    """

    image: int = said("which of them")
    row: int = said("of the image")
    column: int = said("of the image")
    channel: int = said("of the pixel")
    expected: int | None = said("the golden value")
    got: int | None = said("the hardware's")

    def __str__(self) -> str:
        return (
            f"image {self.image}, row {self.row}, column {self.column}, channel {self.channel}: "
            f"expected {self.expected}, got {self.got}"
        )


def differences(
    expected: NDArray[np.int64], got: NDArray[np.int64], most: int = LISTED
) -> list[dict[str, Any]]:
    """The first places, as dictionaries, at which images (N,H,W,C) differ, in the order of the stream."""
    wrong = np.argwhere(expected != got)[:most].tolist()
    return [
        asdict(Difference(n, y, x, c, int(expected[n, y, x, c]), int(got[n, y, x, c])))
        for n, y, x, c in wrong
    ]
