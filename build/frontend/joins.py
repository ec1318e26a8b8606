# SPDX-License-Identifier: Apache-2.0
"""Nodes that take several images: additions, concatenations, functions of one image in several steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from onnx import NodeProto

from fpgan.build.frontend.assemble import Assembler, Image
from fpgan.build.frontend.branch import Branch
from fpgan.build.frontend.constants import attribute
from fpgan.build.frontend.errors import UnsupportedError, node_name
from fpgan.build.frontend.network import ConcatLayer
from fpgan.build.frontend.parts import FunctionPart, Part, SumPart
from fpgan.build.frontend.pointwise import ARITHMETIC, Both, Pointwise
from fpgan.build.frontend.quantizers import Quantizer
from fpgan.build.frontend.reopened import levels


def join(node: NodeProto, branches: Sequence[Branch]) -> Branch:
    """The image that a node makes of several. UnsupportedError."""
    if node.op_type == "Concat":
        return _concatenated(node, branches)
    if node.op_type not in ARITHMETIC or len(branches) != 2:
        raise UnsupportedError.at(node, "takes several images; Add and Concat may")
    for branch in branches:
        branch.require(node)
        branch.begin()
    one, other = branches
    if one.view != other.view:
        shapes = " and ".join(str(list(b.view.shape)) for b in branches)
        raise UnsupportedError.at(node, f"takes images of {shapes}; two of the same shape are supported")
    function = _function_of_one(node, one, other)
    if function is not None:
        return function
    if node.op_type != "Add":
        raise UnsupportedError.at(
            node,
            f"between two images; Add is supported, {node.op_type} with a constant or functions of one image",
        )
    return _added(node, one, other)


# -- one image ----------------------------------------------------------------------------------------
def _function_of_one(node: NodeProto, one: Branch, other: Branch) -> Branch | None:
    """Where both are functions of the same sums or image, as in x * Sigmoid(x): one function of these.

    Quantizers between them are part of the function; but sums are added where a layer stands between.
    """
    if [p.name for p in one.pending] != [p.name for p in other.pending]:
        return None
    found = [levels(node, branch) for branch in (one, other)]
    if node.op_type == "Add":
        found = [[p for k, p in enumerate(parts) if not k or isinstance(p, FunctionPart)] for parts in found]
    depths = sorted(product(*(range(len(parts)) for parts in found)), key=sum)
    parts = next((p for i, j in depths if (p := (found[0][i], found[1][j]))[0].sums_like(p[1])), None)
    if parts is None:
        return None
    same = 0
    for f, g in zip(parts[0].functions, parts[1].functions, strict=False):
        if f is not g:
            break
        same += 1
    left, right = (part.functions[same:] for part in parts)
    names = "+".join((*(f.op for f in (*left, *right)), node.op_type))
    constants = tuple(c for function in (*left, *right) for c in function.constants)
    both = Pointwise(names, Both(node.op_type, left, right), constants)
    start = parts[0].ops[: len(parts[0].ops) - len(left)]
    result = one.copy(one.shared)
    result.open_function(node)  # with what waits, as in all levels
    result.part = replace(parts[0], functions=(*parts[0].functions[:same], both), ops=(*start, names))
    return result


# -- sums ---------------------------------------------------------------------------------------------
def _added(node: NodeProto, one: Branch, other: Branch) -> Branch:
    for branch in (one, other):
        branch.check_quantized(node)
        branch.materialize(node)
    assert one.current is not None and other.current is not None
    sources = (one.current, other.current)
    part = SumPart(
        name=node_name(node), ops=(node.op_type,), images=(one.image, other.image), sources=sources,
        dims=one.view.dims,
    )  # fmt: skip
    return Branch(one.network, one.view, one.image, one.current, part)


# -- concatenations -----------------------------------------------------------------------------------
def _concatenated(node: NodeProto, branches: Sequence[Branch]) -> Branch:
    if len(branches) < len(node.input):
        raise UnsupportedError.at(node, "joins a constant; several images are supported")
    for branch in branches:
        branch.require(node)
        branch.begin()
    views = [branch.view for branch in branches]
    axis = int(attribute(node, "axis", 1))
    first = views[0]
    if (
        not -len(first.axes) <= axis < len(first.axes)
        or first.axes[axis] not in ("C", "CHW")
        or any((v.axes, v.size, v.batch) != (first.axes, first.size, first.batch) for v in views)
    ):
        shapes = " and ".join(str(list(v.shape)) for v in views)
        raise UnsupportedError.at(
            node, f"joins {shapes} along axis {axis}; channels of images of one size are supported"
        )
    inner = tuple(b for branch in branches for b in _flat(branch))
    view = first.resized((sum(v.dims[0] for v in views), *first.size))
    part = ConcatPart(name=node_name(node), ops=("Concat",), branches=inner)
    return Branch(branches[0].network, view, branches[0].image, branches[0].current, part)


def _flat(branch: Branch) -> tuple[Branch, ...]:
    """A concatenation of which nothing was made yet, in parts."""
    part = branch.part
    untouched = isinstance(part, ConcatPart) and not part.functions and not branch.pending
    return part.branches if untouched and isinstance(part, ConcatPart) else (branch,)


@dataclass(frozen=True, kw_only=True)
class ConcatPart(Part):
    """Images side by side; functions and the quantizer move into each."""

    branches: tuple[Branch, ...]

    def sums_like(self, other: Part) -> bool:
        return isinstance(other, ConcatPart) and self.branches is other.branches

    def joined(self) -> Quantizer | None:
        found = [branch.settled for branch in self.branches]
        known = [q for q in found if q is not None]
        if self.functions or len(known) < len(found) or len({q.scale for q in known}) > 1:
            return None
        return _merged(known)

    def scales(self) -> str:
        known = [q for q in (branch.settled for branch in self.branches) if q is not None]
        if len(known) < len(self.branches) or self.functions:
            return ""
        return " and ".join(f"{scale:.6g}" for scale in dict.fromkeys(q.scale for q in known))

    def join(self, node: NodeProto, network: Assembler) -> Image:
        return self._built(node, network, [branch.copy(True) for branch in self.branches])

    def close(self, node: NodeProto, quantizer: Quantizer, network: Assembler) -> Image:
        changed, start = [], 0
        for branch in self.branches:
            own, stop = branch.copy(True), start + branch.view.dims[0]
            for function in self.functions:
                own.add_function(node, function.sliced(start, stop))
            own.quantize(node, quantizer)
            changed.append(own)
            start = stop
        return self._built(node, network, changed)

    def _built(self, node: NodeProto, network: Assembler, branches: Sequence[Branch]) -> Image:
        for branch in branches:
            branch.materialize(node)
        sources = tuple(branch.current for branch in branches if branch.current is not None)
        layer = ConcatLayer(
            name=self.name, ops=self.ops, inputs=tuple(branch.image for branch in branches), sources=sources,
            target=_merged(sources), notes=self.notes, images=tuple(branch.view.dims for branch in branches),
        )  # fmt: skip
        return network.add(layer)


def _merged(quantizers: Sequence[Quantizer]) -> Quantizer:
    """One that holds the integers of all, which have one scale."""
    first = quantizers[0]
    if all(q == first for q in quantizers):
        return first
    return Quantizer(first.scale, min(q.low for q in quantizers), max(q.high for q in quantizers))
