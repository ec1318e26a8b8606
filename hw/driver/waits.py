# SPDX-License-Identifier: Apache-2.0
"""What a call waits for that makes no progress, in words."""

from __future__ import annotations

# by the call's source and its sink
_INPUTS = {
    "WINDOW": "the input window, for the driver's latents", "DMA": "the memory's read channel, for latents",
    "GENERATOR": "the generator of latents",
}  # fmt: skip
_OUTPUTS = {
    "WINDOW": "the output window, for images", "DMA": "the memory's write channel, for images",
    "NONE": "the accelerator, for its images",
}  # fmt: skip


def stuck(seconds: float, source: str, sink: str, n: int, latents: int, images: int) -> str:
    """Of a call of `n` images: the accelerator needs nothing but latents to finish what it began."""
    waits = _INPUTS[source] if latents == images < n else _OUTPUTS[sink]
    return (
        f"no progress for {seconds:g} s: {images} of {n} images are out, {latents} latents are in; "
        f"what waits is {waits}"
    )


def stuck_load(seconds: float, source: str, n: int) -> str:
    """Of a call that loads `n` bytes of weights."""
    waits = "the input window" if source == "WINDOW" else "the memory's read channel"
    return f"{n:,} bytes of weights are not loaded after {seconds:g} s; what waits is {waits}"
