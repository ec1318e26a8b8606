# SPDX-License-Identifier: Apache-2.0
"""Integer graphs made by hand, whose paths part and meet, and beside each what numpy makes of it."""

from __future__ import annotations

import json

import numpy as np
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.integer_graph import USEFUL_MACS
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.smallest_type import smallest_type
from fpgan.build.folding.fold import Budget, fold
from fpgan.build.frontend.linear import Linear
from fpgan.hw.boards import get_board
from fpgan.hw.geometry import DeconvGeometry
from fpgan.sim.golden import concat, deconv, threshold, weighted_sum
from fpgan.sim.vectors import Vectors

BOARD = get_board("ultra96")
AMPLE = Budget(50_000, 200, 100)


class Integers:
    """An integer graph made by hand, layer by layer, and beside it the same in numpy."""

    def __init__(self, size, channels, datatype="INT4", seed=0):
        self.rng, self.nodes, self.values = np.random.default_rng(seed), [], {}
        self.tensors = {"image_0": ([1, channels, *size], DataType[datatype])}
        self.steps, self.useful = [], {}

    @property
    def index(self):
        return len(self.steps)

    def linear(self, source, channels, kernel=3, stride=1, pad=1, out="UINT4", image=None, bits=4):
        """A transposed convolution; image (H,W,C): its output, of one pixel, regrouped; bits: of weights."""
        i, ((_, ci, *size), kind) = self.index, self.tensors[source]
        top = 2 ** (bits - 1) - 1
        weights = self.rng.integers(-top, top + 1, (ci, channels, kernel, kernel))
        linear = Linear(weights, tuple(size), (stride,) * 2, (pad,) * 4, (0, 0))
        low, high = linear.accumulator_range(int(kind.min()), int(kind.max()))
        geometry = DeconvGeometry.make(tuple(size), (kernel,) * 2, (stride,) * 2, (pad,) * 4, (0, 0), (1, 1))
        self.useful[f"deconv_{i}"] = linear.useful_macs
        self._initializer(f"weights_{i}", weights, DataType[f"INT{bits}"])
        self._tensor(f"acc_{i}", [1, channels, *geometry.out_shape], int(low.min()), int(high.max()) + 1)
        self._node("ConvTranspose", [source, f"weights_{i}"], f"acc_{i}", f"deconv_{i}",
                   strides=[stride] * 2, pads=[pad] * 4, kernel_shape=[kernel] * 2)  # fmt: skip
        levels = self._threshold(f"flat_{i}" if image else f"image_{i + 1}", out)
        shape = image or (*geometry.out_shape, channels)
        if image:
            self._regroup(i, image)
        offset = int(DataType[out].min())
        self.steps.append(
            lambda x: threshold(deconv(x[source], weights, geometry), levels, offset).reshape(-1, *shape)
        )
        return f"image_{i + 1}"

    def add(self, a, b, factors=(1, 1), out="UINT4", negated=()):
        """negated: channels whose sum is."""
        i, kinds = self.index, [self.tensors[name][1] for name in (a, b)]
        low, high = (sum(f * int(getattr(kind, end)()) for f, kind in zip(factors, kinds, strict=True))
                     for end in ("min", "max"))  # fmt: skip
        names = [self._scaled(i, k, *term) for k, term in enumerate(zip((a, b), factors, strict=True))]
        shape = self.tensors[a][0]
        flags = [int(c in negated) for c in range(shape[1])]
        self._tensor(f"acc_{i}", shape, min(low, -high), max(high, -low) + 1)
        self._node("Add", names, f"sum_{i}" if negated else f"acc_{i}", f"add_{i}")
        if negated:
            self.tensors[f"sum_{i}"] = self.tensors[f"acc_{i}"]
            signs = 1 - 2 * np.array(flags).reshape(1, -1, 1, 1)
            self._initializer(f"signs_{i}", signs, DataType["INT2"])
            self._node("Mul", [f"sum_{i}", f"signs_{i}"], f"acc_{i}", f"negate_{i}")
        levels, offset = self._threshold(f"image_{i + 1}", out), int(DataType[out].min())
        self.steps.append(lambda x: threshold(weighted_sum([x[a], x[b]], factors, flags), levels, offset))
        return f"image_{i + 1}"

    def concat(self, *sources):
        i, kinds = self.index, [self.tensors[name][1] for name in sources]
        n, _, h, w = self.tensors[sources[0]][0]
        shape = [n, sum(self.tensors[name][0][1] for name in sources), h, w]
        kind = smallest_type(min(int(k.min()) for k in kinds), max(int(k.max()) for k in kinds))
        self.tensors[f"image_{i + 1}"] = shape, kind
        self._node("Concat", list(sources), f"image_{i + 1}", f"concat_{i}", axis=1)
        self.steps.append(lambda x: concat([x[name] for name in sources]))
        return f"image_{i + 1}"

    def _scaled(self, i, k, image, factor):
        if factor == 1:
            return image
        self._initializer(f"factor_{i}_{k}", np.array(factor), DataType["INT32"])
        shape, kind = self.tensors[image]
        self._tensor(f"scaled_{i}_{k}", shape, int(kind.min()) * factor, int(kind.max()) * factor)
        self._node("Mul", [image, f"factor_{i}_{k}"], f"scaled_{i}_{k}", f"scale_{i}_{k}")
        return f"scaled_{i}_{k}"

    def _threshold(self, target, out):
        """Returns the levels (C,T), in the middle half of the accumulator's range."""
        i, kind, (shape, acc) = self.index, DataType[out], self.tensors[f"acc_{self.index}"]
        levels = self.rng.integers(int(acc.min()) // 4, int(acc.max()) // 4 + 1,
                                   (shape[1], int(kind.max() - kind.min())))  # fmt: skip
        levels.sort(axis=1)
        self._initializer(f"thresholds_{i}", levels, acc)
        self.tensors[target] = shape, kind
        self._node("MultiThreshold", [f"acc_{i}", f"thresholds_{i}"], target, f"threshold_{i}",
                   domain="qonnx.custom_op.general", out_dtype=out, out_bias=float(kind.min()),
                   data_layout="NCHW")  # fmt: skip
        return levels

    def _regroup(self, i, image):
        kind = self.tensors[f"flat_{i}"][1]
        self.values[f"shape_{i}"] = np.array([1, *image], np.int64), None
        self.tensors[f"grouped_{i}"] = [1, *image], kind
        self.tensors[f"image_{i + 1}"] = [1, image[2], *image[:2]], kind
        self._node("Reshape", [f"flat_{i}", f"shape_{i}"], f"grouped_{i}", f"regroup_{i}")
        self._node("Transpose", [f"grouped_{i}"], f"image_{i + 1}", f"regroup_{i}_nchw", perm=[0, 3, 1, 2])

    def _node(self, op, inputs, output, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))

    def _tensor(self, name, shape, low, high):
        self.tensors[name] = shape, smallest_type(low, high, signed=True)

    def _initializer(self, name, value, datatype):
        self.values[name] = value.astype(np.float32), datatype

    def model(self):
        """The integer graph, NCHW."""
        last = f"image_{self.index}"
        infos = {
            n: helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, (s, _) in self.tensors.items()
        }
        graph = helper.make_graph(self.nodes, "integers", [infos.pop("image_0")], [infos.pop(last)],
                                  value_info=list(infos.values()))  # fmt: skip
        model = ModelWrapper(qonnx_make_model(graph, opset_imports=[helper.make_opsetid("", 13)]))
        for name, (value, datatype) in self.values.items():
            model.set_initializer(name, value)
            if datatype is not None:
                model.set_tensor_datatype(name, datatype)
        for name, (_, datatype) in self.tensors.items():
            model.set_tensor_datatype(name, datatype)
        for key, value in (
            ("input_scale", "1.0"),
            ("output_scale", "1.0"),
            (USEFUL_MACS, json.dumps(self.useful)),
        ):
            model.set_metadata_prop(key, value)
        return model

    def vectors(self, images=3):
        """Latents and what numpy makes of them."""
        (_, *shape), kind = self.tensors["image_0"]
        latent = self.rng.integers(int(kind.min()), int(kind.max()) + 1, (images, *shape))
        values = {"image_0": latent.transpose(0, 2, 3, 1)}
        for i, step in enumerate(self.steps):
            values[f"image_{i + 1}"] = step(values)
        return Vectors(latent, values[f"image_{self.index}"].transpose(0, 3, 1, 2), 1.0, 1.0)


def everything(seed=0):
    """A flat layer as an image, a residual block with unequal scales, an image joined with itself."""
    g = Integers((1, 1), 6, "INT8", seed)
    start = g.linear("image_0", 60, kernel=1, pad=0, out="INT4", image=(4, 5, 3))
    back = g.add(g.linear(g.concat(start, start, start), 3), start, (1, 2), negated=(1,))
    g.linear(back, 1, kernel=4, stride=2, out="INT8")
    return g


def parted(seed=0):
    """An image joined with itself, two layers of it added."""
    g = Integers((4, 5), 5, "UINT3", seed)
    thrice = g.concat("image_0", "image_0", "image_0")
    other = g.linear("image_0", 7)
    return finished(g, g.add(g.linear(thrice, 7), other, (300, 71), negated=(0, 4)))


def finished(g, image):
    g.linear(image, 1, kernel=3, out="INT8")
    return g


def residual(seed=0, channels=8, size=8):
    g = Integers((size, size), 3, "INT4", seed)
    wide = g.linear("image_0", channels)
    return finished(g, g.add(g.linear(g.linear(wide, channels), channels), wide))


def folded(g, target=None, style="subpixel", budget=AMPLE):
    model = lower(g.model(), style)
    fold(model, BOARD.part, budget, target)
    return model
