# SPDX-License-Identifier: Apache-2.0
"""The tour from Python: a notebook that ships."""

from __future__ import annotations

from pathlib import Path


def notebook() -> bytes:
    """A Jupyter notebook (nbformat 4), not run yet."""
    return Path(__file__).with_name("tour.ipynb").read_bytes()
