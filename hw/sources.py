# SPDX-License-Identifier: Apache-2.0
"""Which source files each of our modules is made of, in compile order."""

from __future__ import annotations

from pathlib import Path

# "finn:" names a file of FINN's library that is copied and patched (see finn_sources.py).
_SOURCES: dict[str, tuple[str, ...]] = {
    "fifo": ("fifo.sv",),
    "width_convert": ("width_convert.sv",),
    "pixel_pad": ("pixel_pad.sv",),
    "channels": ("channels.sv",),
    "deconv_dsp": (
        "finn:mvu/mvu_pkg.sv",
        "add_multi.sv",
        "finn:mvu/mvu.sv",
        "fifo.sv",
        "tap_axis.sv",
        "line_buffer.sv",
        "weight_rom.sv",
        "deconv.sv",
    ),
    "deconv_dsp2x": (
        "finn:mvu/mvu_pkg.sv",
        "add_multi.sv",
        "finn:mvu/mvu.sv",
        "mvu_pumped.sv",
        "fifo.sv",
        "tap_axis.sv",
        "line_buffer.sv",
        "weight_rom.sv",
        "deconv.sv",
    ),
    "deconv_lut": (
        "finn:mvu/mvu_pkg.sv",
        "add_multi.sv",
        "mvu_lut_pe.sv",
        "mvu_lut.sv",
        "fifo.sv",
        "tap_axis.sv",
        "line_buffer.sv",
        "weight_rom.sv",
        "deconv.sv",
    ),
}


def rtl_dir() -> Path:
    """Folder of our SystemVerilog modules."""
    return Path(__file__).parent / "rtl"


def cells() -> list[Path]:
    """Our simulation models of the Xilinx primitives that netlists are made of."""
    return sorted((Path(__file__).parent / "cells").glob("*.sv"))


def sources(module: str, finn_rtllib: Path) -> list[Path]:
    """Absolute paths of a module's sources, ours and FINN's (unpatched), in compile order."""
    return [
        finn_rtllib / name.removeprefix("finn:") if name.startswith("finn:") else rtl_dir() / name
        for name in _SOURCES[module]
    ]
