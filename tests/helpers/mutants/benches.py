# SPDX-License-Identifier: Apache-2.0
"""Faults in modules that only benches reach: all of a bench in one simulation, chosen when it starts."""

from __future__ import annotations

import json
import re
import resource
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from fpgan.hw.sources import held_checks
from fpgan.hw.system.environment import variables_set
from fpgan.hw.system.tools import ToolError
from fpgan.sim.benches.runner import compile_cocotb, simulate_cocotb
from mutants.child import ROOT, child
from mutants.netlist import CHOSEN, Mutant, Order

_LONGER = 2  # times what it takes without a fault, after which a simulation is one that does not end
_LEAST = 10  # seconds


@dataclass(frozen=True)
class Bench:
    """A test that simulates, and the modules whose faults it shall see.

    cases: of those that it has in one simulation these alone, by their place; all where there are none.
    long: it simulates for longer than what an optimizing compiler takes.
    """

    name: str
    test: str
    modules: tuple[str, ...]
    cases: tuple[int, ...] = ()
    long: bool = False


BENCHES = (
    Bench("joins", "tests/hw/rtl/test_joins.py::test_joins", ("stream_lookup",)),
    Bench("pixel_select", "tests/hw/rtl/test_pixel_select.py::test_rtl",
          ("pixel_select", "table_walk")),
    Bench("requantize", "tests/hw/rtl/test_stream_requantize.py::test_stream_requantize",
          ("stream_requantize",), cases=(4, 5, 7, 9)),
    Bench("mvu_lut", "tests/hw/rtl/test_mvu_lut.py::test_mvu_lut", ("mvu_lut", "mvu_lut_pe", "add_multi"),
          cases=(0, 1, 2, 3, 5, 7)),
    Bench("cascade", "tests/hw/rtl/test_mvu_cascade.py::test_equal_to_numpy",
          ("mvu_cascade", "mvu_cascade_pe", "cascade_slice", "cascade_delay"), cases=(0, 6, 8, 9, 10)),
    Bench("cascade_rom", "tests/hw/rtl/test_deconv.py::test_rtl", ("cascade_rom", "weight_rom"),
          cases=(44, 52)),
    Bench("bridge", "tests/hw/rtl/test_zynq7.py::test_bridge", ("axi3_axil", "axi3_burst")),
    Bench("host", "tests/hw/host/test_host.py::test_host[3-5-9-options1]",
          ("axil_stream", "latent_source", "axi_dma_stream"), long=True),
    Bench("load", "tests/hw/rtl/test_load.py::test_images_of_several_beats", ("weight_loader", "weight_ram")),
    Bench("batch", "tests/hw/rtl/test_batch_buffer.py::test_rtl", ("batch_buffer",)),
    Bench("streamed", "tests/hw/rtl/test_streamed.py::test_rtl", ("weight_tiles",)),
    Bench("deconv", "tests/hw/rtl/test_deconv.py::test_rtl",
          ("deconv", "tap_axis", "pixel_word", "weight_reader", "mac_cores",
           "mvu_pumped"), cases=(7, 8, 11, 25, 28, 30, 34, 35, 41)),
)  # fmt: skip


def judged(
    bench: Bench, count: int, seed: int, folder: Path, known: Sequence[str]
) -> Iterator[tuple[str, Mutant, str]]:
    """Of each fault that is not `known`, `count` for each module: its name, itself, and what the bench says.

    "" where that is nothing. Raises ToolError where the bench cannot be made, or fails without a fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = _made(bench, count, seed, folder)
    mutants = [Mutant(**one) for one in json.loads((folder / "mutants.json").read_text(encoding="utf-8"))]
    wanted = [mutant for mutant in mutants if str(mutant.number) not in known]
    if not wanted:
        return
    before = _spent()
    if said := _run(made, folder, 0, 3600):
        raise ToolError(f"{bench.name}: the netlist without a fault fails: {said}")
    limit = max(_LEAST, round(_LONGER * (_spent() - before)))
    several = len(list(ElementTree.parse(folder / "build" / "results.xml").getroot().iter("testcase"))) > 1
    leading: dict[str, Counter[str]] = {}  # of a module the tests that have seen its faults
    for mutant in wanted:
        tests = leading.setdefault(mutant.file, Counter())
        seen = ""
        for filter_ in _in_turn(tests) if several else [""]:
            seen = seen or _run(made, folder, mutant.number, limit, filter_)
        if test := re.match(r"(\w+): ", seen):
            tests[test[1]] += 1
        yield str(mutant.number), mutant, seen


def _in_turn(tests: Counter[str]) -> list[str]:
    """The tests of a bench in two parts: first the one that has seen most faults, where there is one."""
    if not tests:
        return [""]
    first = tests.most_common(1)[0][0]
    return [rf"\.{first}$", rf"^(?!.*\.{first}$)"]


def _made(bench: Bench, count: int, seed: int, folder: Path) -> dict[str, Any]:
    """bench.json, with the simulation made; what is there already is of a run that was interrupted."""
    told = folder / "bench.json"
    if not told.exists():
        words = [bench.test, folder, *map(str, bench.cases)]
        child("mutants.record", words, ROOT, folder / "record.log", bench.name)
    made: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    if not (folder / "made").exists():
        parts = {"top": made["top"], "parameters": made["parameters"], "sources": _sources(made, folder)}
        order = Order(str(folder), bench.modules, count, seed, bench=parts)
        order.write(folder / "order.json")
        where = Path(made["run_dir"])
        where.mkdir(parents=True, exist_ok=True)
        child("mutants.netlist", [folder / "order.json"], where, folder / "yosys.log", bench.name)
        (folder / "chosen.sv").write_text(CHOSEN, encoding="utf-8")
        shutil.rmtree(folder / "build", ignore_errors=True)
        files = [folder / "chosen.sv", folder / "mutated.v"]
        compile_cocotb(made["top"], files, folder / "build", warnings=False, optimize=bench.long)
        (folder / "made").touch()
    return made


def _sources(made: Mapping[str, Any], folder: Path) -> list[str]:
    """With the checks of what is held, of modules that the bench has: slang binds to no others."""
    held, bound = map(str, held_checks())
    names = {Path(path).stem for path in made["sources"]}
    text = Path(bound).read_text(encoding="utf-8")
    kept = [
        one[0] for one in re.finditer(r"^bind (\w+) .*?;", text, re.DOTALL | re.MULTILINE) if one[1] in names
    ]
    (folder / "bound.sv").write_text("\n".join(kept), encoding="utf-8")
    return [*(path for path in made["sources"] if path not in (held, bound)), held, str(folder / "bound.sv")]


def _spent() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def _run(made: Mapping[str, Any], folder: Path, number: int, seconds: int, tests: str = "") -> str:
    """What the first test says that fails, "" where none does. tests: those of such names, "" for all."""
    limits = {"COCOTB_MAX_FAILURES": "1", "SIM_CMD_PREFIX": f"prlimit --cpu={seconds}"}
    if tests:
        limits["COCOTB_TEST_FILTER"] = tests
    (folder / "build" / "results.xml").unlink(missing_ok=True)
    try:
        with variables_set(limits):
            simulate_cocotb(
                made["top"], made["test_module"], folder / "build",
                [*made["plusargs"], f"+mutant={number}"], Path(made["run_dir"]),
            )  # fmt: skip
    except (AssertionError, ToolError) as error:
        return str(error).splitlines()[0][:200] or "failed"
    return ""
