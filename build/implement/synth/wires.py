# SPDX-License-Identifier: Apache-2.0
"""What wires take in a chip that is filled so far, and by that the clock of a netlist that is not placed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fpgan.build.implement.synth.paths import TimedPath, Weights


@dataclass(frozen=True)
class Wires:
    """ns of a wire by its loads, and how it stretches in a design.

    by_size: with the square root of its LUTs / 10,000; by_share: with the share of the chip's LUTs above
    from_share. near_luts: of a design that is called small.
    """

    weights: Weights
    by_size: float
    by_share: float = 0.0
    from_share: float = 0.0
    near_luts: int = 0

    def at(self, luts: float, share: float) -> Weights:
        """The weights in a design of so many LUTs that fills such a share of the chip."""
        stretch = 1 + self.by_size * math.sqrt(luts / 1e4) + self.by_share * max(0.0, share - self.from_share)
        return Weights(self.weights.wire * stretch, self.weights.doubling * stretch)

    @property
    def near_empty(self) -> Weights:
        """Those in a chip that holds little else."""
        return self.at(self.near_luts, 0.0)


# xc7: what calibrate.py fits to the routed designs of routed.yaml; near_luts: their smallest.
# xcup: derived, since none of ours was routed. A wire: the medians of the routed nets of 48 small designs
# on a ZU3EG-1 (gussmith23/lakeroad-evaluation: 0.17 ns at 1 load, 0.24 at 4, 0.27 at 16, 0.45 at 32). By
# RapidWright's formula, 43 ps and 1.3 to 13.5 ps a tile at 0.84 of the -1 grade, the first is 8 to 75
# tiles. Its stretch: what takes the path of a public design that fills 15 % of a ZU3EG-1 (ultra96_bex1,
# 3.38 ns, 40 % of it taken for cells) to the periods of those that fill 46 and 64 % (QDCGAN, 7.8 and 8.8
# ns). They met what was asked for: more may be possible. public.py holds the wires, without their stretch,
# against designs of others.
WIRES = {
    "xc7": Wires(Weights(0.42, 0.08), by_size=0.8, near_luts=2908),
    "xcup": Wires(Weights(0.15, 0.05), by_size=0.0, by_share=6.0, from_share=0.15),
}


def longest(paths: Sequence[TimedPath], weights: Weights) -> tuple[float, TimedPath]:
    """ns of the longest of the paths, and which it is."""
    timed = [(weights.of(path.cells_ns, path.wires, path.doublings), path) for path in paths]
    return max(timed, key=lambda one: one[0], default=(0.0, TimedPath(0.0, 0, 0.0)))
