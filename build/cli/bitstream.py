# SPDX-License-Identifier: Apache-2.0
"""fpgan bitstream"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fpgan.build.arguments import TARGET_FPS
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import board as board_option
from fpgan.build.cli.options import choice, real, whole
from fpgan.build.implement.route.nextpnr import SEEDS


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
            default="axi by vivado, axil by openxc7",
        ),
    ] = None,
    seeds: Annotated[
        int, whole("Placements that openxc7 tries, side by side, until one meets the clock; 1 GB each.", 1)
    ] = SEEDS,
    target_fps: Annotated[
        float | None,
        real(
            "Images per second at the routed clock: folds BUILD again until openxc7 makes them.",
            *TARGET_FPS,
            default="those of BUILD at the clock that is reached",
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
        if target_fps is None:
            facts = bitstream(build, out, board, tool, bus, progress, seeds)
        else:
            from fpgan.build.silicon import bitstream_at  # takes seconds

            facts = bitstream_at(target_fps, build, out, board, tool, bus, progress, seeds)
    show(facts, json, _lines(facts, out, made=target_fps is not None))


def _lines(facts: dict[str, Any], out: Path, made: bool = False) -> list[str]:
    """made: whether folding for a rate has been done already."""
    if facts["missing"]:
        return [f"{out}: all but the bitstream; {facts['missing']}"]
    timing, asked, clock = facts["timing"], facts["asked_mhz"], facts["clock_mhz"]
    lines = [
        f"{out}: {facts['bitstream']} for {facts['board']}, {timing['routed_mhz']} MHz routed, "
        f"{asked:g} MHz asked for ({timing['how']})",
        f"it runs at {clock:g} MHz and makes {facts['frames_per_second']:,.0f} images/s; copy the folder "
        "to the board and run `sudo python3 selftest.py` in it",
    ]
    if mhz := timing.get("board_mhz"):
        if abs(mhz - asked) > 0.01 * asked:
            lines.append(f"the board's clock is {mhz:g} MHz: the nearest that its dividers give")
    elif clock < asked and not made:
        asked_for = facts["frames_per_second"] * asked / clock
        lines.append(
            f"slower than the {asked:g} MHz that the build is for; --target-fps {asked_for:.0f} folds again "
            "until the board makes as many images/s as that clock would"
        )
    return lines
