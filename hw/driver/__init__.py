# SPDX-License-Identifier: Apache-2.0
"""Runs an FPGAN accelerator on a board: needs numpy alone, and uses pynq where it is installed.

board = open_board("fpgan.bit", address=0x43C00000)
accelerator = Accelerator(board)
images = accelerator.generate(seed=1, n=64)  # (64,H,W,C) integers, worth accelerator.image_scale each
print(accelerator.timing)
"""

from .accelerator import (
    Accelerator,
    AcceleratorError,
    Bytes,
    IntArray,
    NoMemoryError,
    Words,
    bit_to_bin,
    latent_table,
    open_board,
    pack,
    random_latents,
    seed_state,
    unpack,
)

__all__ = [
    "Accelerator",
    "AcceleratorError",
    "Bytes",
    "IntArray",
    "NoMemoryError",
    "Words",
    "bit_to_bin",
    "latent_table",
    "open_board",
    "pack",
    "random_latents",
    "seed_state",
    "unpack",
]
