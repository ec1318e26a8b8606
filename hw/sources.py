# SPDX-License-Identifier: Apache-2.0
"""Which source files each of our modules is made of, in compile order."""

from __future__ import annotations

from pathlib import Path

_MVU = ("finn:mvu/mvu_pkg.sv", "add_multi.sv")
_FINN_MVU = (*_MVU, "finn:mvu/mvu.sv")
_DECONV = (
    "fifo.sv", "tap_axis.sv", "pixel_word.sv", "line_buffer.sv", "load_words.sv", "weight_rom.sv",
    "weight_ram.sv", "weight_reader.sv", "mac_cores.sv", "deconv_channels.sv", "deconv.sv",
)  # fmt: skip

_LUT = ("mvu_lut_pe.sv", "mvu_lut.sv")
_CASCADE = ("cascade_slice.sv", "mvu_cascade_pe.sv", "mvu_cascade.sv", "cascade_rom.sv", "cascade_delay.sv")
_REQUANTIZE = ("fifo.sv", "weight_rom.sv")

_HOST = (
    "host_pkg.sv", "fifo.sv", "width_convert.sv", "beats_to_words.sv", "latent_source.sv", "axil_port.sv",
    "call_control.sv", "weight_feed.sv", "axil_stream.sv",
)  # fmt: skip
_DMA = (
    "fifo.sv", "width_convert.sv", "beats_to_words.sv", "axi_read.sv", "axi_write.sv", "axi_dma_stream.sv",
)  # fmt: skip

# "finn:" names a file of FINN's library that is copied and patched (see finn_sources.py).
_SOURCES: dict[str, tuple[str, ...]] = {
    "fifo": ("fifo.sv",),
    "width_convert": ("width_convert.sv",),
    "pixel_pad": ("pixel_pad.sv",),
    "batch_buffer": ("batch_buffer.sv",),
    "pixel_select": ("fifo.sv", "line_buffer.sv", "table_walk.sv", "pixel_select.sv"),
    "channels": ("channels.sv",),
    "stream_fork": ("stream_fork.sv",),
    "stream_last": ("stream_last.sv",),
    "stream_add": ("stream_add.sv",),
    "stream_concat": ("stream_concat.sv",),
    "stream_max": ("stream_max.sv",),
    "stream_lookup": ("stream_lookup.sv",),
    "stream_requantize_lut": (*_REQUANTIZE, "scale_lut.sv", "stream_requantize.sv"),
    "stream_requantize_dsp": (*_REQUANTIZE, *_FINN_MVU, "stream_requantize.sv"),
    "beats_to_words": ("width_convert.sv", "beats_to_words.sv"),
    "thresholding_loaded": (
        "load_words.sv",
        "finn:thresholding/hdl/thresholding.sv",
        "thresholding_loaded.sv",
    ),
    "thresholding_tiles": ("finn:thresholding/hdl/thresholding.sv", "thresholding_tiles.sv"),
    "weight_tiles": ("width_convert.sv", "weight_ram.sv", "weight_tiles.sv"),
    "weight_loader": ("load_gate.sv", "weight_loader.sv"),
    "latent_source": ("fifo.sv", "width_convert.sv", "latent_source.sv"),
    "axil_stream": _HOST,
    "axi_dma_stream": _DMA,
    "axi3_axil": ("axi3_burst.sv", "axi3_axil.sv"),
    "zynq7_top": ("axi3_burst.sv", "axi3_axil.sv", "zynq7_top.sv"),
    "mvu": _FINN_MVU,
    "mvu_lut": (*_MVU, *_LUT),
    "mvu_cascade": (*_MVU, *_CASCADE),
    "deconv_dsp": (*_FINN_MVU, *_DECONV),
    "deconv_dsp2x": (*_FINN_MVU, "mvu_pumped.sv", *_DECONV),
    "deconv_lut": (*_MVU, *_LUT, *_DECONV),
    "deconv_cascade": (*_MVU, *_CASCADE, *_DECONV),
    "deconv_lut_cascade": (*_MVU, *_LUT, *_CASCADE, *_DECONV),
}

_PROPERTY_PARTS = ("any_reset", "stream_held", "stream_holds", "stream_order", "stream_within", "stream_rate")


def rtl_file(name: str) -> Path:
    """A SystemVerilog file of ours, by its name: rtl/*/NAME, one file of a name."""
    (path,) = (Path(__file__).parent / "rtl").glob(f"*/{name}")
    return path


def held_checks() -> list[Path]:
    """What every simulation binds to our RTL: outputs hold while stalled, or a message says where not."""
    return [Path(__file__).parent / "checks" / name for name in ("stream_held.sv", "held_bound.sv")]


def properties(module: str) -> list[Path]:
    """What a proof of a module reads besides its RTL: MODULE_properties.sv, its top, last."""
    checks = Path(__file__).parent / "checks"
    return [*(checks / f"{name}.sv" for name in _PROPERTY_PARTS), checks / f"{module}_properties.sv"]


def hls_dir() -> Path:
    """Folder of our HLS kernels; csim/ inside holds stand-ins of Vitis HLS' headers."""
    return Path(__file__).parent / "hls"


def cells() -> list[Path]:
    """Our simulation models of the Xilinx primitives that netlists are made of, in compile order."""
    return sorted((Path(__file__).parent / "cells").glob("*.sv"))


def sources(module: str, finn_rtllib: Path) -> list[Path]:
    """Absolute paths of a module's sources, ours and FINN's (unpatched), in compile order."""
    return [
        finn_rtllib / name.removeprefix("finn:") if name.startswith("finn:") else rtl_file(name)
        for name in _SOURCES[module]
    ]
