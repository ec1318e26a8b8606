# SPDX-License-Identifier: Apache-2.0
"""Published accelerators to be measured against, from rivals.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def _published() -> dict[str, list[dict[str, Any]]]:
    data: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        Path(__file__).with_name("rivals.yaml").read_text(encoding="utf-8")
    )
    return data


def same_network(shape: tuple[int, ...], useful_macs: int) -> list[dict[str, Any]]:
    """Published accelerators of a network with this output shape (N,H,W,C) and work; may be empty."""
    return [
        dict(rival)
        for rival in _published()["same_network"]
        if tuple(rival["shape"]) == tuple(shape) and rival["useful_macs"] == useful_macs
    ]


def other_networks() -> list[dict[str, Any]]:
    """Published peak figures of transposed-convolution accelerators with networks of their own."""
    return [dict(rival) for rival in _published()["other_networks"]]
