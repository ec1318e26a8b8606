# SPDX-License-Identifier: Apache-2.0
"""The cost models against what Yosys 0.70 made of whole deconvolutions, thresholds and requantizers."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from fpgan.build.dataflow import costs
from fpgan.build.dataflow.requantize_costs import LineShape, requantize_cost

MEASURED, THRESHOLDS, REQUANTIZERS = (
    json.loads(Path(__file__).with_name(f"measured_{name}.json").read_text())
    for name in ("costs", "thresholds", "requantizers")
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
    """Those of mnist32 from W2A2 to W4A4, at 2,000 to 140,000 images a second; of 400 and 784 features."""
    errors = []
    for case in THRESHOLDS:
        cost = costs.threshold_cost(*(case[name] for name in ("pe", "channels", "acc_bits", "out_bits")))
        errors.append(abs(cost.lut / case["LUT"] - 1))
        assert abs(cost.bram18 - case["BRAM18"]) <= max(1, 0.02 * case["BRAM18"])
    assert statistics.median(errors) < 0.1
    assert max(errors) < 0.4


def test_requantizers_are_estimated_within_ten_percent():
    """Both cores, without marks and with marks of up to 3 bits, lines in memories and constant ones."""
    errors = []
    for case in REQUANTIZERS:
        cost = requantize_cost(case["pe"], LineShape(**case["shape"]))
        errors.append(abs(cost.lut / case["LUT"] - 1))
        assert (cost.dsp, cost.bram18) == (case["DSP"], case["BRAM18"])
    assert statistics.median(errors) < 0.05
    assert max(errors) < 0.11


@pytest.mark.parametrize(
    ("width", "depth", "lut", "bram18"),
    [
        (4, 4096, 0, 1), (8, 1040, 0, 1), (15, 1040, 0, 2), (36, 640, 0, 2), (40, 1500, 40, 4),
        (64, 700, 0, 4), (100, 3000, 100, 17), (13, 5000, 26, 4),
    ],
)  # fmt: skip
def test_block_rams_take_the_shape_that_yosys_gives_them(width, depth, lut, bram18):
    """Of random words: narrow and deep ones, and such whose depth is no power of two."""
    assert costs.block_ram_cost(width, depth) == costs.Cost(lut, bram18=bram18)


@pytest.mark.parametrize(
    ("cost", "lut", "bram18"),
    [
        (costs.fifo_cost(32, 65), 31, 1), (costs.fifo_cost(32, 512), 30, 1),
        (costs.fifo_cost(64, 1024), 32, 4), (costs.fifo_cost(32, 2048), 36, 4),
        (costs.fifo_cost(16, 4096), 38, 4), (costs.add_cost(16, 4, (1, 1)), 67, 0),
        (costs.select_cost(16, 576), 246, 1), (costs.select_cost(64, 144), 265, 2),
        (costs.select_cost(4, 192), 222, 1), (costs.add_cost(8, 8, (3, 1)), 124, 0),
        (costs.add_cost(4, 8, (7, 1)), 99, 0),
        (costs.add_cost(4, 8, (11, 1)), 111, 0), (costs.concat_cost(2, 16), 24, 0),
        (costs.concat_cost(2, 256), 264, 0), (costs.concat_cost(4, 32), 44, 0),
        (costs.width_convert_cost(4, 10, 4), 90, 0), (costs.width_convert_cost(3, 4, 3), 60, 0),
        (costs.width_convert_cost(6, 4, 5), 125, 0), (costs.width_convert_cost(3, 2, 8), 103, 0),
        (costs.width_convert_cost(5, 26, 4), 208, 0), (costs.width_convert_cost(10, 13, 4), 329, 0),
        (costs.width_convert_cost(16, 10, 4), 448, 0), (costs.width_convert_cost(13, 8, 14), 1237, 0),
    ],
)  # fmt: skip
def test_small_modules_as_yosys_makes_them(cost, lut, bram18):
    """Counted for Ultra96."""
    assert abs(cost.lut / lut - 1) < 0.2 and cost.bram18 == bram18
