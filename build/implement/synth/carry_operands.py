# SPDX-License-Identifier: Apache-2.0
"""Which operand of an adder enters the carry chain itself, and which is merged into the LUT that adds.

A bit of an adder is a LUT, which makes A xor B, and a carry multiplexer, which takes A: A needs a wire of
its own, while the logic in front of B fits into the LUT. Yosys orders the operands by size; here the one that
is logic becomes B, so that a choice or a product's bit in front of an adder costs no LUT.
"""

from __future__ import annotations

from typing import Any

# Cells that are no logic of LUTs: what they put out is a wire of its own already.
_WIRES = ("$alu", "$macc", "$mem", "$scopeinfo")


def order(design: Any, ys: Any) -> int:
    """Exchange the operands of adders ($alu cells) where that saves LUTs; returns of how many."""
    names = {name: ys.IdString(f"\\{name}") for name in ("A", "B", "BI", "Y")}
    pairs = [[ys.IdString(f"\\{side}_{what}") for side in "AB"] for what in ("WIDTH", "SIGNED")]
    exchanged = 0
    for module in design.modules_.values():
        cells = list(module.cells_.values())
        adders = [
            cell for cell in cells
            if cell.type.str() == "$alu" and cell.getPort(names["BI"]).is_fully_zero()
        ]  # fmt: skip
        if not adders:
            continue
        logic = {
            bit
            for cell in cells
            if _is_logic(cell.type.str()) and cell.hasPort(names["Y"])
            for bit in _bits(cell.getPort(names["Y"]))
        }
        for adder in adders:
            first, second = adder.getPort(names["A"]), adder.getPort(names["B"])
            if len(logic.intersection(_bits(first))) <= len(logic.intersection(_bits(second))):
                continue
            adder.setPort(names["A"], second)
            adder.setPort(names["B"], first)
            for ours, theirs in pairs:
                of_first, of_second = adder.getParam(ours), adder.getParam(theirs)
                adder.setParam(ours, of_second)
                adder.setParam(theirs, of_first)
            exchanged += 1
    return exchanged


def _is_logic(kind: str) -> bool:
    return kind.startswith("$") and not kind.startswith(_WIRES) and "dff" not in kind.lower()


def _bits(signal: Any) -> list[tuple[str, int]]:
    """Wire and place of each bit that is no constant."""
    return [(bit.wire.name.str(), bit.offset) for bit in signal.bits() if bit.is_wire()]
