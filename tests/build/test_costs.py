# SPDX-License-Identifier: Apache-2.0
"""The cost models against what Yosys 0.70 made of whole deconvolutions, and thresholds (measured_*.json)."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from fpgan.build import costs

MEASURED, THRESHOLDS = (
    json.loads(Path(__file__).with_name(f"measured_{name}.json").read_text())
    for name in ("costs", "thresholds")
)


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


def test_thresholds_are_estimated_within_ten_percent():
    """Those of mnist32 from W2A2 to W4A4, folded for 2,000 to 140,000 images a second."""
    errors = []
    for case in THRESHOLDS:
        cost = costs.threshold_cost(*(case[name] for name in ("pe", "channels", "acc_bits", "out_bits")))
        errors.append(abs(cost.lut / case["LUT"] - 1))
        assert abs(cost.bram18 - case["BRAM18"]) <= 1
    assert statistics.median(errors) < 0.1
    assert max(errors) < 0.4
