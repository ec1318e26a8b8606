# SPDX-License-Identifier: Apache-2.0
"""What hw/checks/PROVED.md says is proved, and each property fails where the module is at fault.

FPGAN_PROOFS=all proves every case and puts every fault in (make proofs), otherwise the quick ones.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fpgan.hw.sources import properties
from fpgan.sim.proofs.page import PAGE, page
from fpgan.sim.proofs.prove import Outcome
from fpgan.sim.proofs.table import modules

ALL = os.environ.get("FPGAN_PROOFS") == "all"
MODULES = modules()
CASES = [(module, case) for module in MODULES.values() for case in module.cases]
RUN = [(module, case) for module, case in CASES if ALL or case.quick]
COVERED_IN = 24  # cycles

pytestmark = pytest.mark.yosys


@dataclass(frozen=True)
class Fault:
    """An entry of faults.yaml."""

    module: str
    breaks: str
    old: str
    new: str
    at: str
    file: str

    def __str__(self) -> str:
        return f"{self.module}-{self.breaks}-{self.new}"


def _faults() -> list[Fault]:
    entries = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8"))
    return [
        Fault(
            module, one["breaks"], one["old"], one["new"],
            one.get("at", MODULES[module].cases[0].text), one.get("in", MODULES[module].of or module),
        )
        for module, faults in entries.items()
        for one in faults
    ]  # fmt: skip


FAULTS = _faults()
# One of each module: a proof that sees nothing would see none of them.
SHOWN = FAULTS if ALL else list({fault.module: fault for fault in reversed(FAULTS)}.values())


@pytest.mark.parametrize(("module", "case"), RUN, ids=[f"{m.name}-{c.text}" for m, c in RUN])
def test_proved(module, case, tmp_path):
    """Every property is named in the table and holds; every cover is reached; what is apart has no path."""
    prover = module.prover(case, tmp_path)
    assert set(prover.properties) == set(module.claims)
    assert set(prover.covers) == set(module.covers)
    assert set(prover.given) == set(module.given)
    assert [pair for pair in module.apart if prover.circuit.depends(*pair)] == []
    outcome = module.prove(prover)
    assert not outcome.failed, f"{outcome.failed} fails:\n{outcome.counterexample}"
    if case is module.cases[0]:
        assert prover.reached(module.depth or COVERED_IN) == set(module.covers)


@pytest.mark.parametrize("fault", SHOWN, ids=str)
def test_fault_is_seen(fault: Fault, tmp_path):
    """By the property that says what was broken, with a table of the ports of every cycle up to there."""
    outcome = _broken(fault, tmp_path)
    assert outcome.failed == fault.breaks
    lines = outcome.counterexample.splitlines()
    cycles = lines[0].split()
    assert cycles == [str(cycle) for cycle in range(len(cycles))] and len(cycles) > 1
    reset = next(line for line in lines if line.startswith("ap_rst_n")).split()
    assert reset[1] == "0" and "1" in reset[2:] and len(reset) == len(cycles) + 1


def test_path_is_seen(tmp_path):
    """Where a converter gives whole pieces of a word, its tready is a gate behind m_axis_tready."""
    case = next(
        case for case in MODULES["width_convert"].cases if case.text.startswith("IN_ELEMS=4 OUT_ELEMS=2")
    )
    circuit = MODULES["width_convert"].prover(case, tmp_path).circuit
    assert circuit.depends("s_axis_tready", "m_axis_tready")
    with pytest.raises(ValueError, match="no wire nowhere"):
        circuit.depends("s_axis_tready", "nowhere")


def test_every_property_has_a_fault():
    assert {(fault.module, fault.breaks) for fault in FAULTS} == {
        (module.name, claim) for module in MODULES.values() for claim in module.claims
    }


def test_every_fault_has_a_place():
    """Most are put in by make proofs alone."""
    for fault in FAULTS:
        path = next(path for path in MODULES[fault.module].rtl() if path.stem == fault.file)
        assert path.read_text(encoding="utf-8").count(fault.old) == 1, fault


def test_every_properties_file_is_of_a_module_in_the_table():
    files = {path.name for path in properties("fifo")[0].parent.glob("*_properties.sv")}
    assert files == {f"{name}_properties.sv" for name in MODULES}


def test_page_is_the_tables():
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m fpgan.sim.proofs.page writes it"


def _broken(fault: Fault, folder: Path) -> Outcome:
    """What the fault's property comes to with it."""
    module = MODULES[fault.module]
    rtl = []
    for path in module.rtl():
        text = path.read_text(encoding="utf-8")
        if path.stem == fault.file:
            assert text.count(fault.old) == 1, fault.old
            path = folder / path.name
            path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        rtl.append(path)
    case = next(case for case in module.cases if case.text == fault.at)
    return module.refute(module.prover(case, folder / "proof", rtl, fault.breaks))
