# SPDX-License-Identifier: Apache-2.0
"""fpgan bitstream"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import board as board_option
from fpgan.build.cli.options import choice


def command(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="BUILD folder.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path("deploy"),
    board: Annotated[str | None, board_option("Board", default="the one that the build is for")] = None,
    tool: Annotated[str, choice("openxc7: 7-series without vendor tools.", ("vivado", "openxc7"))] = "vivado",
    bus: Annotated[
        str | None,
        choice(
            "axi: registers and transfers by memory; axil: registers alone.",
            ("axi", "axil"),
            default="the most that the tool supports",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make what a board needs: bitstream, driver, golden images and a self-test.

    Where the tool is not installed, the folder holds the complete project, and a line says what to run where.

    Examples:

    `fpgan bitstream build --board ultra96 --tool vivado --out deploy`

    `scp -r deploy xilinx@board: ; ssh -t xilinx@board 'cd deploy && sudo python3 selftest.py'`
    """
    from fpgan.build.implement.bitstream import bitstream

    with steps("bitstream") as progress:
        facts = bitstream(build, out, board, tool, bus, progress)
    show(facts, json, _lines(facts, out))


def _lines(facts: dict[str, Any], out: Path) -> list[str]:
    if facts["missing"]:
        return [f"{out}: all but the bitstream; {facts['missing']}"]
    timing, asked = facts["timing"], facts["clock_mhz"]
    lines = [
        f"{out}: {facts['bitstream']} for {facts['board']}, {timing['routed_mhz']} MHz routed, "
        f"{asked:g} MHz asked for ({timing['how']})",
        "copy the folder to the board and run `sudo python3 selftest.py` in it",
    ]
    clock = timing.get("board_mhz", asked)
    if abs(clock - asked) > 0.01 * asked:
        lines.append(f"the board's clock is {clock:g} MHz: the nearest that its dividers give")
    return lines
