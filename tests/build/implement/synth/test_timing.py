# SPDX-License-Identifier: Apache-2.0
"""The static timing estimate: by hand on small netlists, in order on synthesized ones."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from fpgan.build.implement.synth import timing
from fpgan.build.implement.synth.yosys import synth_module


def adder_chain(folder: Path, stages: int) -> dict[str, float]:
    """`stages` dependent 16-bit additions between two registers."""
    body = " ".join(f"x{i + 1} = (x{i} ^ b) + a;" for i in range(stages))
    names = ", ".join(f"x{i}" for i in range(stages + 1))
    (folder / "top.sv").write_text(
        "module top(input logic clk, input logic [15:0] i, j, k, output logic [15:0] q);\n"
        f"logic [15:0] a, b, c, {names};\n"
        f"always_comb begin x0 = c; {body} end\n"
        f"always_ff @(posedge clk) begin a <= i; b <= j; c <= k; q <= x{stages}; end\nendmodule\n"
    )
    result: dict[str, float] = synth_module(folder, ["top.sv"], "top", "xcup", folder / "work")["timing"]
    return result


@pytest.mark.yosys
def test_timing_grows_with_the_logic_between_registers(tmp_path: Path) -> None:
    one, four = adder_chain(tmp_path, 1), adder_chain(tmp_path, 4)
    assert 0.9 < one["ns"] < 2.0
    assert 2.0 * one["ns"] < four["ns"] < 4.5 * one["ns"]
    assert four["levels"] > one["levels"]


Gate = tuple[str, dict[str, list[int]], dict[str, list[int]]]  # primitive, inputs, outputs


def gates(folder: Path, cells: dict[str, Gate]) -> Path:
    """A netlist of named gates; net 2 is the input port, net 3 the output port."""
    netlist = {
        "ports": {"i": {"direction": "input", "bits": [2]}, "o": {"direction": "output", "bits": [3]}},
        "cells": {
            name: {
                "type": kind,
                "port_directions": {**dict.fromkeys(inputs, "input"), **dict.fromkeys(outputs, "output")},
                "connections": {**inputs, **outputs},
            }
            for name, (kind, inputs, outputs) in cells.items()
        },
    }
    nets = {name: {"bits": [int(name[1:])]} for name in ("n2", "n3", "n10", "n12")}
    path = folder / "netlist.json"
    path.write_text(json.dumps({"modules": {"top": {**netlist, "netnames": nets}}}))
    return path


def test_a_path_at_twice_the_clock_counts_twice(tmp_path: Path) -> None:
    def estimate(clock_in: int, clock_out: int) -> float:
        flip_flops = {
            "from": ("FDRE", {"C": [clock_in], "D": [2]}, {"Q": [10]}),
            "to": ("FDRE", {"C": [clock_out], "D": [10]}, {"Q": [12]}),
        }
        path = gates(tmp_path, flip_flops)
        netlist = json.loads(path.read_text())
        netlist["modules"]["top"]["ports"] |= {
            name: {"direction": "input", "bits": [bit]} for name, bit in (("ap_clk", 20), ("ap_clk2x", 21))
        }
        path.write_text(json.dumps(netlist))
        return float(timing.longest_path(path, "top", "xcup")["ns"])

    slow = estimate(20, 20)
    assert slow > 0.4
    for clocks in ((20, 21), (21, 20), (21, 21)):
        assert estimate(*clocks) >= 2 * slow - 0.01


def lut(a: int, b: int, out: int) -> Gate:
    return "LUT2", {"I0": [a], "I1": [b]}, {"O": [out]}


def flip_flop(d: int, q: int) -> Gate:
    return "FDRE", {"C": [9], "D": [d]}, {"Q": [q]}


def test_timing_of_two_luts_between_flip_flops(tmp_path: Path) -> None:
    netlist = gates(tmp_path, {
        "a": flip_flop(2, 10), "x": lut(10, 10, 11), "y": lut(11, 10, 12), "b": flip_flop(12, 3),
    })  # fmt: skip
    d = timing.DELAYS["xcup"]
    first = d.wire + d.wire_per_doubling * math.log2(3)  # net 10 has three loads
    assert timing.longest_path(netlist, "top", "xcup") == {
        "ns": round(d.ff_out + first + 2 * (d.lut + d.wire) + d.ff_setup, 3),
        "levels": 2,
        "start": "n10",
        "end": "n3",
    }


def test_timing_of_a_carry_chain(tmp_path: Path) -> None:
    operands = {"S": [2] * 4, "DI": [2] * 4}
    netlist = gates(tmp_path, {
        "low": ("CARRY4", {**operands, "CI": []}, {"CO": [20, 21, 22, 23], "O": [24, 25, 26, 27]}),
        "high": ("CARRY4", {**operands, "CI": [23]}, {"CO": [30, 31, 32, 33], "O": [34, 35, 36, 3]}),
    })  # fmt: skip
    d = timing.DELAYS["xc7"]
    onto = d.wire + d.wire_per_doubling * math.log2(16) + d.carry_in
    through = d.carry_step * 3 / 4 + d.carry_step  # to the first block's CO[3], then through the second
    ns = d.ff_out + onto + through + d.carry_out + d.wire + d.ff_setup
    assert timing.longest_path(netlist, "top", "xc7") == {
        "ns": round(ns, 3), "levels": 1, "start": "n2", "end": "n3",
    }  # fmt: skip


def test_timing_cuts_loops(tmp_path: Path) -> None:
    assert timing.longest_path(gates(tmp_path, {"loop": lut(2, 3, 3)}), "top", "xcup")["ns"] > 0
