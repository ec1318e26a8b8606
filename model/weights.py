# SPDX-License-Identifier: Apache-2.0
"""Starting weights from a file: a checkpoint of ours, or any DCGAN generator's PyTorch state dict."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fpgan.hw.system.text import brief, first_line
from fpgan.model.generator import Generator
from fpgan.model.run import CHECKPOINT, check_kinds, load_tensors

_WRAPPERS = ("state_dict", "model_state_dict", "generator_state_dict", "generator", "netG", "model")
_KINDS = {"convolution": (nn.Conv2d, nn.ConvTranspose2d), "normalisation": (nn.BatchNorm2d,)}
_SHOWN, _LINE = 12, 200
_SAVE = "save only the state dict: torch.save(generator.state_dict(), FILE)"
_ARCHIVES = {"constants.pkl": "TorchScript", "archive_format": "torch.export"}  # by a file that each has
_COUNTER = "num_batches_tracked"


def load_init(generator: Generator, path: Path | str) -> None:
    """Put the weights of a file (.safetensors, .pth, .pt) or of a RUN folder into a generator.

    A file with our own names is read by name; learned scales may be missing. Of any other, such as
    a Sequential of ConvTranspose2d, BatchNorm2d and activations, the convolutions and the normalisations are
    taken in order. ValueError names every key that does not fit, or what is wrong with the file. A .pth is
    read without running any code in it.
    """
    path, tensors = read_weights(path)
    own = generator.float_twin().state_dict()  # shares its tensors with the generator
    ours = generator.state_dict()
    named = {name: tensor for name, tensor in tensors.items() if name in ours}
    if named:
        pairs, wrong = by_name(tensors, own, ours)
    else:
        pairs, wrong = _in_order(tensors, generator.float_twin())
    refuse(path, "the configuration", wrong)
    with torch.no_grad():
        for name, tensor in pairs.items():
            ours[name].copy_(tensor)


def load_weights_of(module: nn.Module, path: Path | str) -> None:
    """Put the weights of such a file into any module, by name. ValueError names every key that does not fit.

    Only the counters of BatchNorm may be missing.
    """
    path, tensors = read_weights(path)
    ours = module.state_dict()
    wanted = {name: tensor for name, tensor in ours.items() if not name.endswith(_COUNTER)}
    if any(name not in ours for name in tensors):  # of parts that were wrapped for several devices
        tensors = {re.sub(r"(?<=\.)(module|_orig_mod)\.", "", name): t for name, t in tensors.items()}
    pairs, wrong = by_name(tensors, wanted, ours)
    refuse(path, type(module).__name__, wrong)
    module.load_state_dict(pairs, strict=False)


def refuse(path: Path, what: str, wrong: list[str]) -> None:
    """ValueError of the first lines of wrong, if there are any."""
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        lines = "; ".join(brief(line, _LINE) for line in wrong[:_SHOWN])
        raise ValueError(f"{path}: does not fit {what}: {lines}{more}")


def read_weights(path: Path | str) -> tuple[Path, dict[str, Tensor]]:
    """The file, or a RUN folder's checkpoint, and its tensors. ValueError unless all are finite."""
    path = Path(path)
    path = path / CHECKPOINT if path.is_dir() else path
    tensors = _read(path)
    spoilt = [name for name, t in tensors.items() if t.is_floating_point() and not torch.isfinite(t).all()]
    if spoilt:
        raise ValueError(f"{path}: not finite: {', '.join(map(brief, spoilt[:_SHOWN]))}")
    return path, tensors


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_tensors(path)
    if not path.is_file():
        raise ValueError(f"{path}: does not exist")
    if kind := _archive(path):
        raise ValueError(f"{path}: is a {kind} archive; {_SAVE}")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise ValueError(f"{path}: holds pickled code or is no PyTorch file; {_SAVE}") from None
    except Exception as error:  # on bytes that are no pickle the unpickler raises nearly anything
        raise ValueError(f"{path}: truncated or no PyTorch file ({torch_reason(error)})") from None
    tensors = _state_dict(path, found)
    check_kinds(path, tensors)
    return tensors


def _archive(path: Path) -> str | None:
    """What a zip file is that torch.load does not take for a state dict."""
    try:
        with zipfile.ZipFile(path) as file:
            names = {name.rpartition("/")[2] for name in file.namelist()}
    except (OSError, zipfile.BadZipFile):
        return None
    return next((kind for name, kind in _ARCHIVES.items() if name in names), None)


def torch_reason(error: Exception) -> str:
    """First sentence of what torch.load raised, but for its advice to run code that a file holds."""
    line = first_line(error).partition(". ")[0]
    return type(error).__name__ if "weights_only" in line else line


def _state_dict(path: Path, found: Any) -> dict[str, Tensor]:
    """The tensors by name, also from inside what training scripts wrap them in."""
    for name in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping):
        raise ValueError(f"{path}: holds a {type(found).__name__}, not a state dict")
    tensors = {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
    if not tensors:
        names = ", ".join(map(brief, list(found)[:_SHOWN]))
        raise ValueError(f"{path}: holds no tensors ({names or 'empty'})")
    return {re.sub(r"^(module\.|_orig_mod\.)+", "", name): value for name, value in tensors.items()}


Fit = tuple[dict[str, Tensor], list[str]]


def by_name(tensors: dict[str, Tensor], own: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> Fit:
    """The tensors, and a line for each that is missing, too many or of another shape."""
    wrong = [f"{name} is missing" for name in own if name not in tensors]
    wrong += [f"{name} belongs to no layer" for name in tensors if name not in ours]
    pairs = {name: tensor for name, tensor in tensors.items() if name in ours}
    wrong += [_shapes(n, t, ours[n]) for n, t in pairs.items() if t.shape != ours[n].shape]
    return pairs, wrong


def _shapes(name: str, tensor: Tensor, wanted: Tensor) -> str:
    return f"{name} has shape {tuple(tensor.shape)}, not {tuple(wanted.shape)}"


def _in_order(tensors: dict[str, Tensor], network: Generator) -> Fit:
    """The same by the order of the layers: their n-th convolution is our n-th."""
    pairs: dict[str, Tensor] = {}
    wrong: list[str] = []
    theirs = _modules(tensors)
    for kind, classes in _KINDS.items():
        own = [(name, m) for name, m in network.named_modules() if isinstance(m, classes)]
        given = theirs[kind]
        wrong += [f"no {kind} for {name}" for name, _ in own[len(given) :]]
        wrong += [f"{name} is one {kind} too many" for name, _ in given[len(own) :]]
        for (name, module), (their_name, parts) in zip(own, given, strict=False):
            wanted = module.state_dict()
            for key, tensor in parts.items():
                if key not in wanted:
                    hint = " (set generator.bias: true)" if key == "bias" else ""
                    wrong.append(f"{their_name}.{key} has no place in {name}{hint}")
                elif tensor.shape != wanted[key].shape:
                    wrong.append(f"{_shapes(f'{their_name}.{key}', tensor, wanted[key])} as {name}")
                else:
                    pairs[f"{name}.{key}"] = tensor
            missing = [k for k in ("weight", "bias") if k in wanted and k not in parts]
            wrong += [f"{their_name}.{key} is missing, wanted for {name}" for key in missing]
    wrong += [f"{name} belongs to no layer" for name in theirs["other"]]
    return pairs, wrong


def _modules(tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Tensors by module, ordered by the numbers in the names: safetensors keeps no other order."""
    grouped: dict[str, dict[str, Tensor]] = {}
    for name in sorted(tensors, key=_numbered):
        module, _, key = name.rpartition(".")
        grouped.setdefault(module, {})[key] = tensors[name]
    found: dict[str, Any] = {"convolution": [], "normalisation": [], "other": []}
    for module, parts in grouped.items():
        weight = parts.get("weight")
        if weight is not None and weight.ndim == 4:
            found["convolution"].append((module, parts))
        elif weight is not None and weight.ndim == 1:
            found["normalisation"].append((module, parts))
        else:
            found["other"] += [f"{module}.{key}" for key in parts]
    return found


def _numbered(name: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[.]|(?<=\D)(?=\d)", name)
    ]
