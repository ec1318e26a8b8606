# SPDX-License-Identifier: Apache-2.0
"""The static timing estimate: by hand on small netlists, in order on synthesized ones."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from fpgan.build.implement.synth import timing
from fpgan.build.implement.synth.delays import delays
from fpgan.build.implement.synth.paths import WEIGHTS, TimedPath, Weights
from fpgan.build.implement.synth.wires import longest
from fpgan.build.implement.synth.yosys import synth_module

WIRES = Weights(0.3, 0.1)


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
        return longest(timing.longest_paths(path, "top", "xcup"), WIRES)[0]

    slow = estimate(20, 20)
    assert slow > 0.4
    for clocks in ((20, 21), (21, 20), (21, 21)):
        assert estimate(*clocks) >= 2 * slow - 0.01


def lut(a: int, b: int, out: int) -> Gate:
    return "LUT2", {"I0": [a], "I1": [b]}, {"O": [out]}


def flip_flop(d: int, q: int) -> Gate:
    return "FDRE", {"C": [9], "D": [d]}, {"Q": [q]}


def only(netlist: Path, family: str) -> TimedPath:
    """The one path that is the longest whatever wires take."""
    (path,) = timing.longest_paths(netlist, "top", family)
    return path


def test_timing_of_two_luts_between_flip_flops(tmp_path: Path) -> None:
    netlist = gates(tmp_path, {
        "a": flip_flop(2, 10), "x": lut(10, 10, 11), "y": lut(11, 10, 12), "b": flip_flop(12, 3),
    })  # fmt: skip
    d = delays("xcup")
    path = only(netlist, "xcup")
    # net 10 has three loads; y drives the flip-flop of its own slice, without a wire
    assert (path.wires, path.doublings) == (2, round(math.log2(3), 2))
    assert path.cells_ns == pytest.approx(d.ff_out + 2 * d.lut + d.ff_setup)
    assert (path.levels, path.start, path.end) == (2, "n10", "n3")


def test_a_lut_whose_output_goes_elsewhere_too_reaches_a_flip_flop_by_a_wire(tmp_path: Path) -> None:
    cells = {"a": flip_flop(2, 10), "x": lut(10, 10, 12), "b": flip_flop(12, 3)}
    assert only(gates(tmp_path, cells), "xc7").wires == 1
    cells["c"] = flip_flop(12, 13)
    assert only(gates(tmp_path, cells), "xc7").wires == 2


def test_timing_of_a_carry_chain(tmp_path: Path) -> None:
    operands = {"S": [2] * 4, "DI": [2] * 4}
    netlist = gates(tmp_path, {
        "low": ("CARRY4", {**operands, "CI": []}, {"CO": [20, 21, 22, 23], "O": [24, 25, 26, 27]}),
        "high": ("CARRY4", {**operands, "CI": [23]}, {"CO": [30, 31, 32, 33], "O": [34, 35, 36, 3]}),
    })  # fmt: skip
    d = delays("xc7")
    path = only(netlist, "xc7")
    through = d.carry_in + 3 * d.carry_bit + d.carry_leave  # to the first block's CO[3], off the second's sum
    assert path.cells_ns == pytest.approx(d.ff_out + through + d.ff_setup, abs=0.001)
    assert (path.wires, path.doublings, path.levels) == (2, 4.0, 1)  # onto the chain, 16 loads, and off it


def test_an_output_register_of_a_ram_or_a_dsp_slice_is_seen(tmp_path: Path) -> None:
    def starts_at(kind: str, parameter: str, value: str) -> float:
        path = gates(tmp_path, {"r": (kind, {}, {"P": [3]})})
        netlist = json.loads(path.read_text())
        netlist["modules"]["top"]["cells"]["r"]["parameters"] = {parameter: value}
        path.write_text(json.dumps(netlist))
        return only(path, "xc7").cells_ns

    d = delays("xc7")
    for kind, parameter, slow, fast in (
        ("RAMB18E1", "DOA_REG", d.ram_out, d.ram_reg_out), ("DSP48E1", "PREG", d.dsp_out, d.dsp_reg_out),
    ):  # fmt: skip
        assert starts_at(kind, parameter, "0" * 32) == pytest.approx(slow + d.ff_setup)
        assert starts_at(kind, parameter, "0" * 31 + "1") == pytest.approx(fast + d.ff_setup)


def test_a_path_is_kept_for_long_wires_and_for_slow_cells(tmp_path: Path) -> None:
    """From a memory, or through four LUTs: which is the longest is not known before placement."""
    netlist = gates(tmp_path, {
        "ram": ("RAMB18E1", {}, {"DO": [10]}), "a": flip_flop(10, 12), "b": flip_flop(2, 20),
        "w": lut(20, 20, 21), "x": lut(21, 21, 22), "y": lut(22, 22, 23), "z": lut(23, 23, 24),
        "c": flip_flop(24, 3),
    })  # fmt: skip
    paths = timing.longest_paths(netlist, "top", "xc7")
    assert {path.wires for path in paths} == {1, 4}
    assert longest(paths, Weights(0.1, 0.0))[1].wires == 1 and longest(paths, WEIGHTS[-1])[1].wires == 4


def test_timing_cuts_loops(tmp_path: Path) -> None:
    assert timing.longest_paths(gates(tmp_path, {"loop": lut(2, 3, 3)}), "top", "xcup")
