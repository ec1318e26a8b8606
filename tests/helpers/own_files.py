# SPDX-License-Identifier: Apache-2.0
"""Names that commands write into a BUILD or a deploy folder are listed; else the next command refuses it."""

from __future__ import annotations

from pathlib import Path

from fpgan.build.implement.bitstream import deploy
from fpgan.hw import design
from fpgan.hw.system.folders import check_replaceable


def check_own_build(build: Path) -> None:
    check_replaceable(build, design.MARKER, design.WRITTEN)


def check_own_deploy(folder: Path) -> None:
    check_replaceable(folder, deploy.MARKER, deploy.WRITTEN)
