# SPDX-License-Identifier: Apache-2.0
"""A DSP slice from its features and pins.

Would catch: a register or an inversion read the wrong way round, a cascade that is taken where A and B are
the slice's own.
"""

from __future__ import annotations

import re

import pytest

from fpgan.build.implement.xc7.cells import Netlist
from fpgan.build.implement.xc7.dsps import _CASCADES, _INPUTS, _OUTPUTS, _SINGLE, Dsp
from fpgan.build.implement.xc7.nets import Nets, Pin
from fpgan.build.implement.xc7.records import Site

_PINS = [
    f"{name}{i}"
    for ports in (_INPUTS, _CASCADES, _OUTPUTS)
    for name, bits in ports.items()
    for i in range(bits)
]
_SITE = Site("DSP48_X0Y1", "DSP48E1", {pin: pin for pin in (*_PINS, *_SINGLE)})
_TILE = "DSP_R_X1Y5"


def cell(*features: str, floating: tuple[str, ...] = ()) -> tuple[str, Dsp]:
    """The line of a slice whose inputs are wires of their own names."""
    sources = {(_TILE, pin): Pin("T", "S", pin) for pin in _SITE.pins if pin not in floating}
    netlist = Netlist(lambda pin: "")
    tile = {f"DSP48.DSP_1.{name}" for name in features} | {"DSP48.DSP_0.PATTERN[3]"}
    slice_ = Dsp(netlist, Nets(sources, 0, 0), (_TILE, _SITE), "DSP48_X0Y7", Dsp.own(_SITE, tile))
    assert slice_.output("P5") == "DSP48_X0Y7_P[5]" and slice_.output("PCOUT0") == "DSP48_X0Y7_PCOUT[0]"
    (line,) = netlist.lines
    return line, slice_


def test_registers_and_inversions():
    line, _ = cell(
        "ZMREG[0]", "AREG_2", "ZAREG_2_ACASCREG_1", "BREG_2", "ZIS_CLK_INVERTED", "ZIS_OPMODE_INVERTED[6]"
    )
    values = dict(re.findall(r"\.(\w+)\(([^()]*)\)", line[: line.index(") DSP48_X0Y7")]))
    assert (values["MREG"], values["PREG"]) == ("0", "1")
    assert (values["AREG"], values["ACASCREG"]) == ("2", "2") and (values["BREG"], values["BCASCREG"]) == (
        "2",
        "1",
    )
    assert values["IS_CLK_INVERTED"] == "1'b0" and values["IS_CARRYIN_INVERTED"] == "1'b1"
    assert values["IS_OPMODE_INVERTED"] == "7'd63" and values["IS_INMODE_INVERTED"] == "5'd31"
    assert values["USE_DPORT"] == '"FALSE"'


def test_cascades_are_taken_where_they_are_chosen():
    line, _ = cell("USE_DPORT[0]")
    assert ".ACIN(30'd0)" in line and ".BCIN(18'd0)" in line and "T_S_PCIN47, T_S_PCIN46" in line
    line, _ = cell("A_INPUT[0]", floating=("ACIN3",))
    assert "T_S_ACIN4, 1'b0, T_S_ACIN2" in line and '.A_INPUT("CASCADE")' in line


def test_what_is_refused():
    with pytest.raises(ValueError, match="DSP48_X0Y7 in DSP_R_X1Y5: USE_SIMD_FOUR12 is not modelled"):
        cell("USE_SIMD_FOUR12")
    with pytest.raises(ValueError, match="DSP48_X0Y7 in DSP_R_X1Y5: nothing drives its pin C7"):
        cell("USE_DPORT[0]", floating=("C7",))
    with pytest.raises(ValueError, match="its output OVERFLOW is not modelled"):
        cell("USE_DPORT[0]")[1].output("OVERFLOW")
