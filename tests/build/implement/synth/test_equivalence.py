# SPDX-License-Identifier: Apache-2.0
"""The netlist of a control module is its RTL: proved for every input in every cycle, after a reset."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from fpgan.build.implement.synth.yosys import synth_module
from fpgan.hw.sources import cells, properties, rtl_file
from fpgan.sim.proofs.prove import Outcome, Prover

pytestmark = pytest.mark.yosys

# module -> its parts, parameters
MODULES: dict[str, tuple[tuple[str, ...], dict[str, int]]] = {
    "fifo": ((), {"WIDTH": 2, "DEPTH": 3}),
    "width_convert": ((), {"IN_ELEMS": 3, "OUT_ELEMS": 2, "ELEM_BITS": 1}),
    "stream_fork": ((), {"WIDTH": 2, "OUTPUTS": 3}),
    "stream_last": ((), {"WIDTH": 2, "BEATS": 9}),
    "pixel_pad": ((), {"H": 3, "W": 2, "CF": 2, "WIDTH": 2, "OPH": 1}),
    "axil_port": ((), {"ADDRESS_BITS": 4}),
    "beats_to_words": (("width_convert",), {"BEAT_BYTES": 1, "WORD_BYTES": 2}),
    "stream_add": ((), {"CHANNELS": 2, "NEGATED": 2, "BITS_0": 2, "BITS_1": 3, "FACTOR_0": 3, "ACC_BITS": 6}),
    "tap_axis": ((), {}),
}
# What an output says only while another one is high.
WHILE = {"write_address": "write", "write_data": "write", "write_strobe": "write", "read_address": "read"}


QUICK = ("fifo", "axil_port")  # in every run of the tests; FPGAN_PROOFS=all proves all (make proofs)
RUN = MODULES if os.environ.get("FPGAN_PROOFS") == "all" else QUICK


@pytest.mark.parametrize("module", RUN)
def test_netlist_is_its_rtl(module, tmp_path):
    outcome = _compared(module, _netlist(module, tmp_path), tmp_path)
    assert not outcome.failed, f"{outcome.failed} differs:\n{outcome.counterexample}"


def test_a_changed_netlist_is_seen(tmp_path):
    """The table of a LUT, inverted."""
    netlist = _netlist("stream_fork", tmp_path)
    table = re.search(r"LUT\d #\(\n\s*\.INIT\((\d+)'h([0-9a-f]+)\)", netlist)
    assert table
    inverted = f"{int(table[2], 16) ^ (2 ** int(table[1]) - 1):x}"
    text = netlist[: table.start(2)] + inverted + netlist[table.end(2) :]
    outcome = _compared("stream_fork", text, tmp_path)
    assert outcome.failed.endswith("_same") and "rtl_" in outcome.counterexample


def _netlist(module: str, folder: Path) -> str:
    """What Yosys makes of it for UltraScale+, as Verilog."""
    parts, parameters = MODULES[module]
    files = [str(rtl_file(f"{name}.sv")) for name in (*parts, module)]
    synth_module(folder, files, module, "xcup", folder / "synth", parameters)
    return (folder / "synth" / f"{module}.v").read_text(encoding="utf-8")


def _compared(module: str, netlist: str, folder: Path) -> Outcome:
    """Both with the same inputs, for all cycles."""
    ports = json.loads((folder / "synth" / f"{module}.json").read_text(encoding="utf-8"))
    ports = ports["modules"][module]["ports"]
    parts, parameters = MODULES[module]
    (folder / "netlist.v").write_text(
        re.sub(rf"^module {module}\(", f"module {module}_netlist(", netlist, flags=re.MULTILINE),
        encoding="utf-8",
    )
    (folder / "miter.sv").write_text(_miter(module, ports, parameters), encoding="utf-8")
    rtl = [rtl_file(f"{name}.sv") for name in (*parts, module)]
    reset = next(path for path in properties("fifo") if path.name == "any_reset.sv")
    sources = [*rtl, *cells(), folder / "netlist.v", reset, folder / "miter.sv"]
    return Prover.made("miter", sources, {}, folder / "proof").prove()


def _miter(module: str, ports: dict[str, dict], parameters: dict[str, int]) -> str:
    """A top with the module's inputs, which says of every output that both have it equal."""
    width = {name: len(port["bits"]) for name, port in ports.items()}
    free = [name for name, port in ports.items() if port["direction"] == "input" and name[:3] != "ap_"]
    outputs = [name for name, port in ports.items() if port["direction"] == "output"]
    lines = ["module miter (input logic ap_clk, reset"]
    lines += [f"  , input logic [{width[name] - 1}:0] {name}" for name in free]
    lines += [");", "  logic ap_rst_n;", "  any_reset resets (.again(reset), .*);"]
    for side in ("rtl", "netlist"):
        lines += [f"  logic [{width[name] - 1}:0] {side}_{name};" for name in outputs]
        pins = [f".{name}({name})" for name in ("ap_clk", "ap_rst_n", *free)]
        pins += [f".{name}({side}_{name})" for name in outputs]
        given = ", ".join(f".{name}({value})" for name, value in parameters.items())
        kind = f"{module} #({given})" if side == "rtl" else f"{module}_netlist"
        lines.append(f"  {kind} {side} ({', '.join(pins)});")
    lines.append("  always_ff @(posedge ap_clk) if (ap_rst_n) begin")
    for name in outputs:
        lines.append(f"    {name}_same : assert ({_unless(name, outputs)}rtl_{name} == netlist_{name});")
    return "\n".join([*lines, "  end", "endmodule", ""])


def _unless(name: str, outputs: list[str]) -> str:
    """Where an output is nobody's: data without its valid."""
    while_high = WHILE.get(
        name, re.sub(r"t?(data|keep|last|resp)$", lambda m: m[0][0] * (m[0][0] == "t") + "valid", name)
    )
    if while_high == name or while_high not in outputs:
        return ""
    return f"rtl_{while_high} == '0 || "
