# SPDX-License-Identifier: Apache-2.0
"""FPGAN's hardware ops for FINN. `register()` makes FINN and qonnx know them."""

from __future__ import annotations

import tempfile
from functools import cache

from fpgan.hw.tools import default_environment

RTL_DOMAIN = "finn.custom_op.fpgadataflow.rtl"


@cache
def register() -> None:
    """Initialize FINN outside its own command line and add our ops to its RTL domain; idempotent."""
    default_environment(FINN_BUILD_DIR=tempfile.gettempdir())
    from finn.util.settings import initialize_dummy_settings

    initialize_dummy_settings()
    import finn.custom_op.fpgadataflow.rtl  # noqa: F401  the domain's own ops first
    from qonnx.custom_op.registry import add_op_to_domain

    from fpgan.build.ops.channels import Channels_rtl
    from fpgan.build.ops.deconv import Deconv_rtl
    from fpgan.build.ops.fifo import Fifo_rtl
    from fpgan.build.ops.pixel_pad import PixelPad_rtl
    from fpgan.build.ops.width_convert import WidthConvert_rtl

    for op in (Channels_rtl, Deconv_rtl, Fifo_rtl, PixelPad_rtl, WidthConvert_rtl):
        add_op_to_domain(RTL_DOMAIN, op)
