# SPDX-License-Identifier: Apache-2.0
"""Whether the weights of a network fit at all: a bound that is known before anything slow is done."""

from __future__ import annotations

import numpy as np

from fpgan.build.folding.fold import InfeasibleError
from fpgan.build.folding.limits import Budget
from fpgan.build.frontend.network import Network, QuantLayer
from fpgan.hw.boards import Board, boards

_BRAM18_BITS, _LUT_BITS = 18 * 1024, 64  # what each holds at most, of a memory that is only read
_URAM_BITS = 288 * 1024


def check_weights(network: Network, limits: Budget, share: float, loaded: bool = False) -> None:
    """InfeasibleError, one line, where no folding has room for the weights.

    share: of a board, by which a larger one is named; loaded: UltraRAM may hold weights. No option of a layer
    costs less than this: folding may still find that a network does not fit.
    """
    bits, room = weight_bits(network), capacity(limits)
    if bits <= room:
        return
    kinds = "block RAM and UltraRAM" if limits.uram else "block RAM"
    block, lut = capacity(Budget(0, 0, limits.bram18, limits.uram)), capacity(Budget(limits.lut, 0, 0))
    raise InfeasibleError(
        f"no folding fits {limits}: the weights bind, {_said(bits)} of them; {kinds} within this holds "
        f"{_said(block)} and LUTs, if there were nothing else, {_said(lut)}; {_way_out(bits, share, loaded)}"
    )


def weight_bits(network: Network) -> int:
    """What all weights take at least, whichever channels change their sign."""
    layers = [layer for layer in network.layers if isinstance(layer, QuantLayer)]
    return sum(layer.linear.weights.size * _width(layer.linear.weights) for layer in layers)


def capacity(limits: Budget) -> int:
    """Bits of weights that these amounts hold at most."""
    return limits.bram18 * _BRAM18_BITS + limits.lut * _LUT_BITS + limits.uram * _URAM_BITS


def _width(weights: np.ndarray) -> int:
    """Bits of a signed number of that size, a power of two being one that may be negative."""
    largest = max(int(weights.max()), -int(weights.min()), 1)
    return max(2, (largest - 1).bit_length() + 1)


def _way_out(bits: int, share: float, loaded: bool) -> str:
    def held(board: Board) -> int:
        lut, bram18, uram = (int(share * n) for n in (board.LUT, board.BRAM18, loaded * board.URAM))
        return capacity(Budget(lut, 0, bram18, uram))

    holding = [board for board in boards().values() if held(board) >= bits]
    if not holding:
        return "no board that is known here holds them: fewer channels or bits per weight do"
    smallest = min(holding, key=lambda board: board.LUT)
    return f"take fewer channels or bits per weight, or a larger board, as {smallest.name}"


def _said(bits: int) -> str:
    return f"{bits / 1e6:.1f} Mbit" if bits >= 1e6 else f"{bits:,} bit"
