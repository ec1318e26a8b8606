# SPDX-License-Identifier: Apache-2.0
"""The checkpoints that come with the package."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "checkpoints"


def shipped(name: str) -> Path:
    """RUN folder of a shipped checkpoint. ValueError naming the known ones."""
    if name not in shipped_names():
        raise ValueError(f"checkpoint {name}: unknown; shipped are {', '.join(shipped_names())}")
    return _FOLDER / name


def shipped_names() -> list[str]:
    """Names of all shipped checkpoints."""
    return sorted(p.parent.name for p in _FOLDER.glob("*/checkpoint.safetensors"))


def run_folder(run: Path | str) -> Path:
    """A RUN folder by its path or, where there is none of that name, that of the shipped checkpoint.

    ValueError, one line, where it is neither.
    """
    path = Path(run)
    if path.is_dir():
        return path
    if str(run) in shipped_names():
        return _FOLDER / str(run)
    raise ValueError(
        f"{run}: no RUN folder (fpgan train writes one), and shipped are {', '.join(shipped_names())}"
    )
