# SPDX-License-Identifier: Apache-2.0
"""Faults in the netlist of a module, by Yosys' mutate, in its own process:
python -m mutants.netlist ORDER.json (see `Order`)."""

from __future__ import annotations

import itertools
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fpgan.sim.proofs.job import Job, call, lower, read

SELECTOR = "mutant"
SAME = "nothing: it is the same function"
_BITS = 16
CHOSEN = """// SPDX-License-Identifier: Apache-2.0
// Which of its faults a simulation has: +mutant=1 and so on, or none.
module mutant_chosen (output logic [15:0] number);
  initial if (!$value$plusargs("mutant=%d", number)) number = 0;
endmodule
"""
_WITHOUT = ("$meminit", "$assert", "$assume", "$cover", "$check", "$print", "$anyseq", "$scopeinfo", "$bmux")
_CHECKS = ("$assert", "$assume", "$cover", "$check")
_DECIDED = (("$reduce_and", "A", "cnot0"), ("$reduce_or", "A", "cnot1"), ("$reduce_bool", "A", "cnot1"))
_ALL = 1 << 20  # faults
_SHOWN = 100  # characters of the source


@dataclass(frozen=True)
class Mutant:
    """One fault. file: a module. at: the source of its cell, or a register. what: which pin becomes what."""

    number: int
    file: str
    at: str
    what: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.file, self.at, self.what


@dataclass(frozen=True)
class Order:
    """What to make in `folder`, which gets mutants.json too.

    files: modules whose cells get `count` faults each, all in one netlist, which has number N where its input
    SELECTOR is N. job: a Job, whose circuits are made of it; or bench: {top, sources, parameters}, which
    becomes mutated.v, whose simulation has number N with +mutant=N. keys: `at` and `what` of faults, these
    and no others, as far as there are such.
    """

    folder: str
    files: Sequence[str]
    count: int
    seed: int
    job: Mapping[str, Any] = field(default_factory=dict)
    bench: Mapping[str, Any] = field(default_factory=dict)
    keys: Sequence[tuple[str, str]] = ()

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def carry_out(order: Order) -> None:
    from pyosys import libyosys as ys

    design, folder = ys.Design(), Path(order.folder)
    if order.job:
        read(design, Job(**order.job))
    else:
        _read_bench(design, order.bench)
    # None of these has a module share a cell with its properties, in which a fault would be in both.
    for command in ("proc", "opt_expr -mux_undef", "wreduce", "opt_clean"):
        call(design, command)
    words = [line for name in order.files for line in _faults(design, order, name)]
    mutants = [
        Mutant(number, name, *_described(design, line)) for number, (name, line) in enumerate(words, 1)
    ]
    told = json.dumps([asdict(mutant) for mutant in mutants], indent=1)
    (folder / "mutants.json").write_text(told, encoding="utf-8")
    twins = _twins(design) if order.bench else {}
    for number, (_, line) in enumerate(words, 1):
        for one in _everywhere(design, line, twins):
            call(design, f"mutate -ctrl {SELECTOR} {_BITS} {number}", *one)
    if order.job:
        lower(design, Job(**order.job))
    else:
        _write_bench(design, folder)


def _read_bench(design: Any, bench: Mapping[str, Any]) -> None:
    overrides = [word for name, value in bench["parameters"].items() for word in ("-G", f"{name}={value}")]
    words = (bench["top"], *overrides, *bench["sources"])
    # VERILATOR: in place of a vendor's primitives what they do
    call(design, "read_slang --allow-use-before-declare -D VERILATOR --top", *words)
    call(design, "hierarchy -top", bench["top"])


def _hardware(design: Any) -> set[str]:
    """Cells that are there without any check: a fault in what a check is made of is none of the hardware."""
    call(design, "design -save checked")
    for kind in _CHECKS:
        call(design, f"delete t:{kind}")
    call(design, "opt_clean")
    found = {cell.name.str() for cell in design.top_module().cells_.values()}
    call(design, "design -load checked")
    return found


def _faults(design: Any, order: Order, name: str) -> Iterator[tuple[str, list[str]]]:
    """The words of mutate for each fault of a module; ValueError where the design has no cell of it."""
    from pyosys import libyosys as ys

    own, found = ys.IdString("\\mutated"), False
    hardware = _hardware(design) if order.bench else set()
    for module in design.modules_.values():
        for cell in module.cells_.values():
            source, kind = f"/{cell.get_src_attribute()}", cell.type.str()
            of_it = f"/{name}.sv:" in source and not kind.startswith(_WITHOUT)
            of_it &= not order.bench or cell.name.str() in hardware
            cell.set_bool_attribute(own, of_it)
            found |= of_it
    if not found:
        raise ValueError(f"{order.folder}: the design has no cell of {name}.sv")
    if order.keys:
        left = {(at, what) for at, what in order.keys}
        bits = {what.rpartition(" by bit ")[2] for _, what in left if " by bit " in what}
        for drawn in _drawn(design, order, _ALL):
            for one in _by_bits(design, drawn, bits):
                if (key := _described(design, one)) in left:
                    left.remove(key)
                    yield name, one
        return
    once: dict[tuple[str, ...], list[str]] = {}
    for most in (2 * order.count, 16 * order.count):
        if len(once) < order.count:
            for one in _drawn(design, order, most):
                once.setdefault(_identity(design, one, bool(order.bench)), one)
    yield from ((name, one) for one in itertools.islice(once.values(), order.count))


def _drawn(design: Any, order: Order, most: int) -> Iterator[list[str]]:
    """So many faults, in random order, without those that are not worth a try."""
    path = Path(order.folder, "list.txt")
    call(design, f"mutate -list {most} -seed {order.seed} -o", path, "a:mutated=1")
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    words = [line[1 : line.index("-src") if "-src" in line else None] for line in lines]
    random.Random(order.seed).shuffle(words)  # where there are no more than that, they come cell by cell
    return (one for one in words if _changes(design, one))


def _by_bits(design: Any, words: list[str], bits: set[str]) -> Iterator[list[str]]:
    """A fault, and where it depends on a bit of its port, which was drawn, the same by each of `bits`."""
    from pyosys import libyosys as ys

    yield words
    if "-ctrlbit" in words:
        said, cell = _pin(design, words)
        size = cell.getPort(ys.IdString("\\" + said["-port"])).size()
        at = words.index("-ctrlbit") + 1
        for bit in bits - {words[at], said["-portbit"]}:
            other = [*words[:at], bit, *words[at + 1 :]]
            if int(bit) < size and _changes(design, other):
                yield other


def _identity(design: Any, words: Sequence[str], of_sources: bool) -> tuple[str, ...]:
    """What is the same of two faults that are one. of_sources: cells that are one in the sources are one."""
    said, cell = _pin(design, words)
    place = _place(cell) if of_sources else (said["-cell"],)
    return (*place, said["-port"], said["-portbit"], said["-mode"], said.get("-ctrlbit", ""))


def _twins(design: Any) -> Mapping[tuple[str, str, str], Sequence[str]]:
    """Cells that are one in the sources, by what is the same of them: a module's in each of its instances."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for name, cell in design.top_module().cells_.items():
        found.setdefault(_place(cell), []).append(name.str())
    return found


def _place(cell: Any) -> tuple[str, str, str]:
    """What is the same of cells that are one in the sources; registers of an always_ff differ by name."""
    return cell.type.str(), cell.get_src_attribute(), _register(cell.name.str())


def _register(cell: str) -> str:
    """The register that a cell is, "" where it is none."""
    named = re.fullmatch(r"\\?\$driver\$(?:.*\.)?(\w+)(\[\d+\])*", cell)
    return named[1] if named else ""


def _everywhere(
    design: Any, words: Sequence[str], twins: Mapping[tuple[str, str, str], Sequence[str]]
) -> Iterator[list[str]]:
    """A fault in each of the cells that are one in the sources, as far as they have the bits."""
    from pyosys import libyosys as ys

    said, cell = _pin(design, words)
    port, bits = ys.IdString("\\" + said["-port"]), [said["-portbit"], said.get("-ctrlbit", "0")]
    kept = {option: value for option, value in said.items() if not option.startswith(("-cell", "-wire"))}
    for name in twins.get(_place(cell), [cell.name.str()]):
        other = design.top_module().cell(ys.IdString(name))
        if other.getPort(port).size() > max(map(int, bits)):
            given = {**kept, "-cell": name.removeprefix("\\")}
            yield [word for pair in given.items() for word in pair]


def _changes(design: Any, words: Sequence[str]) -> bool:
    """Whether it is a fault worth a try.

    None is a constant that stays what it is, nor an input of a gate inverted where another one decides; and
    of a register whose clock stands little would be learned.
    """
    from pyosys import libyosys as ys

    said, cell = _pin(design, words)
    pins = cell.getPort(ys.IdString("\\" + said["-port"]))

    def constant(bit: str) -> str:
        one = pins.extract(int(bit), 1)
        return str(one.as_const().as_string()) if one.is_fully_const() else ""

    if cell.type.str().startswith("$mem") and said["-port"] not in ("ADDR", "DATA"):
        return False  # whether it is clocked and enabled may be no more than how it is written
    decided = (cell.type.str(), said["-port"], said["-mode"]) in _DECIDED
    if decided or said["-port"] in ("CLK", "RD_CLK", "WR_CLK"):
        return False
    if "-ctrlbit" in said:
        return not constant(said["-ctrlbit"])
    return constant(said["-portbit"]) != said["-mode"].removeprefix("const")


def _pin(design: Any, words: Sequence[str]) -> tuple[dict[str, str], Any]:
    """Options of mutate, and the cell that they name."""
    from pyosys import libyosys as ys

    said = dict(zip(words[::2], words[1::2], strict=True))
    name = said["-cell"]
    return said, design.top_module().cell(ys.IdString(name if name.startswith("$") else "\\" + name))


def _described(design: Any, words: Sequence[str]) -> tuple[str, str]:
    """`at` and `what` of a fault."""
    said, cell = _pin(design, words)
    at = _register(said["-cell"]) or _source(cell.get_src_attribute())
    by = f" by bit {said['-ctrlbit']}" if "-ctrlbit" in said else ""
    what = f"{cell.type.str()} {said['-port']}[{said['-portbit']}] {said['-mode']}{by}"
    return at, what


def _source(attribute: str) -> str:
    """The text of the first of the places that an attribute `src` names, in one line."""
    place = re.fullmatch(r"(.*):(\d+)\.(\d+)(?:-(\d+)\.(\d+))?", attribute.split("|")[0])
    if place is None:
        return attribute
    lines = Path(place[1]).read_text(encoding="utf-8").splitlines()
    first, start = int(place[2]), int(place[3])
    last, end = (int(place[4]), int(place[5])) if place[4] else (first, None)
    text = lines[first - 1 : last]
    if end is not None:
        text[-1] = text[-1][: end - 1]
    text[0] = text[0][start - 1 :]
    return " ".join(" ".join(text).split())[:_SHOWN]


def _write_bench(design: Any, folder: Path) -> None:
    """mutated.v, in which mutant_chosen says which fault is there."""
    from pyosys import libyosys as ys

    top = design.top_module()
    wire = top.wire(ys.IdString("\\" + SELECTOR))
    wire.port_input = False
    top.fixup_ports()
    cell = top.addCell(ys.IdString("\\chosen"), ys.IdString("\\mutant_chosen"))
    cell.setPort(ys.IdString("\\number"), ys.SigSpec(wire))
    call(design, "clean")
    call(design, "bwmuxmap")  # which Verilog has no operator for
    call(design, "write_verilog -noattr", folder / "mutated.v")


if __name__ == "__main__":
    carry_out(Order(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
