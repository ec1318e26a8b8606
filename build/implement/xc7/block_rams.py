# SPDX-License-Identifier: Apache-2.0
"""Block RAM (UG473): each half of a tile as a RAMB18E1, for a RAMB36 is two that get the same addresses."""

from __future__ import annotations

from collections.abc import Mapping, Set

from fpgan.build.implement.xc7.cells import ONE, ZERO, SiteCells, vector
from fpgan.build.implement.xc7.records import Site

_WIDTHS = (2, 4, 9, 18)
_PORTS = {"A": ("ADDRARDADDR", "CLKARDCLK", "ENARDEN", "RSTRAMARSTRAM", "RSTREGARSTREG", "REGCEAREGCE"),
          "B": ("ADDRBWRADDR", "CLKBWRCLK", "ENBWREN", "RSTRAMB", "RSTREGB", "REGCEB")}  # fmt: skip
_INVERTED = [pin for pins in _PORTS.values() for pin in pins[1:5]]
_OUTPUTS = {"DOADO": 16, "DOPADOP": 2, "DOBDO": 16, "DOPBDOP": 2}  # bits
_MODES = ("NO_CHANGE", "READ_FIRST")
_HARMLESS = ("RAMB36.RAM_EXTENSION_A_NONE", "RAMB36.RAM_EXTENSION_B_NONE", "CASCOUT_", "ZALMOST_")
_PARITY_FROM = 9  # bits of a port that has parity pins


class BlockRam(SiteCells):
    """Outputs DOADO, DOPADOP, DOBDO and DOPBDOP with their index."""

    prefix = "RAMB18_Y{y}."
    known = frozenset(
        {"IN_USE", "DOA_REG", "DOB_REG", "SDP_READ_WIDTH_36", "SDP_WRITE_WIDTH_36"}
        | {f"ZINV_{pin}" for pin in (*_INVERTED, "REGCLKARDRCLK", "REGCLKB")}
        | {f"{way}_WIDTH_{port}_{bits}" for way in ("READ", "WRITE") for port in "AB" for bits in _WIDTHS}
        | {f"WRITE_MODE_{port}_{mode}" for port in "AB" for mode in _MODES}
        | {f"{name}_{port}" for name in ("ZINIT", "ZSRVAL") for port in "AB"}
        | {f"RSTREG_PRIORITY_{port}_REGCE" for port in "AB"}
        | {f"RDADDR_COLLISION_HWCONFIG_{how}" for how in ("PERFORMANCE", "DELAYED_WRITE")}
        | {f"INIT{p}_{i:02X}" for p, rows in (("", 64), ("P", 8)) for i in range(rows)}
    )

    @classmethod
    def own(cls, site: Site, features: Set[str]) -> set[str]:
        """With those of the whole tile that change what a half does."""
        whole = {feature for feature in features if "." not in feature or feature.startswith("RAMB36.")}
        return super().own(site, features) | {name for name in whole if not name.startswith(_HARMLESS)}

    def output(self, pin: str) -> str:
        name = pin.rstrip("0123456789")
        if name not in _OUTPUTS:
            raise self.refused(f"its output {pin}")
        if self.once("cell"):
            self._cell()
        return f"{self.name}_{name}[{pin[len(name) :]}]"

    def _cell(self) -> None:
        ports = {name: self.netlist.wire(f"{self.name}_{name}", bits) for name, bits in _OUTPUTS.items()}
        for port, (address, clock, enable, *resets, enable_register) in _PORTS.items():
            idle = self._idle(port)
            ports[enable] = self.inverting(enable, ONE)
            for pin in (clock, *resets):
                ports[pin] = self._needed(pin, self.inverting(pin, idle) if self.pin_or(pin, idle) else "")
            ports[enable_register] = self.pin_or(enable_register, ONE)
            ports[address] = self._bits(address, 14, idle)
            ports[f"DI{port}DI"] = self._bits(f"DI{port}DI", 16, ONE)
            ports[f"DIP{port}DIP"] = self._bits(f"DIP{port}DIP", 2, ONE)
        enables = {port: self._enables(port) for port in "AB"}
        ports["WEA"] = vector(enables["A"])
        ports["WEBWE"] = vector([*enables["B"], ZERO, ZERO][:4])
        self.netlist.cell("RAMB18E1", self.name, ports, self._parameters(enables))

    def _idle(self, port: str) -> str:
        """What stands for inputs that float: of a port that never works, 0."""
        return ZERO if self.inverting(_PORTS[port][2], ONE) == ZERO else ""

    def _wide(self, way: str) -> bool:
        """Whether a port has 36 bits: port A reads, port B writes them."""
        return f"SDP_{way}_WIDTH_36" in self.features

    def _needed(self, pin: str, found: str) -> str:
        if not found:
            raise ValueError(f"{self.name}: nothing drives its pin {pin}")
        return found

    def _bits(self, name: str, bits: int, floating: str) -> str:
        return vector([self._needed(f"{name}{i}", self.pin_or(f"{name}{i}", floating)) for i in range(bits)])

    def _enables(self, port: str) -> list[str]:
        """Of each byte that a port may write; each has two pins."""
        name, count = {"A": ("WEA", 2), "B": ("WEBWE", 4 if self._wide("WRITE") else 2)}[port]
        pins = [self.pin_or(f"{name}{i}", ONE) for i in range(2 * count)]
        if pins[::2] != pins[1::2]:
            raise self.refused(f"two pins of {name} for a byte that differ")
        return pins[::2]

    def _parameters(self, enables: Mapping[str, list[str]]) -> dict[str, str]:
        values = {"READ_WIDTH_A": "36"} if self._wide("READ") else {}
        values |= {"WRITE_WIDTH_B": "36"} if self._wide("WRITE") else {}
        for port in "AB":
            values = {**self._widths(port, enables[port]), **values}
            values[f"DO{port}_REG"] = str(int(f"DO{port}_REG" in self.features))
            modes = [mode for mode in _MODES if f"WRITE_MODE_{port}_{mode}" in self.features]
            values[f"WRITE_MODE_{port}"] = f'"{modes[0] if modes else "WRITE_FIRST"}"'
            for name in ("INIT", "SRVAL"):
                values[f"{name}_{port}"] = f"18'h{self.number(f'Z{name}_{port}', 18) ^ 0x3FFFF:X}"
            if f"RSTREG_PRIORITY_{port}_REGCE" in self.features:
                values[f"RSTREG_PRIORITY_{port}"] = '"REGCE"'
        return values | self._contents()

    def _widths(self, port: str, enables: list[str]) -> dict[str, str]:
        """Bits that a port reads and writes; 0 where it does not, or they are those of a port of 36."""
        used = {pin.name for pin in self._nets.used if (pin.tile, pin.site) == (self._tile, self._site.name)}
        read = used & {f"DO{port}DO{i}" for i in range(16)} | (
            parity := used & {f"DOP{port}DOP{i}" for i in range(2)}
        )
        writes = not self._idle(port) and any(enable != ZERO for enable in enables)
        widths = {
            way: max((bits for bits in _WIDTHS if f"{way}_WIDTH_{port}_{bits}" in self.features), default=1)
            for way in ("READ", "WRITE")
        }
        if parity and widths["READ"] < _PARITY_FROM and not self._wide("READ"):
            raise self.refused(f"parity of a port of {widths['READ']} bits")
        reads = bool(read) and not (port == "B" and self._wide("READ"))
        writes = writes and not (port == "A" and self._wide("WRITE"))
        return {
            f"READ_WIDTH_{port}": str(widths["READ"] * reads),
            f"WRITE_WIDTH_{port}": str(widths["WRITE"] * writes),
        }

    def _contents(self) -> dict[str, str]:
        rows = [f"INIT{parity}_{row:02X}" for parity, count in (("", 64), ("P", 8)) for row in range(count)]
        return {row: f"256'h{content:X}" for row in rows if (content := self.number(row, 256, 3))}
