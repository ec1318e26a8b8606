# SPDX-License-Identifier: Apache-2.0
"""FINN's own command line, which knows our layers, and does without Vivado where there is none."""

from __future__ import annotations

import multiprocessing

import click

from fpgan.build.finn.lowering_names import LOWERINGS, Lowering
from fpgan.build.finn.step_list import build_steps
from fpgan.build.finn.vendor import prepare_builder, vendor_tools
from fpgan.hw.system.environment import default_environment


def main() -> None:
    """`finn`'s commands and options, and `build --deconv`; ends the process as it does."""
    prepare_builder()
    import finn.xsi
    from finn.interface import run_finn

    # FINN sets how workers start once more: as it is now, for they are to know our layers
    default_environment(FINN_MP_START_METHOD=multiprocessing.get_start_method())
    run_finn.build.params.append(click.Option(
        ["--deconv"], type=click.Choice(LOWERINGS), default="fpgan", show_default=True, expose_value=False,
        callback=_use_steps, help="Lowering of transposed convolutions, of a configuration without steps.",
    ))  # fmt: skip
    if not vendor_tools():
        finn.xsi.ensure_available = lambda: True  # Verilator is in its place
    run_finn.main()


def _use_steps(context: click.Context, option: click.Parameter, deconv: Lowering) -> None:
    """Ours are the builder's default."""
    import finn.builder.build_dataflow

    finn.builder.build_dataflow.default_build_dataflow_steps = build_steps(deconv)
