# SPDX-License-Identifier: Apache-2.0
"""A sample of `make mutants`: a proof sees each fault, or survivors.yaml says why not; its tables hold."""

from __future__ import annotations

import json
import sys

import pytest
from mutants import __main__ as command
from mutants import benches, proofs, texts
from mutants.child import child
from mutants.netlist import Mutant, Order
from mutants.results import SURVIVORS, Kept, Known, Result, scores, survivors

from fpgan.hw.sources import rtl_file
from fpgan.sim.proofs.prove import Prover
from fpgan.sim.proofs.table import modules

# Of each, eight: modules whose proofs take seconds.
SAMPLE = ("fifo", "stream_fork", "stream_concat", "beats_to_words")
SEED = 3
FAULT = Mutant(1, "fifo", "load", "$dff Q[0] const0")


@pytest.mark.yosys
@pytest.mark.parametrize("name", SAMPLE)
def test_sample(name, tmp_path):
    known = survivors()
    found = list(proofs.judged(modules()[name], 8, SEED, tmp_path, []))
    assert len(found) == 8
    unseen = [fault for _, fault, seen in found if not seen]
    assert [fault for fault in unseen if not any(one.covers(fault) for one in known)] == []


@pytest.mark.yosys
def test_each_fault_is_its_own(tmp_path):
    """With its number the circuit differs from the module's, and with none it is the module's."""
    found = list(proofs.judged(modules()["stream_fork"], 4, SEED, tmp_path, []))
    assert len(found) == 4
    prover = Prover("stream_fork_properties", tmp_path / "0")
    assert not any(prover.same("mutant", number, 0) for number in (1, 2, 3, 4))
    assert prover.same("mutant", 5, 0) and not prover.held("mutant", 0).prove().failed


@pytest.mark.yosys
def test_a_bench_with_a_module_twice_has_its_faults_once(tmp_path):
    """In both at the same time. Those that depend on another bit, which is drawn, are left out here."""
    found = []
    for number in (1, 2):
        instances = [
            f"pixel_word #(.PIXEL(2), .SF(1)) w{i} (.ap_clk(i[0]), .ap_rst_n(i[1]), .next(i[2]), "
            f".pixel_end(i[3]), .sf(i[4]), .word(o[{2 * i}+:2]));"
            for i in range(number)
        ]
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "bench.sv").write_text(
            f"module bench (input logic [4:0] i, output logic [3:0] o); {' '.join(instances)} endmodule\n"
        )
        sources = [str(rtl_file("pixel_word.sv")), str(folder / "bench.sv")]
        bench = {"top": "bench", "parameters": {}, "sources": sources}
        Order(str(folder), ["pixel_word"], 1000, SEED, bench=bench).write(folder / "order.json")
        child("mutants.netlist", [folder / "order.json"], folder, folder / "yosys.log", "twice")
        told = json.loads((folder / "mutants.json").read_text())
        found.append(len([one for one in told if " by bit " not in one["what"]]))
    assert found[0] == found[1] and 20 < found[0] < 1000


@pytest.mark.yosys
def test_a_fault_of_a_bench_is_in_one_register_and_in_no_check(tmp_path):
    """Two registers of one always_ff, both at fault, may be none; an assertion is not the module."""
    (tmp_path / "chain.sv").write_text(
        "module chain (input logic clk, d, output logic q);\n  logic first;\n"
        "  always_ff @(posedge clk) begin first <= d; q <= first; end\n"
        "  always_ff @(posedge clk) assert (first ~^ q);\nendmodule\n"
    )
    bench = {"top": "chain", "parameters": {}, "sources": [str(tmp_path / "chain.sv")]}
    Order(str(tmp_path), ["chain"], 1000, SEED, bench=bench).write(tmp_path / "order.json")
    child("mutants.netlist", [tmp_path / "order.json"], tmp_path, tmp_path / "yosys.log", "chain")
    told = json.loads((tmp_path / "mutants.json").read_text())
    assert {one["at"] for one in told} == {"first", "q"}
    text = (tmp_path / "mutated.v").read_text()
    for number in range(1, len(told) + 1):
        assert text.count(f"mutant == 16'h{number:04x}") == 1
    assert "assert" in text


def test_what_is_known_is_not_tried_again(tmp_path):
    cases = [case.text for case in modules()["fifo"].cases if case.quick]
    names = [f"{text} {number}" for text in cases for number in (1, 2)]
    assert list(proofs.judged(modules()["fifo"], 4, SEED, tmp_path, names)) == []


def test_a_fault_that_nothing_sees_and_nobody_explains_fails_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (part,) = (one for one in command.parts(2, 1, tmp_path) if one.name == "fifo")
    cases = [case.text for case in modules()["fifo"].cases if case.quick]
    for seen, status, row in (
        ("words.unchanged", 0, "| fifo | proofs | 2 | 2 | 0 | 0 | 0 | 100.0 % |"),
        ("", 1, "| fifo | proofs | 2 | 1 | 0 | 0 | 1 | 50.0 % |"),
    ):
        (tmp_path / "fifo.jsonl").unlink(missing_ok=True)
        kept = Kept(tmp_path / "fifo.jsonl", part.of)
        kept.add(Result(f"{cases[0]} 1", FAULT, seen))
        kept.add(Result(f"{cases[1]} 1", FAULT, "words.unchanged"))
        monkeypatch.setattr(sys, "argv", ["mutants", "fifo", "--count", "2", "--out", str(tmp_path)])
        assert command.main() == status
        assert row in capsys.readouterr().out


def test_results_of_other_faults_are_not_taken_over(tmp_path):
    path = tmp_path / "fifo.jsonl"
    Kept(path, "100 1 a").add(Result("1", FAULT, ""))
    assert Kept(path, "100 1 a").results == [Result("1", FAULT, "")]
    assert Kept(path, "100 2 a").results == []


def test_an_entry_is_of_one_place_and_says_one_thing():
    entry = Known("fifo", "load", "$dff Q[*] const0", equivalent="never 1")
    assert entry.covers(FAULT)
    assert not entry.covers(Mutant(1, "fifo", "load", "$dff Q[0] const1"))
    assert not entry.covers(Mutant(1, "fifo", "push", "$dff Q[0] const0"))
    with pytest.raises(ValueError, match="fifo, load: say why it is equivalent, what property sees it, or"):
        Known("fifo", "load", "*")
    for known, counted in ((entry, (1, 1, 0)), (Known("fifo", "load", "*", proved="words.held"), (2, 0, 0))):
        (score,) = scores("proofs", [Result("1", FAULT, ""), Result("2", FAULT, "x")], [known])
        assert (score.killed, score.equivalent, score.unknown) == counted
        assert score.row.endswith("| 100.0 % |")


def test_survivors_are_of_sources_that_are_there():
    """An entry whose text has gone explains nothing; what sees a fault is a property of its module."""
    for entry in survivors():
        assert not entry.proved or entry.proved in modules()[entry.file].claims
        if not entry.file.endswith((".py", ".tcl")):
            text = " ".join(rtl_file(f"{entry.file}.sv").read_text(encoding="utf-8").split())
            assert entry.at in text, f"{SURVIVORS.name}: {entry.file}.sv has no {entry.at!r}"


@pytest.mark.parametrize("text", texts.table(), ids=lambda text: f"{text.file}-{text.new}")
def test_texts_can_be_put_in(text):
    before = (texts.ROOT / text.file).read_text(encoding="utf-8")
    assert text.put_in(before) != before
    assert all((texts.ROOT / test.split("::")[0]).exists() for test in text.tests)


def test_benches_are_of_tests_and_modules_that_are_there():
    for bench in benches.BENCHES:
        file, test = bench.test.split("[")[0].split("::")
        assert f"def {test}(" in (texts.ROOT / file).read_text(encoding="utf-8")
        assert all(rtl_file(f"{name}.sv") for name in bench.modules)
