# SPDX-License-Identifier: Apache-2.0
"""tlast with the last beat of each image and no other, through stalls and resets; the beats unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from fpgan.hw.sources import sources
from fpgan.sim.benches.stream_bench import SEEDS, SHORTEST, StreamCase, check_streams

pytestmark = pytest.mark.verilator

# tlast as a byte of the data, so that it is compared, and held while stalled, with every beat
MARKED = """
module marked #(parameter int unsigned WIDTH = 8, parameter int unsigned BEATS = 1) (
    input logic ap_clk, ap_rst_n,
    input logic [WIDTH-1:0] s_axis_tdata, input logic s_axis_tvalid, output logic s_axis_tready,
    output logic [WIDTH+7:0] m_axis_tdata, output logic m_axis_tvalid, input logic m_axis_tready
);
  logic last;
  stream_last #(.WIDTH(WIDTH), .BEATS(BEATS)) dut (
      .m_axis_tdata(m_axis_tdata[WIDTH-1:0]), .m_axis_tlast(last), .*);
  assign m_axis_tdata[WIDTH+7:WIDTH] = {7'd0, last};
endmodule
"""


def case(beats: int, width: int, images: int = 5) -> StreamCase:
    words = np.random.default_rng(beats).integers(0, 256, (images * beats, width // 8), dtype=np.uint8)
    last = (np.arange(images * beats) % beats == beats - 1).astype(np.uint8)
    parameters = {"WIDTH": width, "BEATS": beats}
    return StreamCase(parameters, words, np.column_stack([words, last]), cycles=images * beats)


def test_tlast_ends_each_image(tmp_path):
    """Images of one beat, of powers of two and of neither; a counter that a reset leaves would shift all."""
    (tmp_path / "marked.sv").write_text(MARKED)
    cases = [case(beats, width) for beats, width in ((1, 8), (2, 8), (3, 16), (8, 8), (9, 32), (64, 8))]
    check_streams(
        "marked",
        [*sources("stream_last", tmp_path), tmp_path / "marked.sv"],
        cases,
        tmp_path / "b",
        seeds=SEEDS,
        reset=SHORTEST,
    )
