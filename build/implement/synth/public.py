# SPDX-License-Identifier: Apache-2.0
"""The estimate on UltraScale+ against designs of others: python -m fpgan.build.implement.synth.public

None of ours was routed there. These fill less than a tenth of their chip, so that they say how far off cell
delays and wires.py are where there is room, and nothing of how wires stretch where there is none.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from fpgan.build.implement.synth.paths import TimedPath
from fpgan.build.implement.synth.wires import WIRES, longest

_TABLE = Path(__file__).with_name("public.yaml")
_LUTS = 70_560  # of a ZU3EG


@dataclass(frozen=True)
class PublicDesign:
    """A row of public.yaml: ns of the slowest path, routed."""

    name: str
    luts: int
    ns: float
    paths: tuple[tuple[float, int, float], ...]

    @property
    def estimate(self) -> float:
        """ns."""
        wires = WIRES["xcup"].at(self.luts, self.luts / _LUTS)
        return longest([TimedPath(*path) for path in self.paths], wires)[0]

    @property
    def error(self) -> float:
        """Share of the routed ns that the estimate is above it."""
        return self.estimate / self.ns - 1


@cache
def public_designs() -> tuple[PublicDesign, ...]:
    """The rows of public.yaml."""
    rows = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return tuple(PublicDesign(**{**row, "paths": tuple(map(tuple, row["paths"]))}) for row in rows)


def main() -> None:
    """Print the designs beside their estimates."""
    designs = public_designs()
    for design in designs:
        sys.stdout.write(
            f"{design.name:42} {design.luts:5,} LUT  routed {design.ns:.3f} ns, "
            f"estimated {design.estimate:.3f} ({design.error:+.0%})\n"
        )
    errors = [abs(design.error) for design in designs]
    sys.stdout.write(f"median error {statistics.median(errors):.1%}, worst {max(errors):.1%}\n")


if __name__ == "__main__":
    main()
