# SPDX-License-Identifier: Apache-2.0
"""The table of what is proved, proofs.yaml: each module's promises, and the circuits to prove them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fpgan.hw.sources import properties, rtl_file
from fpgan.sim.proofs.prove import Outcome, Prover

_LOOKED = 30  # cycles in which a counterexample is looked for where an induction fails


@dataclass(frozen=True)
class Case:
    """Parameters of a module, NAME=VALUE ..., and whether every run of the tests proves them."""

    text: str
    quick: bool

    def parameters(self) -> dict[str, str]:
        return dict(word.split("=", 1) for word in self.text.split())


@dataclass(frozen=True)
class Module:
    """A module that has properties; proofs.yaml says what the fields are."""

    name: str
    claims: Mapping[str, str]
    covers: Mapping[str, str]
    cases: Sequence[Case]
    given: Mapping[str, str] = field(default_factory=dict)
    apart: Sequence[Sequence[str]] = ()
    depth: int = 0
    induction: bool = False
    parts: Sequence[str] = ()
    stand_ins: Sequence[str] = ()
    of: str = ""
    data: Mapping[str, int] = field(default_factory=dict)

    def rtl(self) -> list[Path]:
        stand_ins = [properties(self.name)[-1].parent / "stand_ins" / f"{name}.sv" for name in self.stand_ins]
        return [*stand_ins, *(rtl_file(f"{name}.sv") for name in (*self.parts, self.of or self.name))]

    @property
    def top(self) -> str:
        """The module that holds the properties."""
        return f"{self.name}_properties"

    def prove(self, prover: Prover) -> Outcome:
        """All that is claimed, on one of its circuits."""
        if self.induction:
            return prover.prove_by_induction(_LOOKED)
        return prover.prove_each(self.depth) if self.depth else prover.prove()

    def refute(self, prover: Prover) -> Outcome:
        """The same of a circuit that is at fault: an induction says no more than that it does not hold."""
        return prover.prove(_LOOKED) if self.induction else self.prove(prover)

    def prover(self, case: Case, folder: Path, rtl: Sequence[Path] | None = None, only: str = "") -> Prover:
        """The circuit of a case, made in `folder`; rtl: in place of the module's own. only: this property."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, lines in self.data.items():
            (folder / name).write_text("0\n" * lines, encoding="utf-8")
        files = [*(self.rtl() if rtl is None else rtl), *properties(self.name)]
        return Prover.made(self.top, files, case.parameters(), folder, only)


def modules() -> dict[str, Module]:
    """Every module that has properties, by name; TypeError where an entry has an unknown key."""
    text = Path(__file__).with_name("proofs.yaml").read_text(encoding="utf-8")
    return {name: _module(name, entry) for name, entry in yaml.safe_load(text).items()}


def _module(name: str, entry: dict[str, Any]) -> Module:
    quick = entry.pop("quick")
    cases = [Case(text, number < quick) for number, text in enumerate(entry.pop("cases"))]
    return Module(name, cases=cases, **entry)
