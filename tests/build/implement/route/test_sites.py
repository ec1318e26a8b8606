# SPDX-License-Identifier: Apache-2.0
"""LUT6 sites of a netlist as nextpnr-xilinx packs it."""

from __future__ import annotations

import json

import pytest

from fpgan.build.implement.route.sites import sites_needed, sites_used

PINS = {"I": "input", "O": "output", "S": "input", "DI": "input", "CI": "input", "CO": "output", "D": "input"}


def cell(kind, **pins):
    return {"type": kind, "connections": pins, "port_directions": {pin: PINS[pin[:2].rstrip("0123456789")]
                                                                   for pin in pins}}  # fmt: skip


def lut(inputs, out):
    return cell(f"LUT{len(inputs)}", O=[out], **{f"I{i}": [net] for i, net in enumerate(inputs)})


def carry(s, di, co3=99, ci="0"):
    return cell("CARRY4", S=s, DI=di, CI=[ci], CO=[96, 97, 98, co3], O=[90, 91, 92, 93])


NOTHING = ["0", "0", "0"]


@pytest.mark.parametrize(
    ("cells", "sites"),
    [
        ([lut([1, 2], 3), lut(range(6), 9), cell("SRL16E", D=[1])], 3),
        ([carry(["0"] * 4, ["0"] * 4)], 4),  # each position passes its constants on
        ([lut([1, 2], 50), carry([50, *NOTHING], [1, *NOTHING])], 4),  # S is driven within its position
        ([lut([1, 2], 50), lut([3, 4], 51), carry([50, *NOTHING], [51, *NOTHING])], 4),  # so is DI
        ([lut([1, 2, 3], 50), lut([4, 5, 6], 51), carry([50, *NOTHING], [51, *NOTHING])], 5),  # 6 inputs
        ([lut([1, 2, 3, 4, 5], 50), carry([50, *NOTHING], [6, *NOTHING])], 5),  # no input left for DI
        ([lut(range(6), 50), carry([50, *NOTHING], [6, *NOTHING])], 5),
        ([lut([1, 2], 50), cell("FDRE", D=[50]), carry([50, *NOTHING], [1, *NOTHING])], 5),  # drives more
        ([carry(["0"] * 4, ["0"] * 4, co3=7), carry(["0"] * 4, ["0"] * 4, ci=7)], 8),
        ([carry(["0"] * 4, ["0"] * 4, co3=7), cell("FDRE", D=[7])], 5),  # the carry leaves the chain
        ([cell("RAM32M", D=[1]), cell("RAMB18E1", D=[1])], 4),
    ],
)
def test_sites_needed(cells, sites, tmp_path):
    module = {"cells": {str(i): one for i, one in enumerate(cells)}}
    (tmp_path / "n.json").write_text(json.dumps({"modules": {"top": module}}))
    assert sites_needed(tmp_path / "n.json", "top") == sites


def test_sites_used():
    text = """CLBLM_R_X19Y149.SLICEM_X0.ALUT.INIT[63:0] = 64'b1111
CLBLM_R_X19Y149.SLICEM_X0.BLUT.INIT[63:0] = 64'b1111
CLBLM_R_X19Y149.SLICEM_X0.AFF.ZINI
"""
    assert sites_used(text) == 2
