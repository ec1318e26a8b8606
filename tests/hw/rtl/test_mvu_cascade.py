# SPDX-License-Identifier: Apache-2.0
"""Cascades of DSP slices equal numpy, sum by sum: as they simulate and as primitives, in every packing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fpgan.build.dataflow.cascade import packing
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.sources import cells, rtl_file
from fpgan.sim.benches.mvu_bench import MvuCase, check_mvu

BLOCKS = {1: "DSP48E1", 2: "DSP48E2"}  # by VERSION
# version, PE, SIMD, weight bits, activation bits, signed activations, narrow weights
SHAPES = [
    (2, 2, 5, 4, 4, True, False), (2, 4, 9, 4, 4, False, True), (2, 2, 6, 8, 8, False, False),
    (2, 1, 3, 1, 5, True, False), (2, 7, 4, 2, 2, False, False), (1, 2, 7, 5, 8, True, False),
    (1, 3, 10, 4, 4, False, True), (1, 16, 1, 1, 1, False, False),
    (2, 2, 5, 2, 16, False, True),  # all 48 bits
]  # fmt: skip
DELAYED = (2, 6)  # of SHAPES again, with the weights of a step in one word; both have several chains
# mvu_cascade, behind cascade_delay where all weights of a step come with it.
FED = """// SPDX-License-Identifier: Apache-2.0
module cascade_fed #(
    parameter int unsigned VERSION = 2, PE = 2, SIMD = 4, LANES = 2, CHAIN = 4, PITCH = 16, WEIGHT_WIDTH = 4,
    parameter int unsigned ACTIVATION_WIDTH = 4, ACCU_WIDTH = 16,
    parameter bit SIGNED_ACTIVATIONS = 0, NARROW_WEIGHTS = 0, DELAYED = 0
) (
    input logic clk, rst, first, last,
    input logic [PE-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] w,
    input logic [SIMD-1:0][ACTIVATION_WIDTH-1:0] a,
    output logic vld,
    output logic signed [PE-1:0][ACCU_WIDTH-1:0] p
);
  logic [PE-1:0][SIMD-1:0][WEIGHT_WIDTH-1:0] placed;
  if (DELAYED) begin : gen_delay
    cascade_delay #(.PE(PE), .SIMD(SIMD), .CHAIN(CHAIN), .BITS(WEIGHT_WIDTH)) delay (
        .clk(clk), .word(w), .data(placed));
  end else begin : gen_placed
    assign placed = w;
  end
  mvu_cascade #(
      .VERSION(VERSION), .PE(PE), .SIMD(SIMD), .LANES(LANES), .CHAIN(CHAIN), .PITCH(PITCH),
      .WEIGHT_WIDTH(WEIGHT_WIDTH), .ACTIVATION_WIDTH(ACTIVATION_WIDTH), .ACCU_WIDTH(ACCU_WIDTH),
      .SIGNED_ACTIVATIONS(SIGNED_ACTIVATIONS), .NARROW_WEIGHTS(NARROW_WEIGHTS)) core (.w(placed), .*);
endmodule
"""


def packed(shape, delayed: bool = False) -> MvuCase:
    version, pe, simd, *widths = shape
    case = MvuCase(pe, simd, *widths, latency=0, groups=16)
    found = packing(1, pe, simd, *widths, case.accumulator_bits, BLOCKS[version])
    assert found is not None
    extra = f", .VERSION({version}), .LANES({found.lanes}), .CHAIN({found.chain}), .PITCH({found.pitch})"
    extra += f", .NARROW_WEIGHTS({int(case.narrow)}), .DELAYED({int(delayed)})"
    return replace(case, latency=found.latency, chain=1 if delayed else found.chain, extra=extra)


def check(sources: list[Path], folder: Path) -> None:
    cases = [packed(shape) for shape in SHAPES] + [packed(SHAPES[n], delayed=True) for n in DELAYED]
    fed = folder / "cascade_fed.sv"
    fed.write_text(FED, encoding="utf-8")
    check_mvu(
        "cascade_fed", [*sources, rtl_file("cascade_delay.sv"), fed], cases, folder / "build", pauses=False,
        warnings=False, optimize=False,
    )  # fmt: skip


def core(folder: Path) -> list[Path]:
    import finn

    folder.mkdir()
    copy_finn_sources([Path(next(iter(finn.__path__))) / "finn-rtllib/mvu/mvu_pkg.sv"], folder)
    ours = ("add_multi", "cascade_slice", "mvu_cascade_pe", "mvu_cascade")
    return [folder / "mvu_pkg.sv", *(rtl_file(f"{name}.sv") for name in ours)]


@pytest.mark.verilator
def test_equal_to_numpy(tmp_path):
    check(core(tmp_path / "rtl"), tmp_path)


@pytest.mark.verilator
def test_primitives_equal_numpy(tmp_path):
    """The same with DSP slices as tools take them, and our models of those."""
    *others, pe, top = core(tmp_path / "rtl")
    text = others[-1].read_text(encoding="utf-8")
    assert text.count("`ifdef VERILATOR") == 1  # where it turns to what simulates faster
    slices = tmp_path / "cascade_slice.sv"
    slices.write_text(text.replace("`ifdef VERILATOR", "`ifdef FPGAN_BEHAVIOURAL"), encoding="utf-8")
    check([*cells(), *others[:-1], slices, pe, top], tmp_path)
