# SPDX-License-Identifier: Apache-2.0
"""FINN without vendor tools: what of it asks for them where it needs none, and what stands in for it."""

from __future__ import annotations

import multiprocessing
from functools import cache
from importlib.metadata import version
from pathlib import Path

from fpgan.build.dataflow.ops import RTL_DOMAIN, add_to
from fpgan.build.writers.hls.hls_layers import register_hls
from fpgan.hw.system.environment import variable

_PRELOADED = "fpgan.build.finn.steps"  # makes our ops known to a process that imports it


def vendor_tools() -> bool:
    """Whether FINN can call Vivado: it looks for it in the folder that XILINX_VIVADO names."""
    return bool(variable("XILINX_VIVADO")) and Path(variable("XILINX_VIVADO")).is_dir()


@cache
def prepare() -> None:
    """Make our ops known to this process and FINN's workers, and FINN's steps importable; idempotent.

    They ask for the engine of Vivado's simulator when they are imported. Where there is no Vivado, the
    functions of finn.xsi are those of `simulator`, so that FINN's verification by rtlsim runs in Verilator.
    """
    register_hls()
    from fpgan.build.finn.rtl_variants import VARIANTS  # FINN has settings now

    add_to(RTL_DOMAIN, *VARIANTS)
    if not vendor_tools():
        import finn.xsi

        from fpgan.build.finn import simulator

        for name in simulator.OFFERED:
            setattr(finn.xsi, name, getattr(simulator, name))
    if multiprocessing.get_start_method() == "spawn":  # FINN's choice: workers would know its own ops alone
        from finn.util.multiprocessing import configure_start_method

        configure_start_method("forkserver")
        multiprocessing.set_forkserver_preload([_PRELOADED])


@cache
def prepare_builder() -> None:
    """The same where FINN's builder runs, which ends by asking for Vivado's version; idempotent."""
    prepare()
    if not vendor_tools():
        import finn.builder.build_dataflow

        finn.builder.build_dataflow.get_vivado_root = _root


def _root() -> str:
    """In the place of Vivado's folder: FINN writes its last part into its report as the tool's version."""
    return f"verilator-{version('verilator')}"
