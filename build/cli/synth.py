# SPDX-License-Identifier: Apache-2.0
"""fpgan synth"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import choice, whole
from fpgan.build.cli.routed import clock_lines, counted_lines, routed_lines, slower_lines
from fpgan.build.implement.route.nextpnr import SEEDS


def command(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="BUILD folder.")],
    tool: Annotated[str, choice("What synthesizes.", ("yosys", "vivado"))] = "yosys",
    jobs: Annotated[int, whole("Layers synthesized at once.", 1)] = 2,
    pnr: Annotated[bool, typer.Option(help="Place and route with nextpnr-xilinx (Zynq-7000).")] = False,
    seeds: Annotated[int, whole("Placements to route, side by side, 1 GB each.", 1)] = SEEDS,
    json: Json = False,
) -> None:
    """Count the LUTs, flip-flops, DSPs and block RAMs of every layer.

    Example: `fpgan synth build`
    """
    from fpgan.build.implement.synthesize import synth
    from fpgan.hw.design import Design

    with steps("synth") as progress:
        result = synth(build, tool, jobs, progress, pnr, seeds)
    used = (f"{k} {result['totals'][k]} ({result['utilization'][k]:.0%})" for k in result["utilization"])
    timing = result["timing"]
    lines = [f"{build / 'synth.json'}: {', '.join(used)}", *clock_lines(timing), *counted_lines(tool)]
    lines += slower_lines(timing, Design.load(build).clock_mhz)
    lines += [timing["missing"]] if "missing" in timing else routed_lines(result)
    show(result, json, lines)
