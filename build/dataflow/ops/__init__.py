# SPDX-License-Identifier: Apache-2.0
"""FPGAN's hardware ops for FINN. `register()` makes FINN and qonnx know them."""

from __future__ import annotations

import importlib
import tempfile
from functools import cache
from pathlib import Path

from qonnx.custom_op.base import CustomOp
from qonnx.custom_op.registry import add_op_to_domain

from fpgan.hw.system.environment import default_environment

DOMAIN = "finn.custom_op.fpgadataflow"
RTL_DOMAIN = f"{DOMAIN}.rtl"


@cache
def register() -> None:
    """Add our ops to FINN's domains, and initialize FINN outside its own command line; idempotent."""
    default_environment(FINN_BUILD_DIR=tempfile.gettempdir())
    _find_settings()
    import finn.custom_op.fpgadataflow.rtl  # noqa: F401  the domain's own ops first

    from fpgan.build.dataflow.ops.add import Add_rtl
    from fpgan.build.dataflow.ops.batch_buffer import BatchBuffer_rtl
    from fpgan.build.dataflow.ops.channels import Channels_rtl
    from fpgan.build.dataflow.ops.concat import Concat_rtl
    from fpgan.build.dataflow.ops.deconv import Deconv
    from fpgan.build.dataflow.ops.deconv_rtl import Deconv_rtl
    from fpgan.build.dataflow.ops.fifo import Fifo_rtl
    from fpgan.build.dataflow.ops.fork import Fork_rtl
    from fpgan.build.dataflow.ops.lookup import Lookup_rtl
    from fpgan.build.dataflow.ops.pixel_pad import PixelPad_rtl
    from fpgan.build.dataflow.ops.pixel_select import PixelSelect_rtl
    from fpgan.build.dataflow.ops.requantize import Requantize_rtl
    from fpgan.build.dataflow.ops.thresholding import Thresholding_rtl
    from fpgan.build.dataflow.ops.width_convert import WidthConvert_rtl

    joins = (Add_rtl, Concat_rtl, Fork_rtl)
    images = (
        BatchBuffer_rtl, Channels_rtl, Deconv_rtl, Lookup_rtl, PixelPad_rtl, PixelSelect_rtl, Requantize_rtl,
        Thresholding_rtl,
    )  # fmt: skip
    add_to(DOMAIN, Deconv)
    add_to(RTL_DOMAIN, *joins, *images, Fifo_rtl, WidthConvert_rtl)


def add_to(domain: str, *ops: type[CustomOp]) -> None:
    """Make qonnx know ops of a domain, and FINN's SpecializeLayers, which looks in the domain's own list."""
    known = importlib.import_module(domain).custom_op
    for op in ops:
        add_op_to_domain(domain, op)
        known[op.__name__] = op


def _find_settings() -> None:
    """FINN's settings, from the environment where FINN has made none yet.

    Looking for them it makes ~/.finn. A user without a home of their own gets its defaults, by the name of a
    file that is not there.
    """
    from finn.util.settings import get_settings

    try:
        get_settings()
    except (OSError, RuntimeError):
        default_environment(FINN_SETTINGS=str(Path(__file__).with_name("no_settings.yaml")))
        get_settings()
