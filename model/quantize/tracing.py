# SPDX-License-Identifier: Apache-2.0
"""A float module as a graph of layers: traced by torch.fx, each call of any form one named module."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn

from fpgan.hw.system.text import first_line
from fpgan.model.quantize.ops import (
    ARITHMETIC,
    INPUT,
    LINEAR,
    RESHAPING,
    Arithmetic,
    from_function,
    from_join,
    from_module,
    function_name,
)
from fpgan.model.quantize.rewrites import recognize, sized
from fpgan.model.quantize.spatial import Reshape
from fpgan.model.quantize.symbolic import fixed_arguments, on_one_device, symbolic
from fpgan.model.quantize.unsupported import Unsupported

QUANTIZER = "_quant"  # the end of each quantizer's name
_BATCH = 2  # of the run that finds the shapes: another than 1 shows a batch that is built in
_CLOSE = 1e-4
_FIXED_BATCH = "fixes the size of the batch; take it from the input, as in x.view(x.size(0), ...)"
_FRAME = re.compile(r'File "(.+)", line (\d+)')


def trace(module: nn.Module, shape: tuple[int, ...] | None = None) -> tuple[fx.GraphModule, tuple[int, ...]]:
    """A graph that computes what module does in eval mode, and the sizes (C, ...) of one of its inputs.

    Its nodes call modules named as in the source (functions by their name), each of one tensor, or Sum and
    Concat of several. shape: sizes
    of an input without the batch; None: found by the first layer. ValueError names the layer, or the line of
    the source, that hardware cannot be built from.
    """
    graph = _traced(module, shape)
    recognize(graph)
    traced = fx.GraphModule(module, graph)
    traced.graph.eliminate_dead_code()
    shape, values = _with_shapes(traced, shape)
    made = _Modules(traced, values).build()
    _check_same(module, made, shape)
    return made, shape


def _traced(module: nn.Module, shape: tuple[int, ...] | None) -> fx.Graph:
    """A forward that asks for its input's shape gets an example of each that may be."""
    fixed = fixed_arguments(module)
    shapes = [shape] if shape else _candidates(list(module.modules()))
    errors: list[Exception] = []
    for example in (None, *(_drawn(_BATCH, sizes) for sizes in shapes)):
        try:
            return symbolic(module, fixed, example)
        except Exception as error:  # user code may raise anything
            errors.append(error)
    name, reason = type(module).__name__, first_line(errors[0])
    raise ValueError(f"{_raised_at(errors[0])}: {name} cannot be traced ({reason})") from None


def _drawn(batch: int, sizes: tuple[int, ...]) -> Tensor:
    return torch.randn(batch, *sizes, generator=torch.Generator().manual_seed(0))


def _raised_at(error: Exception) -> str:
    """file:line of the last frame that is neither PyTorch's nor ours."""
    ours = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(ours)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "the module"


def _where(node: fx.Node) -> str:
    """`main.4` of a module, `tanh` (gen.py:12) of a function, for messages."""
    if node.op == "call_module":
        return f"`{node.target}`"
    found = [m.groups() for m in _FRAME.finditer(node.stack_trace or "")]
    place = [
        f"{Path(file).name}:{line}"
        for file, line in found
        if not file.startswith(str(Path(torch.__file__).parent))
    ]
    return f"`{node.name}`" + (f" ({place[-1]})" if place else "")


class _Shapes(fx.Interpreter):
    """Runs a graph; notes what each node gives, and at which node it failed."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.values: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        try:
            value = super().run_node(n)
        except Exception as error:
            raise Unsupported(f"{_where(n)}: {first_line(error)}") from None
        self.values[n] = value.clone() if isinstance(value, Tensor) else value  # it may be changed in place
        return value


def _with_shapes(
    traced: fx.GraphModule, shape: tuple[int, ...] | None
) -> tuple[tuple[int, ...], dict[fx.Node, Any]]:
    """Sizes of an input, those given or those that fit, and what each node makes of such a batch."""
    candidates = [shape] if shape else _candidates(_called(traced))
    if not candidates:
        raise ValueError("the shape of the input cannot be told from the layers; give it, as 1,100,1,1")
    failed: list[Unsupported] = []
    for candidate in candidates:
        try:
            return candidate, _run(traced, _BATCH, candidate)
        except Unsupported as error:
            failed.append(error)
    sizes, line = ",".join(map(str, (1, *candidates[0]))), first_line(failed[0])
    try:
        _run(traced, 1, candidates[0])
    except Unsupported:
        hint = "" if shape else "; give the shape of the input"
        raise ValueError(f"input of shape {sizes}: {line}{hint}") from None
    raise ValueError(f"{line.split(': ')[0]}: {_FIXED_BATCH}")


def _run(traced: fx.GraphModule, batch: int, sizes: tuple[int, ...]) -> dict[fx.Node, Any]:
    interpreter = _Shapes(traced)
    with torch.no_grad():
        interpreter.run(_drawn(batch, sizes))
    return interpreter.values


def _candidates(modules: list[nn.Module]) -> list[tuple[int, ...]]:
    """Shapes of an input that a first layer hints at: a vector, or one of 1x1 pixels."""
    module = next((m for m in modules if isinstance(m, LINEAR)), None)
    if isinstance(module, nn.Linear):
        return [(module.in_features,), (module.in_features, 1, 1)]
    if isinstance(module, nn.ConvTranspose2d):
        return [(module.in_channels, 1, 1), (module.in_channels,)]
    return []


def _called(traced: fx.GraphModule) -> list[nn.Module]:
    """Modules in the order in which the graph calls them."""
    return [traced.get_submodule(str(n.target)) for n in traced.graph.nodes if n.op == "call_module"]


def _reserved(name: str) -> bool:
    """Names of the input and of quantizers."""
    return name == INPUT or name.endswith(QUANTIZER)


class _Modules:
    """Walks a traced graph and collects its modules."""

    def __init__(self, traced: fx.GraphModule, values: dict[fx.Node, Any]) -> None:
        self.traced, self.values = traced, values
        self.nodes: list[fx.Node] = []  # tensors made of the input
        for node in traced.graph.nodes:
            made = node.op == "placeholder" or any(n in self.nodes for n in node.all_input_nodes)
            if made and node.op != "output" and isinstance(values.get(node), Tensor):
                self.nodes.append(node)
        self.modules: dict[str, nn.Module] = {}

    def build(self) -> fx.GraphModule:
        end = next(n for n in self.traced.graph.nodes if n.op == "output").args[0]
        if not isinstance(end, fx.Node) or end not in self.nodes:
            raise ValueError(
                f"forward returns {type(self.values.get(end, end)).__name__}; one tensor is supported"
            )
        graph = fx.Graph()
        made = {self.nodes[0]: graph.placeholder(INPUT)}
        for node in self.nodes[1:]:
            images = self._images(node)
            try:
                module = self._join(images, node) if len(images) > 1 else self._module(images[0], node)
            except Unsupported as error:
                kind = (
                    type(self.traced.get_submodule(str(node.target))).__name__ + " "
                    if node.op == "call_module"
                    else ""
                )
                raise ValueError(f"{kind}{_where(node)}: {error}") from None
            if module is None:
                made[node] = made[images[0]]
            else:
                made[node] = graph.call_module(self._named(node, module), tuple(made[i] for i in images))
        graph.output(made[end])
        if not any(isinstance(m, LINEAR) for m in self.modules.values()):
            raise ValueError("the module has no layer with weights")
        return fx.GraphModule(self.modules, graph).eval()

    def _named(self, node: fx.Node, module: nn.Module) -> str:
        """Keep a module under its own path; one that is called again, under the next free one."""
        base = str(node.target) if node.op == "call_module" else node.name
        name, count = base, 1
        while name in self.modules or _reserved(name) or any(o.startswith(f"{name}.") for o in self.modules):
            name, count = f"{base}_{count}", count + 1
        self.modules[name] = module
        return name

    def _images(self, node: fx.Node) -> list[fx.Node]:
        """Images that a node takes, in order, one as often as it takes it."""
        found: list[fx.Node] = []
        fx.map_arg((node.args, node.kwargs), lambda n: found.append(n) if n in self.nodes else None)
        return found

    def _join(self, images: list[fx.Node], node: fx.Node) -> nn.Module:
        if node.op == "call_module":
            raise Unsupported("is called with more than one tensor; only the image is supported")
        options = {**dict(zip(("tensors", "dim"), node.args, strict=False)), **node.kwargs}
        joined = options.get("tensors")
        constants = len(joined) > len(images) if isinstance(joined, list | tuple) else False
        if constants or "alpha" in node.kwargs:
            raise Unsupported("joins an image with constants; images are supported")
        dim = options.get("dim", options.get("axis", 0))
        return from_join(
            function_name(node.target), node.target, dim if isinstance(dim, int) else 0,
            [self._sizes(image) for image in images],
        )  # fmt: skip

    def _module(self, before: fx.Node, node: fx.Node) -> nn.Module | None:
        inputs, outputs = self._sizes(before), self._sizes(node)
        if node.op == "call_module":
            module = self.traced.get_submodule(str(node.target))
            if len(node.args) + len(node.kwargs) > 1:
                module = sized(module, inputs, outputs)
            return from_module(module, inputs, outputs)
        if node.target in ARITHMETIC:
            return from_module(self._arithmetic(before, node), inputs, outputs)
        name = function_name(node.target)
        if name in RESHAPING:
            return self._reshape(before, node, inputs, outputs)
        if name == "neg":
            return from_module(Arithmetic(torch.mul, torch.tensor(-1.0), False), inputs, outputs)
        args = self._constants(node.args[1:])
        options = {k: v for k, v in self._constants(node.kwargs).items() if k != "input"}
        return from_module(from_function(name, args, options), inputs, outputs)

    def _constants(self, arguments: Any) -> Any:
        """Arguments with the values of their nodes: parameters of the module, sizes of images."""
        return fx.map_arg(arguments, lambda n: self.values[n])

    def _sizes(self, node: fx.Node) -> tuple[int, ...]:
        shape = tuple(self.values[node].shape)
        if not shape or shape[0] != _BATCH:
            raise Unsupported(_FIXED_BATCH)
        return shape[1:]

    def _reshape(
        self, before: fx.Node, node: fx.Node, inputs: tuple[int, ...], outputs: tuple[int, ...]
    ) -> nn.Module | None:
        one, other = self.values[before], self.values[node]
        if one.numel() != other.numel() or not torch.equal(one.flatten(), other.flatten()):
            raise Unsupported("cuts a part out of the image; layers take whole images")
        return None if inputs == outputs else Reshape(outputs)

    def _arithmetic(self, before: fx.Node, node: fx.Node) -> nn.Module:
        left, right = (*self._constants(node.args), *self._constants(node.kwargs).values())[:2]
        swapped = node.args[0] is not before
        constant = left if swapped else right
        if len(node.args) + len(node.kwargs) != 2 or not isinstance(constant, int | float | Tensor):
            raise Unsupported("with more than a constant is not supported")
        value = torch.as_tensor(constant, dtype=torch.float32).detach().clone()
        return Arithmetic(ARITHMETIC[node.target], value, swapped)


@torch.no_grad()
def _check_same(module: nn.Module, made: nn.Module, shape: tuple[int, ...]) -> None:
    """ValueError where the graph computes something else: by what fx cannot see, such as random numbers."""
    latent = _drawn(_BATCH + 1, shape)
    with on_one_device():
        wanted, found = module(latent), made(latent)
    if wanted.shape != found.shape or not torch.allclose(wanted, found, _CLOSE, _CLOSE):
        raise ValueError(
            f"{type(module).__name__} computes other images than its layers alone; "
            "its forward depends on more than its input, such as on random numbers"
        )
