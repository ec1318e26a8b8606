# SPDX-License-Identifier: Apache-2.0
"""Clock buffers: BUFGCTRL and BUFHCE as far as they pass one input on at all times (UG472)."""

from __future__ import annotations

from fpgan.build.implement.xc7.cells import ONE, SiteCells


class GlobalBuffer(SiteCells):
    """BUFGCTRL whose selection never changes: a BUFG."""

    prefix = "BUFGCTRL.{name}."
    known = frozenset(
        {"IN_USE", "IS_IGNORE0_INVERTED", "IS_IGNORE1_INVERTED", "PRESELECT_I1", "ZPRESELECT_I0"}
        | {f"ZINV_{pin}{i}" for pin in ("CE", "S") for i in range(2)}
    )

    def output(self, pin: str) -> str:
        chosen = [i for i in range(2) if all(self.inverting(f"{way}{i}", ONE) == ONE for way in ("CE", "S"))]
        if "IN_USE" not in self.features or len(chosen) != 1:
            raise self.refused("a clock that is not always one of its two inputs")
        if self.once("cell"):
            name = self.netlist.wire(f"{self.name}_O")
            self.netlist.cell("BUFG", self.name, {"O": name, "I": self.pin(f"I{chosen[0]}")})
        return f"{self.name}_O"


class RowBuffer(SiteCells):
    """BUFHCE that is always enabled."""

    prefix = "BUFHCE.{name}."
    known = frozenset({"IN_USE", "ZINV_CE", "CE_TYPE.ASYNC", "INIT_OUT"})

    def output(self, pin: str) -> str:
        if "IN_USE" not in self.features or self.inverting("CE", ONE) != ONE:
            raise self.refused("a clock that can be disabled")
        return self.pin("I")
