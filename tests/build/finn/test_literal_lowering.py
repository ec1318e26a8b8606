# SPDX-License-Identifier: Apache-2.0
"""FINN's own lowering of transposed convolutions by its steps, its layers RTL or, of finn-hlslib, HLS."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from finn.util.settings import get_settings
from finn_folded import folded
from finn_networks import integers, relu, saved, up
from torch import nn

import fpgan.finn

HLSLIB = get_settings().finn_deps / "finn-hlslib"
KINDS = ["FMPadding_Pixel", "MVAU", "Thresholding"]  # of which FINN has both; windows and padding are RTL
HLS = [
    pytest.mark.skipif(not HLSLIB.is_dir(), reason=f"{HLSLIB} is not there: no package holds finn-hlslib"),
    pytest.mark.skipif("XILINX_HLS" not in os.environ, reason="no Vitis HLS here (XILINX_HLS)"),
]


@pytest.mark.parametrize("style", ["rtl", pytest.param("hls", marks=HLS)])
def test_two_layers_by_zeros_between_pixels(style: str, tmp_path: Path) -> None:
    """Of kernel 4 and stride 2: PyTorch's values, by FINN's Python of RTL and its C simulation of HLS."""
    torch.manual_seed(3)
    net = nn.Sequential(integers(), up(2, 4), relu(), up(4, 1), integers())
    styles = tmp_path / "styles.json"
    styles.write_text(json.dumps({"Defaults": {"preferred_impl_style": [style, KINDS]}}))
    kinds = folded(
        saved(net, torch.randn(8, 2, 4, 4), tmp_path / "up.onnx"), tmp_path, fpgan.finn.build_steps("finn"),
        specialize_layers_config_file=str(styles),
    )  # fmt: skip
    assert all(kinds.count(f"{kind}_{style}") == 2 for kind in KINDS), kinds
