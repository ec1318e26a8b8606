# SPDX-License-Identifier: Apache-2.0
"""`bitstream`: the board design by Vivado or the open tools, and the folder to copy to the board."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

from fpgan.build.bitstream.implemented import Implemented
from fpgan.hw.boards import RESOURCES, Board, get_board
from fpgan.hw.design import Design
from fpgan.hw.host import Host, HostOptions, emit_host

Progress = Callable[[str], None]
TOOLS = ("vivado", "openxc7")  # modules of this package


class Backend(Protocol):
    """A tool: buses that it supports, the default first, and the function that makes the bitstream."""

    BUSES: tuple[str, ...]

    def implement(self, build: Path, board: Board, work: Path, progress: Progress) -> Implemented:
        """Write work/project, run the tool where it is installed. See Implemented."""


def backend(tool: str) -> Backend:
    """The module of a tool; ValueError lists those known."""
    if tool not in TOOLS:
        raise ValueError(f"tool {tool!r} is not known; choose {' or '.join(TOOLS)}")
    return cast(Backend, importlib.import_module(f"fpgan.build.bitstream.{tool}"))


def bitstream(
    build: str | Path,
    out: str | Path = "deploy",
    board: str | None = None,
    tool: str = "vivado",
    bus: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The board design of a BUILD, and DEPLOY: what goes to the board."""
    raise NotImplementedError
