# SPDX-License-Identifier: Apache-2.0
"""FINN's own command line, which knows our layers, and does without Vivado where there is none."""

from __future__ import annotations

import multiprocessing

from fpgan.build.finn.vendor import prepare_builder, vendor_tools
from fpgan.hw.system.environment import default_environment


def main() -> None:
    """`finn`'s commands and options; ends the process as it does."""
    prepare_builder()
    import finn.xsi
    from finn.interface import run_finn

    # FINN sets how workers start once more: as it is now, for they are to know our layers
    default_environment(FINN_MP_START_METHOD=multiprocessing.get_start_method())
    if not vendor_tools():
        finn.xsi.ensure_available = lambda: True  # Verilator is in its place
    run_finn.main()
