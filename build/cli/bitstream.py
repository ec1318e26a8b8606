# SPDX-License-Identifier: Apache-2.0
"""fpgan bitstream"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fpgan.build.cli.common import Json, errors, show, steps


def command(
    build: Annotated[Path, typer.Argument(help="BUILD folder.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("deploy"),
    board: Annotated[Optional[str], typer.Option(help="Board; the one that the build is for.")] = None,  # noqa: UP045
    tool: Annotated[str, typer.Option(help="vivado, or openxc7: 7-series without vendor tools.")] = "vivado",
    bus: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="axi: registers and transfers by memory; axil: registers alone."),
    ] = None,
    json: Json = False,
) -> None:
    """Make what a board needs: bitstream, driver, golden images and a self-test.

    Where the tool is not installed, the folder holds the complete project, and a line says what to run where.

    Examples:

    `fpgan bitstream build --board ultra96 --tool vivado --out deploy`

    `scp -r deploy xilinx@board: ; ssh -t xilinx@board 'cd deploy && sudo python3 selftest.py'`
    """
    with errors():
        from fpgan.build.implement.bitstream import bitstream

        with steps("bitstream") as progress:
            facts = bitstream(build, out, board, tool, bus, progress)
        if facts["missing"]:
            lines = [f"{out}: all but the bitstream; {facts['missing']}"]
        else:
            timing = facts["timing"]
            lines = [
                f"{out}: {facts['bitstream']} for {facts['board']}, {timing['routed_mhz']} MHz routed, "
                f"{facts['clock_mhz']:g} MHz asked for ({timing['how']})",
                "copy the folder to the board and run `sudo python3 selftest.py` in it",
            ]
            given = timing.get("board_mhz", facts["clock_mhz"])
            if abs(given - facts["clock_mhz"]) > 0.01 * facts["clock_mhz"]:
                lines.append(f"the board's clock is {given:g} MHz: the nearest that its dividers give")
        show(facts, json, lines)
