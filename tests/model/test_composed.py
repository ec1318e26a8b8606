# SPDX-License-Identifier: Apache-2.0
"""Activations made of ONNX' operators are PyTorch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fpgan.model.quantize.composed import COMPOSED

KINDS = [*(kind() for kind in COMPOSED), nn.GELU(approximate="tanh"), nn.Softshrink(0.2)]


@pytest.mark.parametrize("module", KINDS, ids=str)
def test_composed_is_the_same_function(module):
    x = torch.linspace(-12, 12, 4801)
    ours = COMPOSED[type(module)](module)
    assert torch.allclose(ours(x), module(x), rtol=1e-5, atol=1e-5)
