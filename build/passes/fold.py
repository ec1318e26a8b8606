# SPDX-License-Identifier: Apache-2.0
"""Choose PE, SIMD and compute core of every layer: the fastest design that the budget holds.

All layers run at the same time, so an image takes as long as the slowest layer. For a target of T cycles
each layer may take any folding that needs at most T; which ones together fit the budget at least cost is a
small integer program. The smallest feasible T is found by bisection over the cycle counts that occur.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finn.util.basic import get_dsp_block
from onnx import NodeProto
from ortools.sat.python import cp_model
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build import costs
from fpgan.build.passes.streams import MAX_STREAM_BITS

_SCALE = 100_000  # resource fractions as integers for the solver
# A lane is charged this much beside what it is made of: idle lanes still burn power and routing.
_LANE_LUT = 25


@dataclass(frozen=True)
class Budget:
    """Resources that a design may use."""

    lut: int
    dsp: int
    bram18: int


@dataclass(frozen=True)
class Option:
    """One way to fold a layer."""

    pe: int
    simd: int
    core: str
    cycles: int
    cost: costs.Cost


class InfeasibleError(ValueError):
    """No folding meets the target within the budget."""


def fold(model: ModelWrapper, part: str, budget: Budget, target_cycles: int | None = None) -> ModelWrapper:
    """Set PE, SIMD and core of each node for the fewest cycles (or the least cost at `target_cycles`).

    Raises InfeasibleError when nothing fits, naming the best that does.
    """
    layers = [node for node in model.graph.node if node.op_type == "Deconv_rtl"]
    options = [_options(node, get_dsp_block(part)) for node in layers]
    best = _fastest(model, layers, options, budget)
    if best is None:
        raise InfeasibleError(f"no folding fits LUT={budget.lut} DSP={budget.dsp} BRAM18={budget.bram18}")
    target, choice = best
    if target_cycles is not None:
        if target > target_cycles:
            raise InfeasibleError(
                f"target of {target_cycles} cycles per image; the best within LUT={budget.lut} "
                f"DSP={budget.dsp} BRAM18={budget.bram18} is {target}"
            )
        target, choice = target_cycles, _solve(model, layers, options, budget, target_cycles) or choice
    for node, option in zip(layers, choice, strict=True):
        _apply(model, node, option, target)
    return model


def fold_like(model: ModelWrapper, build: Path) -> ModelWrapper:
    """Take PE, SIMD and core of each deconv, and PE of each threshold, from an earlier BUILD."""
    try:
        layers = {layer["name"]: layer for layer in json.loads((build / "report.json").read_text())["layers"]}
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{build}: no build here (report.json is missing or broken)") from None
    for node in model.graph.node:
        if node.name not in layers or node.op_type not in ("Deconv_rtl", "Thresholding_rtl"):
            continue
        op, layer = getCustomOp(node), layers[node.name]
        channels = "CO" if node.op_type == "Deconv_rtl" else "NumChannels"
        _check_divides(node, "PE", layer["pe"], channels, op.get_nodeattr(channels))
        op.set_nodeattr("PE", layer["pe"])
        if node.op_type == "Deconv_rtl":
            _check_divides(node, "SIMD", layer["simd"], "CI", op.get_nodeattr("CI"))
            op.set_nodeattr("SIMD", layer["simd"])
            op.set_nodeattr("core", layer["core"])
            _follow(model, node, layer["simd"])
    return model


def _check_divides(node: NodeProto, name: str, value: int, of: str, total: int) -> None:
    if value < 1 or total % value:
        raise ValueError(
            f"{node.name}: {name}={value} does not divide {of}={total}; choose one of {divisors(total)}"
        )


def _follow(model: ModelWrapper, node: NodeProto, simd: int) -> None:
    """Zero insertion in front of a deconv works on words of its width."""
    before = model.find_producer(node.input[0])
    if before is not None and before.op_type == "PixelPad_rtl":
        getCustomOp(before).set_nodeattr("SIMD", simd)


def _fastest(
    model: ModelWrapper, layers: list[NodeProto], options: list[list[Option]], budget: Budget
) -> tuple[int, list[Option]] | None:
    """Smallest target, with its choice, that the budget holds."""
    targets = sorted({o.cycles for layer in options for o in layer if o.cycles >= _floor(options)})
    best, low, high = None, 0, len(targets) - 1
    while low <= high:
        middle = (low + high) // 2
        choice = _solve(model, layers, options, budget, targets[middle])
        if choice is None:
            low = middle + 1
        else:
            best, high = (targets[middle], choice), middle - 1
    return best


def _floor(options: list[list[Option]]) -> int:
    return max(min(o.cycles for o in layer) for layer in options)


def _solve(
    model: ModelWrapper, layers: list[NodeProto], options: list[list[Option]], budget: Budget, target: int
) -> list[Option] | None:
    """Cheapest choice with at most `target` cycles per layer, or None where the budget does not hold one."""
    program = cp_model.CpModel()
    spent: dict[str, Any] = {"lut": 0, "dsp": 0, "bram18": 0}
    lanes: Any = 0
    chosen = []
    for node, layer in zip(layers, options, strict=True):
        allowed = [o for o in layer if o.cycles <= target]
        if not allowed:
            return None
        flags = [program.new_bool_var(f"{node.name}_{i}") for i in range(len(allowed))]
        program.add_exactly_one(flags)
        chosen.append((flags, allowed))
        for flag, option in zip(flags, allowed, strict=True):
            extra = _stream_cost(model, node, option, target)
            for name in spent:
                spent[name] += flag * (getattr(option.cost, name) + getattr(extra, name))
            lanes += flag * (option.pe * option.simd)
    for name, limit in vars(budget).items():
        program.add(spent[name] <= limit)
    price = {name: max(1, _SCALE * 100 // max(limit, 1)) for name, limit in vars(budget).items()}
    program.minimize(sum(spent[name] * price[name] for name in spent) + lanes * _LANE_LUT * price["lut"])
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1  # the same design every time
    solver.parameters.random_seed = 0
    if solver.solve(program) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return [
        next(o for flag, o in zip(flags, allowed, strict=True) if solver.value(flag))
        for flags, allowed in chosen
    ]


def _options(node: NodeProto, dsp_block: str) -> list[Option]:
    """Every folding of a deconv whose stream words are not too wide."""
    op = getCustomOp(node)
    ci, co = op.get_nodeattr("CI"), op.get_nodeattr("CO")
    act, acc = op.get_input_datatype().bitwidth(), op.get_output_datatype().bitwidth()
    found = []
    for pe in divisors(co):
        for simd in divisors(ci):
            if max(pe * acc, simd * act) > MAX_STREAM_BITS:
                continue
            for core in ("dsp", "lut"):
                for name, value in (("PE", pe), ("SIMD", simd), ("core", core)):
                    op.set_nodeattr(name, value)
                cost = costs.deconv_cost(op.shape(), dsp_block)
                found.append(Option(pe, simd, core, op.get_exp_cycles(), cost))
    return found


def _stream_cost(model: ModelWrapper, node: NodeProto, option: Option, target: int) -> costs.Cost:
    """Cost of the width converter and thresholding behind a deconv."""
    threshold = getCustomOp(model.find_consumers(node.output[0])[0])
    pe = threshold_pe(threshold, option.pe, target)
    acc, out = threshold.get_input_datatype().bitwidth(), threshold.get_output_datatype().bitwidth()
    converter = costs.width_convert_cost(option.pe * acc, pe * acc)
    cost = costs.threshold_cost(pe, threshold.get_nodeattr("NumChannels"), acc, out)
    return costs.Cost(cost.lut + converter.lut, bram18=cost.bram18)


def threshold_pe(threshold: object, deconv_pe: int, target: int) -> int:
    """Fewest channels per cycle that keep up: a divisor of the deconv's PE."""
    pixels = 1
    for size in threshold.get_nodeattr("numInputVectors"):  # type: ignore[attr-defined]
        pixels *= int(size)
    channels = threshold.get_nodeattr("NumChannels")  # type: ignore[attr-defined]
    return next((pe for pe in divisors(deconv_pe) if pixels * channels // pe <= target), deconv_pe)


def _apply(model: ModelWrapper, node: NodeProto, option: Option, target: int) -> None:
    op = getCustomOp(node)
    for name in ("pe", "simd", "core"):
        op.set_nodeattr(name.upper() if name != "core" else name, getattr(option, name))
    threshold = getCustomOp(model.find_consumers(node.output[0])[0])
    threshold.set_nodeattr("PE", threshold_pe(threshold, option.pe, target))
    _follow(model, node, option.simd)


def divisors(n: int) -> list[int]:
    """Divisors of n, ascending."""
    return [d for d in range(1, n + 1) if n % d == 0]
