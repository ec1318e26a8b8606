# SPDX-License-Identifier: Apache-2.0
"""A netlist that grows from what is asked of it: expressions of Verilog, and cells of hw/cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.build.implement.xc7.nets import Nets, Pin
from fpgan.build.implement.xc7.records import Site

ZERO, ONE = "1'b0", "1'b1"


def inverted(expression: str) -> str:
    """The other value."""
    return {ZERO: ONE, ONE: ZERO}.get(expression, f"~{expression}")


def vector(expressions: Sequence[str]) -> str:
    """A vector of bits, the lowest first."""
    return f"{{{', '.join(reversed(expressions))}}}"


def reduced(table: int, inputs: Sequence[str]) -> tuple[int, list[str]]:
    """A truth table without the inputs that are constant or that it does not depend on.

    Input 0 is the lowest bit of the table's index.
    """
    bits = np.frombuffer(table.to_bytes(8, "little"), np.uint8)
    values: NDArray[Any] = np.unpackbits(bits, bitorder="little")[: 1 << len(inputs)].reshape(
        (2,) * len(inputs)
    )
    kept: list[str] = []
    for name in reversed(inputs):  # the highest is the first axis
        zero, one = values.take(0, len(kept)), values.take(1, len(kept))
        if name == ONE:
            values = one
        elif name == ZERO or (zero == one).all():
            values = zero
        else:
            kept.append(name)
    return int.from_bytes(np.packbits(values.ravel(), bitorder="little").tobytes(), "little"), kept[::-1]


def wire_name(pin: Pin) -> str:
    """The wire of a site's output."""
    return f"{pin.tile}_{pin.site}_{pin.name}"


@dataclass
class Netlist:
    """Verilog of cells; `wanted` are outputs of sites that something takes and nothing has made yet.

    constant: says of an output that it is one, "" of others.
    """

    constant: Callable[[Pin], str]
    wires: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    cells: dict[str, int] = field(default_factory=dict)  # kind -> number
    wanted: list[Pin] = field(default_factory=list)
    _asked: set[Pin] = field(default_factory=set)

    def output(self, pin: Pin) -> str:
        """The expression of a site's output: its wire, or a constant."""
        if value := self.constant(pin):
            return value
        if pin not in self._asked:
            self._asked.add(pin)
            self.wanted.append(pin)
        return wire_name(pin)

    def wire(self, name: str, bits: int = 0) -> str:
        """Declare a wire."""
        self.wires.append(f"wire {f'[{bits - 1}:0] ' if bits else ''}{name};")
        return name

    def assign(self, name: str, expression: str) -> None:
        """Declare a wire that is an expression."""
        self.lines.append(f"assign {self.wire(name)} = {expression};")

    def cell(
        self, kind: str, name: str, ports: Mapping[str, str], parameters: Mapping[str, str] | None = None
    ) -> None:
        """Add a cell; ports and parameters: name -> expression."""
        self.cells[kind] = self.cells.get(kind, 0) + 1
        values = ", ".join(f".{key}({value})" for key, value in (parameters or {}).items())
        pins = ", ".join(f".{key}({value})" for key, value in ports.items())
        self.lines.append(f"{kind} {f'#({values}) ' if values else ''}{name} ({pins});")

    def lut(self, name: str, table: int, inputs: Sequence[str]) -> str:
        """A LUT, as narrow as what it computes; the expression of its output."""
        table, inputs = reduced(table, inputs)
        if not inputs:
            return ONE if table else ZERO
        ports = {"O": self.wire(f"{name}_O"), **{f"I{i}": wire for i, wire in enumerate(inputs)}}
        self.cell(f"LUT{len(inputs)}", name, ports, {"INIT": f"{1 << len(inputs)}'h{table:X}"})
        return ports["O"]


class SiteCells:
    """What a configured site does: its outputs, of its input pins and its features.

    name: of the site on the part. features: without the site's own name in front.
    """

    known = frozenset[str]()  # features that are understood, vectors without their indices
    prefix = ""  # of the site's features, with its type, name and place in the tile

    @classmethod
    def own(cls, site: Site, features: Set[str]) -> set[str]:
        """Features of a tile that are the site's, without the prefix."""
        x, _, y = site.name.rpartition("_X")[2].partition("Y")
        prefix = cls.prefix.format(type=site.type, name=site.name, x=x, y=y)
        return (
            {feature.removeprefix(prefix) for feature in features if feature.startswith(prefix)}
            if prefix
            else set()
        )

    def __init__(
        self, netlist: Netlist, nets: Nets, place: tuple[str, Site], name: str, features: Set[str]
    ) -> None:
        self.netlist, self._nets, (self._tile, self._site) = netlist, nets, place
        self.name, self.features = name, features
        self._made: set[str] = set()
        for feature in sorted(features):
            if feature.partition("[")[0] not in self.known:
                raise self.refused(feature)

    def refused(self, what: str) -> ValueError:
        """The error of a site that does what is not modelled."""
        return ValueError(f"{self.name} in {self._tile}: {what} is not modelled")

    def output(self, pin: str) -> str:
        """The expression of an output pin."""
        raise NotImplementedError

    def constant(self, pin: str) -> str:
        """The expression of an output that is constant by the site's features alone, else ""."""
        return ""

    def pin(self, name: str) -> str:
        """The expression of an input pin. ValueError where nothing drives it."""
        found = self.pin_or(name, "")
        if not found:
            raise ValueError(f"{self.name} in {self._tile}: nothing drives its pin {name}")
        return found

    def pin_or(self, name: str, floating: str) -> str:
        """The same, with an expression for a pin that nothing drives."""
        source = self._nets.sources.get((self._tile, self._site.pins[name]))
        if isinstance(source, Pin):
            return self.netlist.output(source)
        return floating if source is None else ONE

    def inverting(self, name: str, floating: str) -> str:
        """An input pin that is inverted where the feature ZINV_name is not set."""
        found = self.pin_or(name, floating)
        return found if f"ZINV_{name}" in self.features else inverted(found)

    def number(self, name: str, bits: int, digits: int = 1) -> int:
        """What the features name[0], name[1], ... say; digits: how many the index of each has at least."""
        return sum(1 << i for i in range(bits) if f"{name}[{i:0{digits}}]" in self.features)

    def once(self, name: str) -> bool:
        """Whether this is the first time that a cell is asked for."""
        first = name not in self._made
        self._made.add(name)
        return first
