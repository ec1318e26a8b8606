# SPDX-License-Identifier: Apache-2.0
"""fpgan verify"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fpgan.build.cli import given
from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import real, whole


def command(
    bit: Annotated[Path, typer.Argument(metavar="BIT", help="Bitstream in the folder of fpgan bitstream.")],
    images: Annotated[int, whole("Golden images to make.", 1)] = 4,
    stall: Annotated[float, real("Probability that the bus pauses in a cycle.", 0, 1, "[)")] = 0.0,
    database: Annotated[
        Path | None, typer.Option("--database", help="Project X-Ray's; that of $PRJXRAY_DB_DIR.")
    ] = None,
    netlist: Annotated[Path | None, typer.Option("--netlist", help="Verilog file to write.")] = None,
    json: Json = False,
) -> None:
    """Take a bitstream of a Zynq-7000 apart, to its last bit, and simulate it against PyTorch.

    Needs the database of Project X-Ray alone, and none of the tools that made the bitstream.

    Example: `fpgan verify deploy/fpgan.bit --images 64`
    """
    given.file(bit)
    if netlist is not None:
        given.new_file(netlist)
    from fpgan.build.api.deployments import Verification
    from fpgan.build.api.result import result
    from fpgan.build.implement.verify import verify

    with steps("verify") as progress:
        found = verify(bit, images, stall, database, netlist, progress)
    show(found, json, _lines(found), result(Verification, found, bit.parent).wrong)


def _lines(result: dict[str, Any]) -> list[str]:
    cells = ", ".join(f"{number} {kind}" for kind, number in result["cells"].items())
    wrong = f"{result['mismatches']} of {result['pixels']:,} pixels"
    return [
        f"{result['bitstream']}: {result['part']}, {result['bits']:,} bits set, "
        f"{result['unknown_bits']} without a meaning",
        f"{result['pips']:,} pips drive {result['nodes']:,} nodes, each by one; {cells}",
        f"{result['images']} images through {' and '.join(result['through'])}, {wrong} differ from PyTorch's",
    ]
