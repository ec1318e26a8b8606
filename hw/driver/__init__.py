# SPDX-License-Identifier: Apache-2.0
"""Runs an FPGAN accelerator on a board: needs numpy alone, and uses pynq where it is installed.

board = open_board("fpgan.bit", address=0x43C00000)
accelerator = Accelerator(board)
images = accelerator.generate(seed=1, n=64)  # (64,H,W,C) integers, worth accelerator.image_scale each
print(accelerator.timing)
"""

from .accelerator import Accelerator
from .bitstream import load_bitstream
from .boards import open_board
from .by_pynq import PynqBoard, PynqBuffer
from .clocks import set_clock
from .dma_buffer import DmaBuffer
from .formats import IntArray
from .interface import AcceleratorError, Board, Buffer, NoMemoryError
from .latents import random_latents
from .mapped import MappedBoard

__all__ = [
    "Accelerator",
    "AcceleratorError",
    "Board",
    "Buffer",
    "DmaBuffer",
    "IntArray",
    "MappedBoard",
    "NoMemoryError",
    "PynqBoard",
    "PynqBuffer",
    "load_bitstream",
    "open_board",
    "random_latents",
    "set_clock",
]
