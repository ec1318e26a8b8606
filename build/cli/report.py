# SPDX-License-Identifier: Apache-2.0
"""fpgan report"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fpgan.build.cli.common import errors


def command(
    build: Annotated[Path, typer.Argument(help="BUILD folder.")],
    baseline: Annotated[Optional[Path], typer.Option(help="A zero_insert BUILD to compare with.")] = None,  # noqa: UP045
) -> None:
    """Write BUILD/report.html: one page with cycles, resources, images and comparison.

    Example: `fpgan report build --baseline build_zero_insert`
    """
    with errors():
        from fpgan.build.report.page import report

        typer.echo(str(report(build, baseline)))
