# SPDX-License-Identifier: Apache-2.0
"""DSP48E1 (UG479): a slice, its registers and its cascades from the neighbour below."""

from __future__ import annotations

from fpgan.build.implement.xc7.cells import ONE, ZERO, SiteCells, vector

_OUTPUTS = {"P": 48, "PCOUT": 48, "ACOUT": 30, "BCOUT": 18}  # bits
_INPUTS = {"A": 30, "B": 18, "C": 48, "D": 25, "INMODE": 5, "OPMODE": 7, "ALUMODE": 4, "CARRYINSEL": 3}
_CASCADES = {"ACIN": 30, "BCIN": 18, "PCIN": 48}
_SINGLE = (
    "CARRYIN", "CLK", "CEA1", "CEA2", "CEAD", "CEALUMODE", "CEB1", "CEB2", "CEC", "CECARRYIN", "CECTRL",
    "CED", "CEINMODE", "CEM", "CEP", "RSTA", "RSTALLCARRYIN", "RSTALUMODE", "RSTB", "RSTC", "RSTCTRL", "RSTD",
    "RSTINMODE", "RSTM", "RSTP",
)  # fmt: skip
_REGISTERS = ("AD", "ALUMODE", "CARRYIN", "CARRYINSEL", "C", "D", "INMODE", "M", "OPMODE", "P")
_INVERTED = {"ALUMODE": 4, "INMODE": 5, "OPMODE": 7}
_OF_PATTERNS = ("MASK", "PATTERN")  # what they are compared with is no output that is modelled


class Dsp(SiteCells):
    """Outputs P, PCOUT, ACOUT and BCOUT with their index."""

    prefix = "DSP48.DSP_{y}."
    known = frozenset(
        {"A_INPUT", "B_INPUT", "USE_DPORT", "ZIS_CLK_INVERTED", "ZIS_CARRYIN_INVERTED", *_OF_PATTERNS}
        | {f"Z{name}REG" for name in _REGISTERS}
        | {f"ZIS_{name}_INVERTED" for name in _INVERTED}
        | {f"{port}REG_{count}" for port in "AB" for count in (0, 2)}
        | {f"Z{port}REG_2_{port}CASCREG_1" for port in "AB"}
    )

    def constant(self, pin: str) -> str:
        return "" if self.features else ZERO  # what a slice that is not configured hands on is not used

    def output(self, pin: str) -> str:
        name = pin.rstrip("0123456789")
        if name not in _OUTPUTS:
            raise self.refused(f"its output {pin}")
        if self.once("cell"):
            ports = {port: self.netlist.wire(f"{self.name}_{port}", bits) for port, bits in _OUTPUTS.items()}
            ports |= {port: self._bits(port, bits) for port, bits in _INPUTS.items()}
            ports |= {port: self._cascade(port, bits) for port, bits in _CASCADES.items()}
            ports |= {port: self.pin(port) for port in _SINGLE} | {"CARRYCASCIN": ZERO, "MULTSIGNIN": ZERO}
            self.netlist.cell("DSP48E1", self.name, ports, self._parameters())
        return f"{self.name}_{name}[{pin[len(name) :]}]"

    def _bits(self, port: str, bits: int) -> str:
        return vector([self.pin(f"{port}{i}") for i in range(bits)])

    def _cascade(self, port: str, bits: int) -> str:
        """From the neighbour, where it is asked for; PCIN by OPMODE, which may change."""
        if port != "PCIN" and f"{port[0]}_INPUT[0]" not in self.features:
            return f"{bits}'d0"
        return vector([self.pin_or(f"{port}{i}", ZERO) for i in range(bits)])

    def _parameters(self) -> dict[str, str]:
        values = {f"{name}REG": str(int(f"Z{name}REG[0]" not in self.features)) for name in _REGISTERS}
        for port in "AB":
            count = next((n for n in (0, 2) if f"{port}REG_{n}" in self.features), 1)
            first = count == 2 and f"Z{port}REG_2_{port}CASCREG_1" not in self.features
            values |= {f"{port}REG": str(count), f"{port}CASCREG": str(1 if first else count)}
            values[f"{port}_INPUT"] = '"CASCADE"' if f"{port}_INPUT[0]" in self.features else '"DIRECT"'
        for name, bits in _INVERTED.items():
            inverted = self.number(f"ZIS_{name}_INVERTED", bits) ^ (1 << bits) - 1
            values[f"IS_{name}_INVERTED"] = f"{bits}'d{inverted}"
        for name in ("CLK", "CARRYIN"):
            values[f"IS_{name}_INVERTED"] = ZERO if f"ZIS_{name}_INVERTED" in self.features else ONE
        values["USE_DPORT"] = '"TRUE"' if "USE_DPORT[0]" in self.features else '"FALSE"'
        return values
