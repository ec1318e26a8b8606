# SPDX-License-Identifier: Apache-2.0
"""Renew synth/host.yaml: python -m fpgan.build.implement.route.host_timing BUILD ...

Synthesizes the host interface of each BUILD, with the bus that its board gets first, and notes its LUTs and
longest paths for the board's family.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import yaml

from fpgan.build.implement.host_options import host_options
from fpgan.build.implement.route.netlist import synth_around
from fpgan.build.implement.synth.host import TABLE, HostTiming, timing_of
from fpgan.build.implement.synth.yosys import netlists
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import emit_host
from fpgan.hw.system.files import write_text

_BUSES = {"xc7": "axil", "xcup": "axi"}
_HEAD = (
    "# Host interface by family: LUTs, and its longest paths as in routed.yaml. "
    "Made by route/host_timing.py.\n"
)


def measure(design: Design, work: Path) -> HostTiming:
    """The host interface of a design, synthesized without the layers that it holds. Raises ToolError."""
    options = host_options(design, get_board(design.board), _BUSES[design.family])
    host = emit_host(design, work / "host", options)
    synth_around(design, host, netlists(design), work, host.top, ())
    layers = {layer.module for layer in design.layers}
    return timing_of(work / "around.json", host.top, design.family, layers)


def main(arguments: Sequence[str]) -> None:
    """Measure the host interface of each BUILD, into host.yaml."""
    found = yaml.safe_load(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    for build in arguments:
        design = Design.load(Path(build))
        with tempfile.TemporaryDirectory() as work:
            host = measure(design, Path(work))
        found[design.family] = {"luts": host.luts, "paths": [asdict(path) for path in host.paths]}
    write_text(TABLE, _HEAD + yaml.safe_dump(found, sort_keys=False, width=118, default_flow_style=None))


if __name__ == "__main__":
    main(sys.argv[1:])
