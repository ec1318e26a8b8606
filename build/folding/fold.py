# SPDX-License-Identifier: Apache-2.0
"""Choose folding, compute core, weight memory and padding of every layer: the fastest design that fits.

All layers run at the same time, so an image takes as long as the slowest layer. For a target of T cycles each
layer may take any option that needs at most T; which ones together fit the budget is a small integer program
(CP-SAT, solved to optimality). More cycles never make a target harder, so the smallest feasible T is found by
bisection over the cycle counts that occur. Of the designs of T cycles the one is taken whose largest share of
a resource is least: what is idle costs nothing, what is full costs clock.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from finn.util.basic import get_dsp_block
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.costs import Cost
from fpgan.build.dataflow.joins import fold_forks, join_folds
from fpgan.build.dataflow.loaded import load_all, most_sections
from fpgan.build.dataflow.loaded_costs import loader_cost
from fpgan.build.dataflow.pad_channels import pad_channels
from fpgan.build.dataflow.requantizers import put
from fpgan.build.dataflow.styles import Storage
from fpgan.build.folding.limits import Budget
from fpgan.build.folding.option import SIDE, Option
from fpgan.build.folding.options import LayerOptions
from fpgan.build.folding.program import SCALE, Program, prices
from fpgan.build.folding.streaming import Streaming, share_bandwidth, stream

_NOTHING = Cost(0)
# A lane is charged this many LUTs beside what it is made of: idle lanes still burn power and routing.
_LANE_LUT = 5
# The largest share may be so much above the least there is, if the shares together are less: hundreds of DSP
# slices for a few LUTs are no gain.
_NEAR = SCALE // 100
_SOONER = 0.03  # more of what a design takes, for its first image to leave sooner


class InfeasibleError(ValueError):
    """No folding meets the target within the budget."""


class OutOfReachError(InfeasibleError):
    """A target in cycles per image; best: the fewest that a design takes, within what, and why no fewer."""

    def __init__(self, target: int, best: int, within: str, why: str) -> None:
        super().__init__(f"target of {target} cycles per image; the best {within} is {best}: {why}")
        self.best, self.within, self.why = best, within, why


def fold(
    model: ModelWrapper,
    part: str,
    budget: Budget,
    target_cycles: int | None = None,
    cores: Collection[str] = ("lut", "dsp"),
    held: Cost = _NOTHING,
    storage: Storage = "rom",
    streaming: Streaming | None = None,
) -> dict[str, Any]:
    """Fold `model` in place for the fewest cycles, or for the least cost at `target_cycles`.

    cores: compute cores to choose from: lut, dsp (FINN's packed DSP), dsp2x (the same at twice the clock),
        cascade (sums along the cascades of DSP slices).
    held: what else is to find room in the budget: converters and FIFOs, known only after a folding.
    storage: where weights live: rom, loaded (thresholds too), streamed (where they are more than the images
        that are held for it, else rom), auto (any of them, by what it costs).
    streaming: how weights may be streamed; None: not at all.
    Returns what decided it: see `Folding.explain`. Raises InfeasibleError when nothing fits, naming the best
    that does.
    """
    folding = Folding(model, part, budget, cores, held, storage, streaming)
    choice = None
    if target_cycles is not None and target_cycles >= folding.floor:
        choice = folding.solve(target_cycles)
    best = folding.fastest()
    if best is None and choice is None:
        raise InfeasibleError(
            f"no folding fits {budget}; {folding.lack(folding.slowest)}; its weights are {folding.weights}"
        )
    if target_cycles is not None and choice is None:
        assert best is not None
        raise OutOfReachError(target_cycles, best, f"within {budget}", folding.lack(target_cycles))
    fewest = [cycles for cycles in (best, target_cycles) if cycles is not None]
    chosen = target_cycles or min(fewest)
    choice = choice or folding.solve(chosen)
    assert choice is not None  # proved: `fastest` solved it, or a harder one
    folding.apply(choice, chosen)
    return folding.explain(min(fewest))


class Folding:
    """The program for one graph and one budget."""

    def __init__(
        self,
        model: ModelWrapper,
        part: str,
        budget: Budget,
        cores: Collection[str],
        held: Cost = _NOTHING,
        storage: Storage = "rom",
        streaming: Streaming | None = None,
    ) -> None:
        self.model, self.budget, self.storage, self.streaming = model, budget, storage, streaming
        self.held = held + loader_cost(most_sections(model, storage))
        nodes = [node for node in model.graph.node if node.op_type == "Deconv_rtl"]
        self.layers = [
            LayerOptions(model, node, part, cores, storage, budget.uram, streaming) for node in nodes
        ]
        self.joins, self._block = join_folds(model), get_dsp_block(part)
        self.slow = max((*self.layers, *self.joins), key=lambda layer: layer.floor)
        self.floor = self.slow.floor
        cycles = {o.cycles for layer in self.layers for o in layer.options}
        bound = set() if streaming is None else {self._read(streaming)}
        self.targets = sorted({c for c in cycles | bound if c >= self.floor} | {self.floor})

    def _read(self, streaming: Streaming) -> int:
        """Cycles in which the memory gives all weights that are streamed at least."""
        least = [min(option.cost.bandwidth for option in layer.options) for layer in self.layers]
        cycles = max(1, streaming.cycles(sum(least), ports=streaming.ports))
        while sum(streaming.rate(read, cycles) for read in least) > streaming.bandwidth:  # each rounded up
            cycles += 1
        return cycles

    @property
    def weights(self) -> str:
        """In words: what all weights take."""
        ops = [getCustomOp(layer.node) for layer in self.layers]
        bits = sum(
            math.prod(op.get_normal_input_shape(1)) * op.get_input_datatype(1).bitwidth() for op in ops
        )
        return f"{bits / 1e6:.1f} Mbit" if bits >= 1e6 else f"{bits:,} bit"

    @property
    def slowest(self) -> int:
        return self.targets[-1]

    def fastest(self) -> int | None:
        """Fewest cycles that the budget holds."""
        best, low, high = None, 0, len(self.targets) - 1
        while low <= high:
            middle = (low + high) // 2
            if self._within(self.targets[middle]).run() is None:
                low = middle + 1
            else:
                best, high = self.targets[middle], middle - 1
        # Which folds are shared between cores hangs on the target: a faster one may have room again.
        while low > 0 and self._within(self.targets[low - 1]).run() is not None:
            low -= 1
            best = self.targets[low]
        return best

    def solve(self, target: int) -> list[Option] | None:
        """The choice of at most `target` cycles per layer whose largest share is least; None where none fits.

        Of those within _NEAR of it, the one whose shares together are least; then, for at most _SOONER of
        these, with layers that take fewer cycles, the one whose first image leaves soonest.
        """
        first = self._within(target)
        first.model.minimize(first.largest(self.budget))
        least = first.run()
        if least is None:
            return None
        program = self._within(target)
        program.model.add(program.largest(self.budget) <= least.value + _NEAR)
        program.model.minimize(self._price(program))
        answer = program.run()
        assert answer is not None  # the first one's choice is one
        cost = answer.value
        options = [layer.sooner(target) for layer in self.layers]
        program = self._limited(self._choosing(options, target))
        program.model.add(program.largest(self.budget) <= least.value + _NEAR + round(least.value * _SOONER))
        program.model.add(self._price(program) <= cost + round(cost * _SOONER))
        program.model.minimize(program.first_image)
        answer = program.run()
        assert answer is not None  # the second one's choice is one
        return answer.choice

    def _price(self, program: Program) -> Any:
        price = prices(self.budget)
        cost = sum(amount * price[name] for name, amount in program.spent.items())
        return cost + program.lanes * _LANE_LUT * price["lut"]

    def _within(self, target: int) -> Program:
        """Of the designs that the budget holds."""
        return self._limited(self._program(target))

    def _limited(self, program: Program) -> Program:
        for name, limit in program.of(vars(self.budget)).items():
            program.model.add(program.spent[name] <= limit)
        return program

    def _program(self, target: int) -> Program:
        found = [layer.within(target) for layer in self.layers]
        return self._choosing(found, target)

    def _choosing(self, found: Sequence[Sequence[tuple[Option, Cost]]], target: int) -> Program:
        """Of these options, whose weights are read as fast as `target` cycles ask."""
        reading = None if self.streaming is None else (self.streaming, target)
        return Program(self.layers, self._fixed(target), found, reading)

    def _fixed(self, target: int) -> Cost:
        """What takes the same with any choice."""
        return sum((join.cost(target) for join in self.joins), self.held)

    def overshoot(self, target: int) -> dict[str, int] | None:
        """What the design of `target` cycles takes that exceeds the budget least; None: no such design."""
        program = self._program(target)
        program.model.minimize(program.largest(self.budget))
        answer = program.run()
        return None if answer is None else answer.spent

    def lack(self, target: int) -> str:
        """In words: what keeps a design from `target` cycles."""
        if self.floor > target:
            return f"{self.slow.name} takes {self.floor} cycles at its widest"
        return self._excess(target, self.overshoot(target))

    def _excess(self, target: int, needed: dict[str, int] | None) -> str:
        if needed is None:
            return f"no design of {target} cycles has channel counts that agree between its layers"
        return f"{target} cycles would need " + " ".join(
            f"{name.upper()}={needed[name]}"
            for name, limit in vars(self.budget).items()
            if needed.get(name, 0) > limit
        )

    def explain(self, fastest: int) -> dict[str, Any]:
        """For report.json: the fewest cycles that fit, and what the next faster design lacks.

        {"fastest_cycles", "next_cycles" (None: no layer can be wider), "next_lacks" (words), "binds"}.
        """
        faster = [t for t in self.targets if t < fastest]
        if not faster:
            return {
                "fastest_cycles": fastest, "binds": self.slow.name, "next_cycles": None,
                "next_lacks": self.lack(fastest - 1),
            }  # fmt: skip
        needed = self.overshoot(faster[-1])
        over = {name: amount / max(getattr(self.budget, name), 1) for name, amount in (needed or {}).items()}
        return {
            "fastest_cycles": fastest, "binds": max(over, key=over.__getitem__, default="channels").upper(),
            "next_cycles": faster[-1], "next_lacks": self._excess(faster[-1], needed),
        }  # fmt: skip

    def apply(self, choice: list[Option], target: int) -> None:
        """Write the chosen options into the graph."""
        channels: dict[str, int] = {}
        for layer, option in zip(self.layers, choice, strict=True):
            op = getCustomOp(layer.node)
            settings = {"PE": option.pe, "SIMD": option.simd, "taps": list(option.taps),
                        "core": option.core, "weight_memory": option.memory,
                        "weight_storage": option.storage}  # fmt: skip
            settings |= dict(zip(SIDE, option.side, strict=True)) if option.side else {SIDE[0]: 0}
            settings["own_taps"] = int(bool(option.shape.own_taps))
            for name, value in settings.items():
                op.set_nodeattr(name, value)
            packed_for(op, self._block)
            steps = layer.threshold_node
            if self.streaming is not None and option.storage == "streamed":
                stream(self.model, layer.node, steps, option.tiles, self.streaming)
            if option.requantizer is not None:
                steps = put(self.model, steps, option.requantizer)
            getCustomOp(steps).set_nodeattr("PE", layer.threshold_pe(option, option.pace))
            follow(self.model, layer.node, option.simd)
            channels |= {layer.node.input[0]: option.ci, layer.node.output[0]: option.co}
        for join in self.joins:
            join.apply(target)
        if self.storage == "loaded":
            load_all(self.model)
        pad_channels(self.model, channels)
        share_bandwidth(self.model, self.streaming)
        fold_forks(self.model, target)


def packed_for(op: Any, dsp_block: str) -> None:
    """Core cascade packs weights by the slices of the part."""
    if "cascade" in (op.get_nodeattr("core"), op.get_nodeattr("side_core")):
        op.set_nodeattr("dsp_block", dsp_block)


def follow(model: ModelWrapper, node: NodeProto, simd: int) -> None:
    """Zero insertion in front of a deconv works on words of its width."""
    before = model.find_producer(node.input[0])
    if before is not None and before.op_type == "PixelPad_rtl":
        getCustomOp(before).set_nodeattr("SIMD", simd)
