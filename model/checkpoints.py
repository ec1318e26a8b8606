# SPDX-License-Identifier: Apache-2.0
"""The checkpoints that come with the package."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "checkpoints"


def shipped(name: str) -> Path:
    """RUN folder of a shipped checkpoint. ValueError naming the known ones."""
    path = _FOLDER / name
    if not (path / "checkpoint.safetensors").exists():
        known = sorted(p.parent.name for p in _FOLDER.glob("*/checkpoint.safetensors"))
        raise ValueError(f"checkpoint {name}: unknown; shipped are {', '.join(known)}")
    return path
