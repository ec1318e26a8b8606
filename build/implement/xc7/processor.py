# SPDX-License-Identifier: Apache-2.0
"""The processor system: ports of hw/cells' model of it, by the pins of its site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from fpgan.build.implement.xc7.cells import ONE, ZERO, SiteCells, vector
from fpgan.hw.sources import cells
from fpgan.hw.system.reading import read_text

_MODULE = re.compile(r"\bmodule\s+PS7\b[^(]*\((.*?)\);", re.DOTALL)
_PORT = re.compile(r"(?:(input|output)\s+(?:logic\s+|wire\s+)?(?:\[(\d+):0\]\s*)?)?(\w+)\Z")


class Processor(SiteCells):
    """PS7, an instance called ps7; it has no features."""

    @cached_property
    def _ports(self) -> dict[str, tuple[bool, Sequence[str]]]:
        """Of the model: name -> whether it is an input, and the site's pins, the lowest bit first."""
        (text,) = (found[1] for path in cells() if (found := _MODULE.search(read_text(path))))
        ports: dict[str, tuple[bool, Sequence[str]]] = {}
        way, high = "", ""
        for item in text.split(","):
            match = _PORT.search(item.strip())
            assert match, f"a port of the model of PS7 that is not read: {item}"
            if match[1]:
                way, high = match[1], match[2] or ""
            pins = [f"{match[3]}{i}" for i in range(int(high) + 1)] if high else [match[3]]
            ports[match[3]] = way == "input", pins
        return ports

    def place(self) -> None:
        """Make the instance. ValueError where the design drives a pin that the model lacks."""
        modelled = {pin for _, pins in self._ports.values() for pin in pins}
        for pin in self._site.pins:
            if pin not in modelled and self._driven(pin):
                raise self.refused(f"its pin {pin}")
        ports = {}
        for name, (is_input, pins) in self._ports.items():
            expressions = [self.pin_or(pin, ZERO) if is_input else self._own(pin) for pin in pins]
            ports[name] = vector(expressions)
        self.netlist.cell("PS7", "ps7", ports)

    def _own(self, pin: str) -> str:
        return self.netlist.wire(f"ps7_{pin}")

    def output(self, pin: str) -> str:
        if not any(pin in pins for is_input, pins in self._ports.values() if not is_input):
            raise self.refused(f"its pin {pin}")
        return f"ps7_{pin}"

    def _driven(self, pin: str) -> bool:
        """Whether it is an input that changes."""
        return self.pin_or(pin, ZERO) not in (ZERO, ONE)
