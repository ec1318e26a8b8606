# SPDX-License-Identifier: Apache-2.0
"""The integer program of a folding: an option per layer, channel counts that agree, amounts and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ortools.sat.python import cp_model

from fpgan.build.dataflow.costs import Cost
from fpgan.build.folding.limits import MOST, Budget
from fpgan.build.folding.option import Option
from fpgan.build.folding.options import LayerOptions
from fpgan.build.folding.solver import solved
from fpgan.build.folding.streaming import Streaming

SCALE = 10_000_000  # shares of a budget as integers for the solver
_CYCLE = 100


@dataclass(frozen=True)
class Answer:
    """An option per layer, and what they take together by the names of `Budget`."""

    choice: list[Option]
    spent: dict[str, int]
    value: int  # of what was minimized


class Program:
    """One flag per layer and option, exactly one set per layer, channel counts agreeing between layers."""

    def __init__(
        self,
        layers: list[LayerOptions],
        fixed: Cost,
        found: Sequence[Sequence[tuple[Option, Cost]]],
        reading: tuple[Streaming, int] | None = None,
    ) -> None:
        """found: the options of each layer, with what each takes.

        reading: how weights may be streamed, and in how many cycles those of an image.
        """
        self.model = cp_model.CpModel()
        self.spent: dict[str, Any] = dict(vars(fixed))
        self.lanes: Any = 0
        # About when the first image has left every layer, in parts of _CYCLE: one begins when what it waits
        # for has left those before it.
        longest = sum(max((option.cycles for option, _ in options), default=0) for options in found)
        self.first_image = self.model.new_int_var(0, 2 * _CYCLE * longest, "first_image")
        begun: Any = 0
        self._chosen: dict[str, list[tuple[Any, Option]]] = {}
        for name in ("uram", "bandwidth"):
            if not any(getattr(cost, name) for options in found for _, cost in options):
                del self.spent[name]  # that nothing takes
        self._streams = dict[str, Any]()  # of layers: whether weights are streamed
        for layer, options in zip(layers, found, strict=True):
            flags = []
            for i, (option, cost) in enumerate(options):
                flag = self.model.new_bool_var(f"{layer.name}_{i}")
                flags.append((flag, option))
                self.lanes += flag * option.lanes
                for name in self.spent:
                    self.spent[name] += flag * _amount(name, cost, reading)
            self.model.add_exactly_one([flag for flag, _ in flags])
            takes = sum(flag * option.cycles for flag, option in flags)
            self.model.add(begun + _CYCLE * takes <= self.first_image)
            begun += round(_CYCLE * layer.awaited) * takes
            if layer.before is not None:
                self._link(self._chosen[layer.before], flags)
            self._chosen[layer.name] = flags
            self._stream(layer, flags)
        if reading is not None:
            self.model.add(sum(self._streams.values()) <= reading[0].ports)
        self.possible = all(self._chosen.values())

    def _stream(self, layer: LayerOptions, flags: list[tuple[Any, Option]]) -> None:
        """A layer whose weights are streamed has a buffer in front, unless the one before it is streamed."""
        mine = [flag for flag, option in flags if option.storage == "streamed"]
        if not mine:
            return
        self._streams[layer.name] = sum(mine)
        held = self.model.new_bool_var(f"{layer.name}_held")
        self.model.add(held >= sum(mine) - self._streams.get(layer.before or "", 0))
        for name in self.spent:
            self.spent[name] += held * getattr(layer.held, name)

    def _link(self, before: list[tuple[Any, Option]], flags: list[tuple[Any, Option]]) -> None:
        """What the layer before puts out is what this one takes."""
        for channels in {o.co for _, o in before} | {o.ci for _, o in flags}:
            given = sum(flag for flag, o in before if o.co == channels)
            taken = sum(flag for flag, o in flags if o.ci == channels)
            self.model.add(given == taken)

    def largest(self, budget: Budget) -> Any:
        """The largest share of a resource, in parts of SCALE."""
        worst = self.model.new_int_var(0, MOST * SCALE, "worst")
        for name, price in self.of(prices(budget)).items():
            self.model.add(self.spent[name] * price <= worst)
        return worst

    def of(self, amounts: Mapping[str, int]) -> dict[str, int]:
        """Those of the resources that something takes."""
        return {name: amount for name, amount in amounts.items() if name in self.spent}

    def run(self) -> Answer | None:
        solver = solved(self.model) if self.possible else None
        if solver is None:
            return None
        choice = [next(o for flag, o in flags if solver.value(flag)) for flags in self._chosen.values()]
        spent = {name: int(solver.value(amount)) for name, amount in self.spent.items()}
        return Answer(choice, spent, int(solver.objective_value))


def _amount(name: str, cost: Cost, reading: tuple[Streaming, int] | None) -> int:
    """In the units of the budget: of bytes for an image how many MB/s they are."""
    amount: int = getattr(cost, name)
    return amount if name != "bandwidth" or reading is None else reading[0].rate(amount, reading[1])


def prices(budget: Budget) -> dict[str, int]:
    """Of one of each resource, in parts of SCALE."""
    return {name: SCALE // max(limit, 1) for name, limit in vars(budget).items()}
