# SPDX-License-Identifier: Apache-2.0
"""What is said of counts and of estimated clocks wherever they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Designs for a ZU3EG-1 (gussmith23/lakeroad-evaluation), Yosys 0.70 against the vendor's routed reports.
YOSYS_AGAINST_VIVADO = (
    "Yosys counts 1.22 times the LUTs that Vivado routes in the median of 15 small public designs (0.63 to "
    "2.35; 1.04 to 1.20 for carry chains)"
)


def how_far_off(timing: Mapping[str, Any]) -> str:
    """`timing` of a synth.json: how far its estimate may be off."""
    if "median_error" not in timing:
        return "how far off is not known, none of this family was routed"
    median, worst = timing["median_error"], timing["worst_error"]
    return f"off by {median:.0%} in the median of routed designs, {worst:.0%} at worst"
