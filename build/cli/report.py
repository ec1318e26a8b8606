# SPDX-License-Identifier: Apache-2.0
"""fpgan report"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli.common import Json, show


def command(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="BUILD folder.")],
    baseline: Annotated[Path | None, typer.Option(help="A zero_insert BUILD to compare with.")] = None,
    json: Json = False,
) -> None:
    """Write BUILD/report.html: one page with cycles, resources, images and comparison.

    Example: `fpgan report build --baseline build_zero_insert`
    """
    from fpgan.build.report.page import report

    page = report(build, baseline)
    show({"report": str(page)}, json, [str(page)])
