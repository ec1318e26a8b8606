# SPDX-License-Identifier: Apache-2.0
"""Short carry chains as LUTs: nextpnr-xilinx has room for half of the chains that a part has.

It begins each at the first of a tile's two slices, next to which are all LUT RAMs, and an S that a LUT6
drives, and each DI that is no LUT's, passes through a LUT more. Where too few such slices are left in a row,
its placer seeks one without end.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

Words = Sequence[str | Path]  # of a command of Yosys

_KIND = "t:CARRY4"
_LUTS = tuple(f"LUT{n}" for n in range(1, 5))  # as small as gain by being mapped together with a chain
_BITS = ("$and", "$or", "$not", "$xor", "$mux", "$shiftx")


def short_chains_as_luts() -> list[Words]:
    """Commands of Yosys that replace the CARRY4 of each chain of one or two by LUTs.

    Chains are followed from CO to CI: those of three or more are what has two before it, and what is before.
    """
    rule = Path(__file__).with_name("chains.v")
    return [
        ("splitnets",),
        *_followed("second", [_KIND], "CO", "CI", "co"),
        *_followed("third", ["@second"], "CO", "CI", "co"),
        *_followed("before", ["@third"], "CI", "CO", "ci"),
        *_followed("first", ["@before"], "CI", "CO", "ci"),
        ("select", "-set", "short", _KIND, "@third", "@before", "@first", "%u", "%u", "%d"),
        *_followed("around", ["@short"], "S,DI", "O", "ci", _LUTS),
        ("techmap", "-map", rule, "@short"),
        ("techmap", "-map", rule, "@around"),
        ("techmap", *(f"t:{kind}" for kind in _BITS)),
        ("opt_clean",),
        ("abc", "-lut", "6"),
        ("techmap", "-map", "+/xilinx/lut_map.v", "-D", "LUT_WIDTH=6"),
    ]


def _followed(
    name: str, cells: Sequence[str], leaves: str, enters: str, way: str, kinds: Sequence[str] = ("CARRY4",)
) -> list[Words]:
    """Select as `name` the cells of `kinds` whose ports `enters` meet the ports `leaves` of the `cells`."""
    of_kind = [word for i, kind in enumerate(kinds) for word in (f"t:{kind}", *(["%u"] if i else []))]
    return [
        ("select", "-set", "nets", *cells, f"%{way}1:+CARRY4[{leaves}]", "w:*", "%i"),
        ("select", "-set", name, "@nets", f"%{way}1:+{','.join(kinds)}[{enters}]", *of_kind, "%i"),
    ]
