# SPDX-License-Identifier: Apache-2.0
"""Logic in front of an adder is in its LUTs, whichever operand it is."""

from __future__ import annotations

import pytest

from fpgan.build.implement.synth.yosys import synth_module


@pytest.mark.parametrize("sum_", ["wide_q + chosen", "chosen + wide_q"])
def test_a_choice_in_front_of_an_adder_costs_nothing(sum_, tmp_path):
    """A bit is one LUT: of the wider operand's bit, and of two between which is chosen."""
    (tmp_path / "add.sv").write_text(
        "module add (input logic clk, pick, input logic [7:0] a, b, output logic [11:0] sum);\n"
        "  logic [11:0] wide_q;\n"
        "  logic [7:0] chosen;\n"
        "  assign chosen = pick ? a : b;\n"
        f"  always_ff @(posedge clk) begin wide_q <= sum; sum <= {sum_}; end\n"
        "endmodule\n",
        encoding="utf-8",
    )
    found = synth_module(tmp_path, ["add.sv"], "add", "xcup", tmp_path / "work", {})
    assert found["LUT"] == 8  # the four bits above are carry chain alone
