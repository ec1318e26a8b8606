# SPDX-License-Identifier: Apache-2.0
"""FID and KID through torchmetrics, with a small network in Inception's place."""

import sys

import pytest
import torch
from torch import nn

from fpgan.model.config import PRESETS
from fpgan.model.data import Held
from fpgan.model.evaluate import evaluate
from fpgan.model.generator import Generator
from fpgan.model.inception import inception_network, inception_scores
from fpgan.model.train import train


class Corners(nn.Module):
    """Features: the mean of each quarter of each colour."""

    num_features = 12

    def forward(self, images):
        assert images.dtype == torch.uint8
        return nn.functional.adaptive_avg_pool2d(images.double() / 255, 2).flatten(1)


class Maker(Generator):
    """Images whose brightness is the latent's first value."""

    shift = 0.0

    def forward(self, latent):
        return torch.tanh(latent[:, :1].expand(-1, 1, 16, 16) + self.shift)


def test_fid_and_kid_tell_alike_from_different():
    pixels = ((torch.tanh(torch.randn(1200, 1, 1, 1)) + 1) * 127.5).byte().expand(-1, 1, 16, 16)
    images = Held("digits", pixels, None, 1, 16)
    generator = Maker(PRESETS["tiny"].generator)
    alike = inception_scores(Corners(), generator, images, 600, 0)
    assert alike == inception_scores(Corners(), generator, images, 600, 0)
    assert alike["images"] == 600
    generator.shift = 1.0
    different = inception_scores(Corners(), generator, images, 5000, 0)
    for name in ("fid", "kid"):
        assert different[f"{name}_real_vs_real"] == alike[f"{name}_real_vs_real"]
        assert different[name] > 5 * abs(alike[name]) + 5 * abs(alike[f"{name}_real_vs_real"])


def test_missing_weights_are_one_line(tmp_path):
    with pytest.raises(ValueError, match="does not exist; it is the file of torch-fidelity's"):
        inception_network(tmp_path / "none.pth")


def test_a_missing_package_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    (tmp_path / "w.pth").write_bytes(b"")
    train(PRESETS["tiny"], tmp_path / "run", steps=0)
    with pytest.raises(ValueError, match="torch_fidelity is not installed: pip install"):
        evaluate(tmp_path / "run", samples=10, inception=tmp_path / "w.pth")
