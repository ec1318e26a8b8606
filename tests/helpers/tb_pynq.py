# SPDX-License-Identifier: Apache-2.0
"""What runs inside cocotb with cocotbpynq in pynq's place: the lines that run on a board.

Plusargs: deploy, a folder of `fpgan bitstream` with fpgan.bit and fpgan.hwh.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import cocotb
import cocotbpynq
import numpy as np

DEPLOY = Path(str(cocotb.plusargs["deploy"]))
sys.modules["pynq"] = cocotbpynq
sys.path.insert(0, str(DEPLOY))
os.environ["HWH_LOCATION_DIR"] = str(DEPLOY)
_SPARE = 64  # words of the image's buffer behind the image: tlast ends the transfer, not the buffer


@cocotbpynq.synctest
def selftest(dut: Any = None) -> None:
    """selftest.py as it is deployed, with the driver beside it."""
    import selftest as deployed

    assert Path(deployed.__file__).parent == DEPLOY
    assert deployed.main(["--images", "2", "--timed", "3"]) == 0


@cocotbpynq.synctest
def axi_dma(dut: Any = None) -> None:
    """A PYNQ script of a user who put the accelerator behind an AXI DMA."""
    from pynq import Overlay, allocate

    with np.load(DEPLOY / "golden.npz") as data:
        latents, images = data["latent"].astype(np.int8), data["image"].astype(np.int8)
    overlay = Overlay(str(DEPLOY / "fpgan.bit"))
    dma = overlay.axi_dma_0
    words = -(-latents[0].size // 4)
    source = allocate(shape=(words,), dtype=np.uint32)
    sink = allocate(shape=(images[0].size // 4 + _SPARE,), dtype=np.uint32)
    for latent, image in zip(latents[:3], images[:3], strict=True):
        sink[:] = 0xDEADBEEF
        source.view(np.int8)[: latent.size] = latent
        dma.recvchannel.transfer(sink)
        dma.sendchannel.transfer(source)
        dma.sendchannel.wait()
        dma.recvchannel.wait()
        got = sink.view(np.int8)
        assert np.array_equal(got[: image.size].reshape(image.shape), image)
        assert (sink[image.size // 4 :] == 0xDEADBEEF).all(), "the transfer did not end with the image"
