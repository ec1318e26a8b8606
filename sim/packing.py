# SPDX-License-Identifier: Apache-2.0
"""Integers to stream words and back: element 0 in the low bits, words padded to whole bytes."""

from fpgan.hw.driver.formats import pack, unpack  # there because the driver runs alone on a board

__all__ = ["pack", "unpack"]
