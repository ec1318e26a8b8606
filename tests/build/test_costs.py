# SPDX-License-Identifier: Apache-2.0
"""The cost model against what Yosys 0.70 made of whole deconvolutions (measured_costs.json)."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from fpgan.build import costs

MEASURED = json.loads(Path(__file__).with_name("measured_costs.json").read_text())


def estimate(case):
    return costs.deconv_cost(costs.DeconvShape(**case["shape"]), case["dsp_block"])


def test_luts_are_estimated_within_ten_percent():
    """2 to 8 bits, all cores, both families, several folds and memories."""
    errors = [abs(estimate(case).lut / case["LUT"] - 1) for case in MEASURED]
    assert statistics.median(errors) < 0.06
    assert max(errors) < 0.12


@pytest.mark.parametrize("case", MEASURED)
def test_slices_and_block_rams_are_known(case):
    assert estimate(case).dsp == case["DSP"]
    assert abs(estimate(case).bram18 - case["BRAM18"]) <= 1
