# SPDX-License-Identifier: Apache-2.0
"""A float module from a file of the user's, with its weights."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize, prune, remove_spectral_norm, remove_weight_norm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from fpgan.hw.system.text import first_line
from fpgan.model.weights import load_weights_of

_PARALLEL = (nn.DataParallel, nn.parallel.DistributedDataParallel)
_IMPORTED = "fpgan_quantized_source"


def open_module(
    source: str | nn.Module, weights: Path | str | None, arguments: Mapping[str, Any], seed: int
) -> nn.Module:
    """A module in eval mode, its weights plain tensors.

    source: a module, or "file.py:Name" where Name is a class of modules or a function that returns one,
    called with arguments, or a module. That file's code is run. weights: .pth, .pt or .safetensors, read
    without running code; None leaves the module as its constructor makes it, with that seed. ValueError, one
    line, on anything that does not work.
    """
    if isinstance(source, str):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = _from_file(source, arguments)
    elif arguments:
        raise ValueError("arguments: are for a class in a file; this module is constructed already")
    else:
        module = source
    module = _alone(module)
    if weights is not None:
        load_weights_of(module, weights)
    spoilt = [n for n, t in module.state_dict().items() if t.is_floating_point() and not t.isfinite().all()]
    if spoilt:
        raise ValueError(f"{type(module).__name__}: weights that are not finite: {', '.join(spoilt[:5])}")
    return _plain(module.eval().cpu().float())


def _from_file(source: str, arguments: Mapping[str, Any]) -> nn.Module:
    file, colon, name = source.rpartition(":")
    path = Path(file)
    if not colon or not name.isidentifier():
        raise ValueError(f"{source}: FILE.py:NAME is expected, as generator.py:Generator")
    if not path.is_file():
        raise ValueError(f"{path}: does not exist")
    with _beside(path):
        found = getattr(_imported(path), name, None)
        if found is None:
            raise ValueError(f"{path}: has no {name}; it has {_classes(path)}")
        module = found if isinstance(found, nn.Module) else _called(path, name, found, arguments)
    if not isinstance(module, nn.Module):
        raise ValueError(f"{path}: {name} is a {type(module).__name__}, not a torch.nn.Module")
    return module


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Imports find what lies beside the file, and it sees no arguments of ours."""
    before, argv = list(sys.path), sys.argv
    sys.path.insert(0, str(path.resolve().parent))
    sys.argv = [str(path)]
    try:
        yield
    finally:
        sys.path[:], sys.argv = before, argv


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(_IMPORTED, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path}: is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_IMPORTED] = module
    try:
        spec.loader.exec_module(module)
    except SystemExit:
        raise ValueError(
            f"{path}: runs a program when it is imported; put that behind if __name__ == '__main__':"
        ) from None
    except Exception as error:
        raise ValueError(f"{_line(path, error)}: cannot be imported ({_reason(error)})") from None
    return module


def _classes(path: Path) -> str:
    found = vars(sys.modules[_IMPORTED]).values()
    names = [c.__name__ for c in found if inspect.isclass(c) and issubclass(c, nn.Module)]
    return ", ".join(names) or "no torch.nn.Module"


def _called(path: Path, name: str, maker: Any, arguments: Mapping[str, Any]) -> Any:
    if not callable(maker):
        raise ValueError(f"{path}: {name} is a {type(maker).__name__}, not a torch.nn.Module")
    try:
        bound = inspect.signature(maker).bind(**arguments)
    except TypeError as error:
        known = ", ".join(map(str, inspect.signature(maker).parameters.values()))
        raise ValueError(f"{path}: {name}({known}): {error}; give each as --arg NAME=VALUE") from None
    try:
        return maker(*bound.args, **bound.kwargs)
    except Exception as error:
        raise ValueError(f"{_line(path, error)}: {name} cannot be made ({_reason(error)})") from None


def _line(path: Path, error: Exception) -> str:
    """file:line where the user's file failed."""
    if isinstance(error, SyntaxError):
        return f"{path}:{error.lineno}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _alone(module: nn.Module) -> nn.Module:
    """Without wrappers for several devices, at the top or inside."""
    while isinstance(module, _PARALLEL):
        module = module.module
    for part in list(module.modules()):
        for name, child in part.named_children():
            if isinstance(child, _PARALLEL):
                setattr(part, name, _alone(child))
    return module


def _plain(module: nn.Module) -> nn.Module:
    """Weight and spectral normalisation, pruning and other parametrizations, worked into the weights."""
    for part in list(module.modules()):
        if parametrize.is_parametrized(part):
            for name in list(part.parametrizations):  # type: ignore[arg-type,union-attr]
                parametrize.remove_parametrizations(part, name)
        for hook in list(part._forward_pre_hooks.values()):
            if isinstance(hook, WeightNorm):
                remove_weight_norm(part, hook.name)
            elif isinstance(hook, SpectralNorm):
                remove_spectral_norm(part, hook.name)
            elif isinstance(hook, prune.BasePruningMethod):
                prune.remove(part, hook._tensor_name)
    return module
