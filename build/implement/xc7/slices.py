# SPDX-License-Identifier: Apache-2.0
"""SLICEL and SLICEM: LUTs, memories in LUTs, wide multiplexers, carry chain and flip-flops (UG474)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fpgan.build.implement.xc7.cells import ONE, ZERO, SiteCells, vector

_LETTERS = "ABCD"
_WIDE = {"A": "F7", "B": "F8", "C": "F7"}  # the multiplexer behind a LUT
_FLIP_FLOPS = {  # whether the reset acts at once, and resets: cell and its port
    (False, True): ("FDRE", "R"),
    (False, False): ("FDSE", "S"),
    (True, True): ("FDCE", "CLR"),
    (True, False): ("FDPE", "PRE"),
}
_OF_LETTER = (
    "{0}LUT.INIT", "{0}FF.ZINI", "{0}FF.ZRST", "{0}5FF.ZINI", "{0}5FF.ZRST", "{0}5FFMUX.IN_A",
    "{0}5FFMUX.IN_B", "{0}FFMUX.{0}X", "{0}FFMUX.CY", "{0}FFMUX.XOR", "{0}FFMUX.O5", "{0}FFMUX.O6",
    "{0}OUTMUX.{0}5Q", "{0}OUTMUX.CY", "{0}OUTMUX.XOR", "{0}OUTMUX.O5", "{0}OUTMUX.O6", "CARRY4.{0}CY0",
    "{0}LUT.RAM", "{0}LUT.SMALL", "{0}LUT.SRL", "{0}LUT.DI1MUX.{0}I",
)  # fmt: skip
_OF_SLICE = ("FFSYNC", "CLKINV", "SRUSEDMUX", "CEUSEDMUX", "PRECYINIT.AX", "PRECYINIT.C1", "PRECYINIT.CIN",
             "WEMUX.CE")  # fmt: skip


class Slice(SiteCells):
    """Outputs A (LUT), AMUX (multiplexer), AQ (flip-flop) of each letter, and COUT."""

    prefix = "{type}_X{x}."
    known = frozenset(
        {name.format(letter) for letter in _LETTERS for name in _OF_LETTER}
        | {f"{letter}{mux}.{wide}" for letter, wide in _WIDE.items() for mux in ("FFMUX", "OUTMUX")}
        | {*_OF_SLICE, "DFFMUX.MC31", "DOUTMUX.MC31"}
    )

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._luts: dict[str, str] = {}

    def output(self, pin: str) -> str:
        if pin == "COUT":
            return self._carry(3, "CO")
        letter, what = pin[0], pin[1:]
        if what == "MUX":
            return self._chosen(f"{letter}OUTMUX", letter)
        return self._flip_flop(letter, "") if what == "Q" else self._lut(letter, 6)

    def constant(self, pin: str) -> str:
        letter, what = pin[0], pin[1:]
        halves = {"": (6,), "MUX": [n for n in (5, 6) if f"{letter}OUTMUX.O{n}" in self.features]}.get(
            what, ()
        )
        if not halves or self._is(letter, "RAM") or self._is(letter, "SRL"):
            return ""
        table = self.number(f"{letter}LUT.INIT", 64 if halves[0] == 6 else 32, 2)
        full = (1 << (64 if halves[0] == 6 else 32)) - 1
        return {0: ZERO, full: ONE}.get(table, "")

    def _chosen(self, mux: str, letter: str) -> str:
        """What a multiplexer passes on."""
        values: dict[str, Callable[[], str]] = {
            "O6": partial(self._lut, letter, 6),
            "O5": partial(self._lut, letter, 5),
            "XOR": partial(self._carry, _LETTERS.index(letter), "O"),
            "CY": partial(self._carry, _LETTERS.index(letter), "CO"),
            "F7": partial(self._wide7, letter),
            "F8": self._wide8,
            "MC31": partial(self._shifted_out, "A"),
            f"{letter}5Q": partial(self._flip_flop, letter, "5"),
            f"{letter}X": partial(self.pin, f"{letter}X"),
            "IN_A": partial(self._lut, letter, 5),
            "IN_B": partial(self.pin, f"{letter}X"),
        }
        ways = [way for way in values if f"{mux}.{way}" in self.features]
        if len(ways) != 1:
            raise self.refused(f"{mux} with {len(ways)} inputs chosen")
        return values[ways[0]]()

    def _lut(self, letter: str, output: int) -> str:
        if self._is(letter, "RAM"):
            return self._ram(letter, output)
        if self._is(letter, "SRL"):
            return self._shift_register(letter, output)
        key = f"{letter}{output}LUT"
        if key not in self._luts:
            table = self.number(f"{letter}LUT.INIT", 64, 2) % (1 << (1 << output))
            inputs = [self.pin(f"{letter}{i}") if table else ZERO for i in range(1, output + 1)]
            self._luts[key] = self.netlist.lut(f"{self.name}_{key}", table, inputs)
        return self._luts[key]

    def _is(self, letter: str, mode: str) -> bool:
        return f"{letter}LUT.{mode}" in self.features

    def _ram(self, letter: str, output: int) -> str:
        """A LUT that is written at the address of D's inputs: 64 bits, or twice 32 (SMALL)."""
        q = f"{self.name}_{letter}LUT_q"
        small, table = self._is(letter, "SMALL"), self.number(f"{letter}LUT.INIT", 64, 2)
        if output == 5 and not small:
            raise self.refused(f"O5 of {letter}LUT as a memory of 64 bits")
        if self.once(q):
            bits = 5 if small else 6
            halves = [table & 0xFFFFFFFF, table >> 32]
            woven = sum((half >> i & 1) << (2 * i + n) for n, half in enumerate(halves) for i in range(32))
            data = [self._data_in(letter), *([self.pin(f"{letter}X")] if small else [])]
            self.netlist.cell(
                "fpgan_lutram",
                f"{self.name}_{letter}LUT",
                {
                    "q": self.netlist.wire(q, 2 if small else 1),
                    "read": vector([self.pin(f"{letter}{i}") for i in range(1, bits + 1)]),
                    "write": vector([self.pin(f"D{i}") for i in range(1, bits + 1)]),
                    "clk": self._clock(),
                    "we": self._write_enable(),
                    "d": vector(data),
                },
                {"WIDTH": "2" if small else "1", "DEPTH": str(1 << bits),
                 "INIT": f"64'h{woven if small else table:X}"},
            )  # fmt: skip
        return f"{q}[{output - 5 if small else 0}]"

    def _shift_register(self, letter: str, output: int) -> str:
        """32 bits, or twice 16 (SMALL): every bit takes two of the table's."""
        small, table = self._is(letter, "SMALL"), self.number(f"{letter}LUT.INIT", 64, 2)
        if output == 5 and not small:
            raise self.refused(f"O5 of {letter}LUT as a shift register of 32 bits")
        bits = 16 if small else 32
        first = 32 if small and output == 6 else 0
        pairs = [table >> (first + 2 * i) & 3 for i in range(bits)]
        if not set(pairs) <= {0, 3}:
            raise self.refused(f"{letter}LUT as a shift register with halves of bits")
        name = f"{self.name}_{letter}{output if small else 6}SRL"
        if self.once(name):
            init = f"{bits}'h{sum((pair & 1) << i for i, pair in enumerate(pairs)):X}"
            data = self.pin(f"{letter}X") if small and output == 6 else self._data_in(letter)
            ports = {"Q": self.netlist.wire(f"{name}_Q"), "CE": self._write_enable(),
                     "CLK": self._clock(), "D": data}  # fmt: skip
            address = [self.pin(f"{letter}{i}") for i in range(2, 6 if small else 7)]
            if small:
                ports |= {f"A{i}": wire for i, wire in enumerate(address)}
            else:
                ports |= {"A": vector(address), "Q31": self.netlist.wire(f"{name}_Q31")}
            self.netlist.cell("SRL16E" if small else "SRLC32E", name, ports, {"INIT": init})
        return f"{name}_Q"

    def _shifted_out(self, letter: str) -> str:
        """The end of a shift register of 32 bits."""
        if not self._is(letter, "SRL") or self._is(letter, "SMALL"):
            raise self.refused(f"MC31 of {letter}LUT, which is no shift register of 32 bits")
        return f"{self._shift_register(letter, 6)}31"

    def _data_in(self, letter: str) -> str:
        """What is written into a LUT: its own input, or what the next letter is given or shifts out."""
        if letter == "D" or f"{letter}LUT.DI1MUX.{letter}I" in self.features:
            return self.pin(f"{letter}I")
        above = _LETTERS[_LETTERS.index(letter) + 1]
        if self._is(above, "SRL"):
            return self._shifted_out(above)
        return self._data_in(above) if letter == "A" else self.pin("DI")

    def _write_enable(self) -> str:
        return self.pin("CE" if "WEMUX.CE" in self.features else "WE")

    def _wide7(self, letter: str) -> str:
        """Of two LUTs: where A's or C's X is 1, its own."""
        name, other = f"{self.name}_F7{letter}MUX", _LETTERS[_LETTERS.index(letter) + 1]
        return self._mux("MUXF7", name, self._lut(other, 6), self._lut(letter, 6), f"{letter}X")

    def _wide8(self) -> str:
        return self._mux("MUXF8", f"{self.name}_F8MUX", self._wide7("C"), self._wide7("A"), "BX")

    def _mux(self, kind: str, name: str, zero: str, one: str, select: str) -> str:
        if self.once(name):
            ports = {"O": self.netlist.wire(f"{name}_O"), "I0": zero, "I1": one, "S": self.pin(select)}
            self.netlist.cell(kind, name, ports)
        return f"{name}_O"

    def _carry(self, index: int, port: str) -> str:
        name = f"{self.name}_CARRY4"
        if self.once(name):
            start = {"AX": "AX", "CIN": "CIN"}
            chosen = [pin for way, pin in start.items() if f"PRECYINIT.{way}" in self.features]
            first = self.pin(chosen[0]) if chosen else ONE if "PRECYINIT.C1" in self.features else ZERO
            self.netlist.cell(
                "CARRY4",
                name,
                {
                    "CO": self.netlist.wire(f"{name}_CO", 4),
                    "O": self.netlist.wire(f"{name}_O", 4),
                    "CI": first,
                    "CYINIT": ZERO,
                    "DI": vector([self._generated(letter) for letter in _LETTERS]),
                    "S": vector([self._lut(letter, 6) for letter in _LETTERS]),
                },
            )
        return f"{name}_{port}[{index}]"

    def _generated(self, letter: str) -> str:
        """The carry that a bit makes where it does not pass one on."""
        return self._lut(letter, 5) if f"CARRY4.{letter}CY0" in self.features else self.pin(f"{letter}X")

    def _flip_flop(self, letter: str, five: str) -> str:
        key = f"{letter}{five}FF"
        name = f"{self.name}_{key}"
        if self.once(name):
            at_once, resets = "FFSYNC" not in self.features, f"{key}.ZRST" in self.features
            kind, port = _FLIP_FLOPS[at_once, resets]
            ports = {
                "Q": self.netlist.wire(f"{name}_Q"),
                "C": self.pin("CLK"),
                "CE": self.pin("CE") if "CEUSEDMUX" in self.features else ONE,
                "D": self._chosen(f"{key}MUX", letter),
                port: self.pin("SR") if "SRUSEDMUX" in self.features else ZERO,
            }
            init = ZERO if f"{key}.ZINI" in self.features else ONE
            falling = {"IS_C_INVERTED": ONE} if "CLKINV" in self.features else {}
            self.netlist.cell(kind, name, ports, {"INIT": init, **falling})
        return f"{name}_Q"

    def _clock(self) -> str:
        """Of memories, which are modelled at the rising edge alone."""
        if "CLKINV" in self.features:
            raise self.refused("a memory at the falling edge")
        return self.pin("CLK")
