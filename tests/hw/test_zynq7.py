# SPDX-License-Identifier: Apache-2.0
"""The bridge from a Zynq-7000's general-purpose port, on bus models."""

from __future__ import annotations

import pytest

from fpgan.sim.axi3_bench import run_axi3_bench


@pytest.mark.verilator
def test_bridge(tmp_path):
    assert run_axi3_bench(tmp_path) == 5
