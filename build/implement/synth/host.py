# SPDX-License-Identifier: Apache-2.0
"""What the host interface takes, and its longest paths.

`fpgan synth` makes netlists of layers alone. The interface around them is the same for every design but for
the widths of its streams, so host.yaml holds what was found once, by route/host_timing.py.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from fpgan.build.implement.synth.cells import count
from fpgan.build.implement.synth.paths import TimedPath
from fpgan.build.implement.synth.timing import module_paths

TABLE = Path(__file__).with_name("host.yaml")


@dataclass(frozen=True)
class HostTiming:
    """LUTs of a host interface, and its longest paths."""

    luts: int
    paths: tuple[TimedPath, ...]


@cache
def host_timing(family: str) -> HostTiming:
    """Of a family's boards."""
    found = yaml.safe_load(TABLE.read_text(encoding="utf-8"))[family]
    return HostTiming(found["luts"], tuple(TimedPath(**path) for path in found["paths"]))


def timing_of(netlist: Path, top: str, family: str, layers: Collection[str]) -> HostTiming:
    """The same of a netlist in which layers are modules without contents."""
    module = json.loads(netlist.read_text(encoding="utf-8"))["modules"][top]
    kinds: dict[str, int] = {}
    for cell in module["cells"].values():
        if cell["type"] not in layers:
            kinds[cell["type"]] = kinds.get(cell["type"], 0) + 1
    return HostTiming(count(kinds)["LUT"], tuple(module_paths(module, family)))
