# SPDX-License-Identifier: Apache-2.0
"""The numpy truth against PyTorch's conv_transpose2d, for any geometry, on integers."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from fpgan.hw.geometry import DeconvGeometry
from fpgan.sim.golden import deconv, threshold, weight_words, zero_insert

# size, kernel, stride, pads (top, left, bottom, right), output_padding: geometries on which FINN's own
# deconvolution pass goes wrong, then ordinary ones.
GEOMETRIES = {
    "k5_s2_p2_op1": ((5, 5), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1)),
    "pads_1122": ((4, 4), (4, 4), (2, 2), (1, 1, 2, 2), (0, 0)),
    "k3_s2_p1_op1": ((4, 4), (3, 3), (2, 2), (1, 1, 1, 1), (1, 1)),
    "k1_s1_p2": ((6, 6), (1, 1), (1, 1), (2, 2, 2, 2), (0, 0)),
    "k5_s23_p12": ((4, 5), (5, 5), (2, 3), (1, 2, 1, 2), (0, 0)),
    "k4_s1_p12": ((5, 6), (4, 4), (1, 1), (1, 2, 1, 2), (0, 0)),
    "k42": ((4, 3), (4, 2), (2, 2), (1, 0, 1, 0), (0, 0)),
    "defaults": ((3, 3), (2, 2), (1, 1), (0, 0, 0, 0), (0, 0)),
    "pad_over_kernel": ((6, 6), (3, 3), (2, 2), (3, 3, 3, 3), (1, 1)),
    "k2_s3": ((4, 4), (2, 2), (3, 3), (0, 0, 0, 0), (1, 2)),
    "dense": ((1, 1), (4, 4), (1, 1), (0, 0, 0, 0), (0, 0)),
    "dcgan": ((4, 4), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0)),
    "wide": ((2, 7), (4, 4), (2, 2), (1, 1, 1, 1), (0, 0)),
}


def reference(x, w, geometry, stride):
    """PyTorch's uncropped result, cropped and extended as ONNX defines it. NHWC in and out."""
    full = F.conv_transpose2d(
        torch.from_numpy(x.transpose(0, 3, 1, 2)).double(), torch.from_numpy(w).double(), stride=stride
    ).numpy()
    oh, ow = geometry.out_shape
    top, left = geometry.rows.pad, geometry.cols.pad
    out = np.zeros((*full.shape[:2], top + oh, left + ow))
    h, w_ = min(full.shape[2], top + oh), min(full.shape[3], left + ow)
    out[:, :, :h, :w_] = full[:, :, :h, :w_]
    return out[:, :, top:, left:].transpose(0, 2, 3, 1).astype(np.int64)


def walked(x, w, geometry, pe, simd, taps):
    """The operation as the hardware walks it: blocks of taps, their weights from the ROM's words."""
    words = weight_words(w, geometry, pe, simd, taps)
    nf, sf = w.shape[1] // pe, w.shape[0] // simd
    width = len(geometry.cols.weight_blocks(taps[1]))
    out = np.zeros((x.shape[0], *geometry.out_shape, w.shape[1]), np.int64)
    for oy, ox in np.ndindex(*geometry.out_shape):
        for by, rows in blocks_of(geometry.rows, oy, taps[0]):
            for bx, cols in blocks_of(geometry.cols, ox, taps[1]):
                for n, s in np.ndindex(nf, sf):
                    word = words[((by * width + bx) * nf + n) * sf + s].reshape(pe, *taps, simd)
                    for (dy, iy), (dx, ix) in itertools.product(enumerate(rows), enumerate(cols)):
                        if 0 <= iy < x.shape[1] and 0 <= ix < x.shape[2]:
                            pixel = x[:, iy, ix, s * simd : (s + 1) * simd]
                            out[:, oy, ox, n * pe : (n + 1) * pe] += pixel @ word[:, dy, dx].T
    return out


def blocks_of(axis, o, par):
    """(index of its weights, input indices of its taps) of each block that output o visits."""
    n, phase = divmod(o + axis.pad, axis.stride)
    sizes = [-(-len(range(p, axis.kernel, axis.stride)) // par) for p in range(axis.stride)]
    found = []
    for block in range(sizes[phase]):
        inputs = [n - block * par - d for d in range(par)]
        used = [0 <= i < axis.size and phase + (block * par + d) * axis.stride < axis.kernel
                for d, i in enumerate(inputs)]  # fmt: skip
        if any(used):
            found.append((sum(sizes[:phase]) + block, inputs))
    assert len(found) == axis.blocks(par)[o]
    return found


def check(size, kernel, stride, pads, output_padding, seed=0):
    rng = np.random.default_rng(seed)
    geometry = DeconvGeometry.make(size, kernel, stride, pads, output_padding)
    x = rng.integers(-8, 8, (2, *size, 3))
    w = rng.integers(-8, 8, (3, 2, *kernel))
    expected = reference(x, w, geometry, stride)
    assert np.array_equal(deconv(x, w, geometry), expected)
    for taps in ((1, 1), (2, 1), (1, 2), (3, 2)):
        assert np.array_equal(walked(x, w, geometry, 1, 3, taps), expected)
    upsampled, dense = geometry.zero_inserted()
    assert np.array_equal(deconv(zero_insert(x, stride, upsampled), w, dense), expected)
    bias = rng.integers(-50, 50, 2)
    assert np.array_equal(deconv(x, w, geometry, bias), expected + bias)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_known_geometries(name):
    check(*GEOMETRIES[name])


def test_torch_output_padding():
    """The whole operation as PyTorch parameterises it, not only our cropping of it."""
    rng = np.random.default_rng(1)
    x, w = rng.integers(-8, 8, (1, 5, 4, 2)), rng.integers(-8, 8, (2, 3, 5, 3))
    expected = F.conv_transpose2d(
        torch.from_numpy(x.transpose(0, 3, 1, 2)).double(), torch.from_numpy(w).double(), stride=(2, 3),
        padding=(2, 1), output_padding=(1, 2),
    ).numpy().transpose(0, 2, 3, 1)  # fmt: skip
    geometry = DeconvGeometry.make((5, 4), (5, 3), (2, 3), (2, 1, 2, 1), (1, 2))
    assert np.array_equal(deconv(x, w, geometry), expected)


pair = st.tuples(st.integers(1, 5), st.integers(1, 5))


@settings(max_examples=150, deadline=None)
@given(pair, pair, st.tuples(st.integers(1, 3), st.integers(1, 3)), st.data())
def test_any_geometry(size, kernel, stride, data):
    pads = tuple(data.draw(st.integers(0, 4)) for _ in range(4))
    extra = tuple(data.draw(st.integers(0, s)) for s in stride)
    try:
        DeconvGeometry.make(size, kernel, stride, pads, extra)
    except ValueError as error:
        assert "at least 1" in str(error)
        return
    check(size, kernel, stride, pads, extra)


@settings(max_examples=100, deadline=None)
@given(pair, pair, st.tuples(st.integers(1, 3), st.integers(1, 3)), st.data())
def test_line_buffer_bookkeeping(size, kernel, stride, data):
    """Rows are never dropped before their last use, and all of them are dropped at the end."""
    pads = tuple(data.draw(st.integers(0, 3)) for _ in range(4))
    try:
        geometry = DeconvGeometry.make(size, kernel, stride, pads)
    except ValueError:
        return
    par = data.draw(st.integers(1, 3))
    kept, held = 0, geometry.rows.held(par)
    for taps, released, needed in zip(
        geometry.rows.taps, geometry.rows.released(par), geometry.rows.needed(par), strict=True
    ):
        for _, i in taps:
            assert kept <= i < needed
        assert kept <= released <= needed <= kept + held
        assert released % par == 0
        kept = released
    assert kept == -(-size[0] // par) * par


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_dilation_is_a_kernel_with_zeros(data):
    """And of an image with zeros between its pixels the same."""
    two = lambda low, high: data.draw(st.tuples(st.integers(low, high), st.integers(low, high)))  # noqa: E731
    size, kernel, stride, dilation = two(1, 5), two(1, 4), two(1, 4), two(1, 4)
    geometry = DeconvGeometry.make(size, kernel, stride, (0, 0, 0, 0), (0, 0), two(1, 3), dilation)
    rng = np.random.default_rng(0)
    x, w = rng.integers(-8, 8, (2, *size, 2)), rng.integers(-8, 8, (2, 3, *kernel))
    spread = np.zeros((2, 3, geometry.rows.span, geometry.cols.span), np.int64)
    spread[:, :, :: dilation[0], :: dilation[1]] = w
    axes = [replace(axis, kernel=axis.span, dilation=1) for axis in (geometry.rows, geometry.cols)]
    expected = deconv(x, spread, DeconvGeometry(*axes))
    assert np.array_equal(deconv(x, w, geometry), expected)
    upsampled, dense = geometry.zero_inserted()
    assert np.array_equal(deconv(zero_insert(x, stride, upsampled), w, dense), expected)


def test_phases_with_fewer_taps_take_fewer_steps():
    axis = DeconvGeometry.make((8, 8), (5, 5), (2, 2), (2, 2, 2, 2), (1, 1)).rows
    assert {len(t) for t in axis.taps[4:-4]} == {2, 3}  # 9, 6, 6 and 4 taps in two dimensions


def test_threshold_counts():
    acc = np.array([[-5, 0], [3, 9]])
    steps = np.array([[-5, 3], [1, 10]])
    assert threshold(acc, steps, -1).tolist() == [[0, -1], [1, 0]]


def test_weight_words_order():
    w = np.arange(4 * 6 * 2 * 3).reshape(4, 6, 2, 3)
    words = weight_words(w, DeconvGeometry.make((2, 2), (2, 3), (2, 2)), pe=3, simd=2)
    ky, kx, nf, sf = 1, 2, 1, 0
    block = {0: 0, 2: 1, 1: 2}[kx]  # phase 0 has kernel columns 0 and 2, phase 1 has column 1
    address = ((ky * 3 + block) * 2 + nf) * 2 + sf
    assert words.shape == (2 * 3 * 2 * 2, 3, 2)
    assert words[address, 1, 1] == w[sf * 2 + 1, nf * 3 + 1, ky, kx]


def test_weight_words_of_parallel_taps():
    w = np.arange(1, 1 + 2 * 1 * 3 * 3).reshape(2, 1, 3, 3)
    words = weight_words(w, DeconvGeometry.make((2, 2), (3, 3), (2, 2)), pe=1, simd=2, taps=(2, 2))
    assert words.shape == (4, 1, 8)
    assert words[0, 0].tolist() == [w[c, 0, y, x] for y in (0, 2) for x in (0, 2) for c in (0, 1)]
    assert words[3, 0].tolist() == [w[0, 0, 1, 1], w[1, 0, 1, 1], *[0] * 6]  # one tap, three that fill


def test_weight_words_of_groups():
    """Two groups at once, of 1 to 2 channels each; then half a group's outputs."""
    w = np.arange(4 * 2 * 1 * 2).reshape(4, 2, 1, 2)
    geometry = DeconvGeometry.make((2, 2), (1, 2))
    whole = weight_words(w, geometry, pe=4, simd=2, groups=4)
    assert whole[..., 0].tolist() == [
        [w[g + c // 2, c % 2, 0, kx] for c in range(4)] for kx in (0, 1) for g in (0, 2)
    ]
    part = weight_words(w, geometry, pe=1, simd=1, groups=4)
    assert part.ravel().tolist() == [w[g, c, 0, kx] for kx in (0, 1) for g in range(4) for c in (0, 1)]


def test_groups_as_pytorch_has_them():
    rng = np.random.default_rng(2)
    x, w = rng.integers(-8, 8, (2, 4, 3, 6)), rng.integers(-8, 8, (6, 2, 4, 3))
    geometry = DeconvGeometry.make((4, 3), (4, 3), (2, 1), (1, 1, 1, 1))
    expected = F.conv_transpose2d(
        torch.from_numpy(x.transpose(0, 3, 1, 2)).double(), torch.from_numpy(w).double(), stride=(2, 1),
        padding=1, groups=3,
    ).numpy().transpose(0, 2, 3, 1)  # fmt: skip
    assert np.array_equal(deconv(x, w, geometry, groups=3), expected)
