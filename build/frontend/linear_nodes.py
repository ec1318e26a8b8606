# SPDX-License-Identifier: Apache-2.0
"""ConvTranspose, Conv, Gemm and MatMul nodes as the one linear operation on integers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from fpgan.build.frontend.constants import Constants, attribute, text
from fpgan.build.frontend.errors import UnsupportedError
from fpgan.build.frontend.linear import Linear, Pads, Pair, from_conv
from fpgan.build.frontend.quantized_constants import Scaled, scaled_constant
from fpgan.build.frontend.view import View
from fpgan.build.frontend.weight_scales import MAX_WEIGHT, per_output
from fpgan.hw.system.text import brief

_POOLS = ("AveragePool", "GlobalAveragePool")
LINEAR = ("ConvTranspose", "Conv", "Gemm", "MatMul", *_POOLS)


@dataclass(frozen=True)
class LinearNode:
    """The linear part of a layer, its scales () or (CO), its bias (CO), and the view of what it puts out."""

    linear: Linear
    scale: NDArray[np.float32]
    bias: NDArray[np.float32] | None
    after: View
    notes: tuple[str, ...] = ()


def read_linear(node: NodeProto, constants: Constants, view: View) -> LinearNode:
    """Raises UnsupportedError, or ValueError where sizes do not fit."""
    if node.op_type in _POOLS:
        return _pool(node, view)
    weights = scaled_constant(node.input[1], constants)
    if weights is None:
        raise UnsupportedError.at(node, "float weights with no quantizer; put a Quant node on them")
    if np.abs(weights.integers).max(initial=0) > MAX_WEIGHT:
        raise UnsupportedError.at(
            node,
            f"weights up to {np.abs(weights.integers).max()}; at most {MAX_WEIGHT} (8 bits) is supported",
        )
    read = _dense if node.op_type in ("Gemm", "MatMul") else _convolution
    result = read(node, view, weights)
    return replace(result, bias=_bias(node, constants, result.linear.channels))


def _pool(node: NodeProto, view: View) -> LinearNode:
    """An average: weights of 1 on each channel by itself, of scale 1 / pixels."""
    if not view.canonical or len(view.axes) not in (3, 4):
        raise UnsupportedError.at(node, f"input with axes {view.axes}; (N,C,H,W) or (N,C,L) is supported")
    rank, channels = len(view.axes) - 2, view.dims[0]
    whole = node.op_type == "GlobalAveragePool"
    kernel = view.size if whole else (*(1,) * (2 - rank), *attribute(node, "kernel_shape", []))
    padded = any(attribute(node, "pads", [])) or text(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID")
    if padded and not attribute(node, "count_include_pad", 0):
        raise UnsupportedError.at(
            node, "averages fewer pixels at the border; count_include_pad=1 is supported"
        )
    if attribute(node, "ceil_mode", 0):
        raise UnsupportedError.at(node, "ceil_mode=1; 0 is supported")
    ones = np.ones((channels, 1, *(int(k) for k in kernel)), np.int64)
    linear = replace(
        _geometry(node, view, ones, _per_axis(node, "dilations", rank), channels), products=ones.size
    )
    scale = np.asarray(1 / ones[0].size, np.float32)
    return LinearNode(linear, scale, None, view.resized((channels, *linear.out)), ("an average",))


def _check_kernel(node: NodeProto, weights: NDArray[np.int64]) -> None:
    """The sizes that the file writes down once more."""
    kernel = list(weights.shape[2:])
    if (written := attribute(node, "kernel_shape", kernel)) != kernel:
        raise UnsupportedError.at(
            node, f"kernel_shape={brief(written)} on weights of shape {list(weights.shape)}"
        )


def _convolution(node: NodeProto, view: View, weights: Scaled) -> LinearNode:
    if not view.canonical or len(view.axes) not in (3, 4):
        raise UnsupportedError.at(node, f"input with axes {view.axes}; (N,C,H,W) or (N,C,L) is supported")
    rank = len(view.axes) - 2
    if weights.integers.ndim != rank + 2:
        raise UnsupportedError.at(
            node, f"{weights.integers.ndim - 2}-dimensional kernel on {rank} dimensions"
        )
    _check_kernel(node, weights.integers)
    groups, transposed = int(attribute(node, "group", 1)), node.op_type == "ConvTranspose"
    shape = weights.integers.shape
    if (
        groups < 1
        or shape[0] % groups
        or shape[0 if transposed else 1] * (1 if transposed else groups) != view.dims[0]
    ):
        raise UnsupportedError.at(
            node,
            f"weights of shape {list(shape)}, group={groups}, on {view.dims[0]} channels",
        )
    integers, scale = per_output(node, weights, int(transposed), groups if transposed else 1)
    integers = integers if rank == 2 else integers[:, :, None]
    dilation = _per_axis(node, "dilations", rank)
    linear = _geometry(node, view, integers, dilation, groups)
    notes = []
    if groups > 1:
        notes.append(f"{groups} groups of channels")
    if dilation != (1, 1):
        notes.append(f"dilation {dilation}")
    after = view.resized((linear.channels, *linear.out))
    return LinearNode(linear, scale, None, after, tuple(notes))


def _geometry(node: NodeProto, view: View, weights: NDArray[np.int64], dilation: Pair, groups: int) -> Linear:
    rank = len(view.axes) - 2
    stride = _per_axis(node, "strides", rank)
    if node.op_type == "ConvTranspose":
        extra = _per_axis(node, "output_padding", rank, 0)
        if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
            raise UnsupportedError.at(
                node, f"output_padding={extra} with strides {stride}, dilations {dilation}; less is expected"
            )
        plain = Linear(weights, view.size, stride, (0, 0, 0, 0), extra, groups=groups, dilation=dilation)
        return replace(plain, pads=_transposed_pads(node, plain, rank)).checked()
    span = [(k - 1) * d + 1 for k, d in zip(weights.shape[2:], dilation, strict=True)]
    pads = _conv_pads(node, view.size, (span[0], span[1]), stride, rank)
    return from_conv(weights, view.size, pads, stride, groups, dilation).checked()


def _transposed_pads(node: NodeProto, plain: Linear, rank: int) -> Pads:
    """ONNX: pads as given, or what makes `output_shape`, or what makes input size times stride."""
    auto = _auto_pad(node)
    wanted = _output_shape(node, rank, plain.channels)
    if auto == "VALID" and wanted is None:
        return (0, 0, 0, 0)
    if auto == "NOTSET" and wanted is None:
        return _pads(node, rank)
    if wanted is None:
        target = [n * s for n, s in zip(plain.size, plain.stride, strict=True)]
    else:
        target = [1] * (2 - rank) + wanted
    total = [full - out for full, out in zip(plain.out, target, strict=True)]
    if min(total) < 0:
        raise UnsupportedError.at(
            node, f"output of {target} pixels where its kernel reaches {list(plain.out)}"
        )
    return _split(total, upper=auto == "SAME_UPPER")


def _output_shape(node: NodeProto, rank: int, channels: int) -> list[int] | None:
    """Rows and columns that an `output_shape` wants, which may hold batch and channels before them."""
    shape = [int(n) for n in attribute(node, "output_shape", [])]
    if len(shape) not in (0, rank, rank + 2) or (len(shape) > rank and shape[1] != channels):
        raise UnsupportedError.at(
            node, f"output_shape={brief(shape)}; {rank} sizes, or batch and {channels} channels before them"
        )
    return shape[-rank:] or None


def _auto_pad(node: NodeProto) -> str:
    auto = text(node, "auto_pad", "NOTSET") or "NOTSET"
    if auto not in ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"):
        raise UnsupportedError.at(node, f"auto_pad={auto}; NOTSET, SAME_UPPER, SAME_LOWER or VALID")
    if auto != "NOTSET" and attribute(node, "pads", None) is not None:
        raise UnsupportedError.at(node, f"pads beside auto_pad={auto}; one of them is expected")
    return auto


def _conv_pads(node: NodeProto, size: Pair, kernel: Pair, stride: Pair, rank: int) -> Pads:
    """ONNX: pads as given, or what makes ceil(input size / stride)."""
    auto = _auto_pad(node)
    if auto == "NOTSET":
        return _pads(node, rank)
    if auto == "VALID":
        return (0, 0, 0, 0)
    reached = [(-(-n // s) - 1) * s + k for n, s, k in zip(size, stride, kernel, strict=True)]
    total = [max(0, r - n) for r, n in zip(reached, size, strict=True)]
    return _split(total, upper=auto == "SAME_UPPER")


def _split(total: list[int], upper: bool) -> Pads:
    """Half on either side, the odd one at the end (upper) or at the start."""
    lead = [t // 2 if upper else t - t // 2 for t in total]
    return lead[0], lead[1], total[0] - lead[0], total[1] - lead[1]


def _pads(node: NodeProto, rank: int) -> Pads:
    values = [int(v) for v in attribute(node, "pads", [0] * 2 * rank)]
    if len(values) != 2 * rank or min(values) < 0:
        raise UnsupportedError.at(node, f"pads={brief(values)}; {2 * rank} of at least 0 are expected")
    top, bottom = (values[0], values[2]) if rank == 2 else (0, 0)
    return top, values[rank - 1], bottom, values[-1]


def _per_axis(node: NodeProto, name: str, rank: int, default: int = 1) -> Pair:
    values = [int(v) for v in attribute(node, name, [default] * rank)]
    if len(values) != rank or min(values) < default:
        raise UnsupportedError.at(node, f"{name}={brief(values)}; {rank} of at least {default} are expected")
    return (values[0], values[1]) if rank == 2 else (default, values[0])


def _dense(node: NodeProto, view: View, weights: Scaled) -> LinearNode:
    """Over the channels of each pixel, or over a flattened image."""
    integers, turned = weights.integers, False
    if node.op_type == "Gemm":
        if (
            attribute(node, "transA", 0)
            or attribute(node, "alpha", 1.0) != 1
            or attribute(node, "beta", 1.0) != 1
        ):
            raise UnsupportedError.at(node, "transA, alpha or beta; only their defaults are supported")
        if attribute(node, "transB", 0):
            integers, turned = integers.T, True
    if integers.ndim != 2:
        raise UnsupportedError.at(node, f"weights with {integers.ndim} axes; 2 are supported")
    c, h, w = view.dims
    flat = view.axes == ("N", "CHW")
    if not flat and view.axes[-1] != "C":
        raise UnsupportedError.at(node, f"multiplies axis {view.axes[-1]}; the channels are supported")
    if integers.shape[0] != (c * h * w if flat else c):
        raise UnsupportedError.at(node, f"weights for {integers.shape[0]} features on {view.shape}")
    stored, scale = per_output(node, weights, 0 if turned else 1)
    integers = stored.T if turned else stored
    if flat:
        linear = from_conv(integers.T.reshape(-1, c, h, w), view.size, (0, 0, 0, 0))
        after = View((integers.shape[1], 1, 1), ("N", "C"), view.batch)
    else:
        linear = Linear(integers[:, :, None, None], view.size, (1, 1), (0, 0, 0, 0), (0, 0))
        after = view.resized((integers.shape[1], h, w))
    return LinearNode(linear.checked(), scale, None, after)


def _bias(node: NodeProto, constants: Constants, channels: int) -> NDArray[np.float32] | None:
    if len(node.input) < 3 or not node.input[2]:
        return None
    value = constants.get(node.input[2])
    if value is None:
        scaled = scaled_constant(node.input[2], constants)
        if scaled is None:
            raise UnsupportedError.at(node, "bias must be a constant or a quantized constant")
        value = scaled.floats
    wide = ((1, channels), (1, 1), (1,), ()) if node.op_type == "Gemm" else ()
    if node.op_type == "ConvTranspose" and value.ndim == 1 and not value.any():
        return None  # of any length: torch.ao writes one zero per input channel of a layer without a bias
    if value.shape not in ((channels,), *wide):
        raise UnsupportedError.at(node, f"bias of shape {value.shape} for {channels} channels")
    if not np.isfinite(value).all():
        raise UnsupportedError.at(node, "a bias that is not finite")
    return np.broadcast_to(np.ravel(value).astype(np.float32), (channels,)).copy()
