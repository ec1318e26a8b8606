# SPDX-License-Identifier: Apache-2.0
"""Float modules to quantized ones: what is traced, found and written, and what is refused."""

import json
import re

import numpy as np
import pytest
import quantize_models as models
import torch
import torch.nn.functional as F
from json_schema import faults
from safetensors.torch import load_file
from torch import nn

from fpgan.build.files import schema_of
from fpgan.model.quantize import quantize
from fpgan.model.quantize.layers import split
from fpgan.model.quantize.tracing import trace


def small():
    torch.manual_seed(0)
    return models.trained(models.Seed(4, 1, (6, 4, 4)))


def test_the_chain_computes_what_the_module_does():
    module = models.trained(models.Functional())
    chain, shape = trace(module)
    assert shape == (8,)
    latent = torch.randn(3, 8)
    assert torch.allclose(chain(latent), module(latent), atol=1e-6)
    names = [str(n.target) for n in chain.graph.nodes if n.op == "call_module"]
    assert names == [
        "fc",
        "view_1",
        "relu",
        "interpolate",
        "conv",
        "pixel_shuffle",
        "leaky_relu",
        "out",
        "tanh",
    ]
    assert chain.out.padding == (1, 1)  # of "same"
    assert module.out.padding == "same"  # the user's module is as it was


def test_modules_called_again_are_layers_of_their_own():
    layers = split(*trace(models.trained(models.Twice()))).layers
    assert [(layer.name, layer.end) for layer in layers] == [
        ("first", "act"), ("up", "mul"), ("up_1", "truediv"),
    ]  # fmt: skip
    assert layers[-1].span == (0.0, 1.0)


def test_what_is_written(tmp_path):
    result = quantize(small(), tmp_path, "W4A4", vectors=6, layer_bits={"main.0": "W8A5"}, output_bits=6)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "checkpoint.safetensors", "model.golden.npz", "model.onnx", "quantize.json", "samples.png",
    ]  # fmt: skip
    assert json.loads((tmp_path / "quantize.json").read_text()) == result
    assert not list(faults(result, schema_of("quantize")))
    assert [(r["name"], r["weight_bits"], r["act_bits"]) for r in result["layers"]] == [
        ("main.0", 8, 5), ("main.3", 4, 4), ("main.6", 4, 4), ("main.9", 4, 6),
    ]  # fmt: skip
    scales = [s for r in result["layers"] for s in (*r["weight_scale"], r["act_scale"])]
    assert np.all(np.frexp(scales)[0] == 0.5)  # powers of two
    assert [len(r["weight_scale"]) for r in result["layers"]] == [6, 4, 4, 1]
    assert [r["act_signed"] for r in result["layers"]] == [False, False, False, True]
    assert result["latent"] == {"shape": [4, 1, 1], "kind": "normal", "bits": 8, "scale": 2.0**-5}
    assert result["image"] == {"shape": [1, 32, 32], "bits": 6, "scale": 2.0**-5}
    with np.load(tmp_path / "model.golden.npz") as data:
        assert data["latent"].shape == (6, 4, 1, 1) and data["image"].shape == (6, 1, 32, 32)
        assert data["image"].min() >= -32 and data["image"].max() <= 31


def test_a_training_is_not_thrown_away(tmp_path):
    """Its checkpoint was overwritten."""
    (tmp_path / "metrics.json").write_text('{"steps": 300}')
    with pytest.raises(ValueError, match=r"holds a training of 300 steps; choose another folder$"):
        quantize(small(), tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_more_bits_are_closer_and_fine_tuning_gets_closer_still(tmp_path):
    found = [quantize(small(), tmp_path, bits, vectors=1)["sqnr_db"] for bits in ("W3A3", "W4A4", "W8A8")]
    assert found == sorted(found) and found[2] > 30
    result = quantize(small(), tmp_path, "W3A3", vectors=1, steps=40, rate=1e-3)
    assert result["calibrated"]["sqnr_db"] == found[0]
    assert result["sqnr_db"] > found[0] + 1
    before = small().state_dict()
    assert not torch.equal(
        load_file(tmp_path / "checkpoint.safetensors")["main.3.weight"], before["main.3.weight"]
    )


def test_the_same_seed_gives_the_same_files(tmp_path):
    for name in ("a", "b"):
        quantize(small(), tmp_path / name, vectors=2, steps=2)
    for name in ("checkpoint.safetensors", "model.onnx"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_rounding_moves_no_means(tmp_path):
    """Bias correction: without BatchNorm, the mean of each channel is the float layer's."""
    module = models.trained(nn.Sequential(nn.ConvTranspose2d(4, 3, 4), nn.Softplus(), nn.Conv2d(3, 2, 1)))
    result = quantize(module, tmp_path, "W2A8", vectors=1)
    made = load_file(tmp_path / "checkpoint.safetensors")
    assert not torch.allclose(made["0.bias"], module[0].bias, atol=1e-4)
    step = torch.tensor(result["layers"][0]["weight_scale"]) * result["latent"]["scale"]
    assert torch.equal(made["0.bias"] / step, torch.round(made["0.bias"] / step))


@pytest.mark.parametrize("kind", ["uniform", "file"])
def test_latents_of_another_kind(kind, tmp_path):
    latents = kind
    if kind == "file":
        latents = tmp_path / "z.npy"
        np.save(latents, np.random.default_rng(0).normal(0, 9, (20, 4, 1, 1)).astype(np.float32))
    result = quantize(small(), tmp_path, vectors=2, latents=latents)
    assert result["latent"]["scale"] == (2.0**-7 if kind == "uniform" else 2.0**-2)


def refused(module, *shape):
    with pytest.raises(ValueError) as error:
        split(*trace(module.eval(), shape or None))
    assert "\n" not in str(error.value)
    return str(error.value)


class Forward(nn.Module):
    """A dense layer and a forward that a test gives."""

    def __init__(self, function):
        super().__init__()
        self.fc = nn.Linear(4, 16, bias=False)
        self.function = function

    def forward(self, z):
        return self.function(self, z)


def image(self, z):
    return self.fc(z).view(-1, 1, 4, 4)


def control_flow(self, z):
    return z if z.sum() > 0 else self.fc(z)


FORWARDS = {
    "control flow": (control_flow, f"{__file__}:%d: Forward cannot be traced (symbolically traced"),
    "broadcast": (lambda s, z: z[:, :1] + z, "`getitem` (test_quantize.py:%d): cuts a part out of the image"),
    "sizes": (lambda s, z: z + s.fc(z), "`add` (test_quantize.py:%d): "),
    "axis": (lambda s, z: torch.cat([image(s, z)] * 2, 2), "joins (N,1,4,4) and (N,1,4,4) along axis 2"),
    "gate": (lambda s, z: z * torch.sigmoid(z), "`mul` (test_quantize.py:%d): joins several images"),
    "batch": (lambda s, z: s.fc(z).view(1, 1, 4, 4), "`view` (test_quantize.py:%d): fixes the size"),
    "crop": (lambda s, z: image(s, z)[:, :, 1:], "cuts a part out of the image"),
    "outputs": (lambda s, z: (s.fc(z), z), "forward returns tuple; one tensor is supported"),
    "noise": (lambda s, z: s.fc(z) * torch.rand(()), "depends on more than its input"),
    "permute": (lambda s, z: image(s, z).permute(0, 1, 3, 2), "`permute` (test_quantize.py:%d): reorders"),
    "functional layer": (lambda s, z: F.linear(z, s.fc.weight), "`linear` (test_quantize.py:%d): write"),
    "regrouping": (lambda s, z: torch.relu(image(s, z)).view(-1, 4, 2, 2), "`view_1`: reshapes"),
    "unknown": (lambda s, z: torch.erf(s.fc(z)), "`erf` (test_quantize.py:%d): is not"),
    "circle": (lambda s, z: F.pad(image(s, z), (1, 1, 1, 1), "circular"), "pads with circular; zeros"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORWARDS)
def test_a_forward_that_is_refused_names_its_line(name):
    function, expected = FORWARDS[name]
    line = function.__code__.co_firstlineno + (name == "control flow")
    assert (expected % line if "%d" in expected else expected) in refused(Forward(function), 4)


DENSE = nn.ConvTranspose2d(4, 2, 4)
MODULES = {
    "instance norm": (nn.InstanceNorm2d(2), "InstanceNorm2d `1`: its statistics depend on the image"),
    "softmax": (nn.Softmax(1), "Softmax `1`: needs all channels at once"),
    "bicubic": (nn.Upsample(scale_factor=2, mode="bicubic"), "Upsample `1`: has mode bicubic; nearest"),
    "corners": (nn.Upsample((8, 8), mode="bilinear", align_corners=True), "Upsample `1`: has align_corners"),
    "factor": (nn.Upsample((6, 6), mode="bilinear"), "resizes (N,2,4,4) to (N,2,6,6); bilinear takes whole"),
    "statistics": (nn.BatchNorm2d(2, track_running_stats=False), "`1`: has no running statistics"),
    "padding mode": (nn.Conv2d(2, 1, 3, padding=1, padding_mode="reflect"), "has padding_mode reflect"),
    "circle": (nn.CircularPad2d(1), "CircularPad2d `1`: ZeroPad2d, ReflectionPad2d and"),
    "pad in front": (nn.Sequential(nn.ZeroPad2d(1), nn.ReLU()), "`1.0`: pads or picks pixels in front of"),
    "dense on images": (nn.Linear(4, 4), "Linear `1`: gets (N,2,4,4); flatten it to (N,features) first"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_is_refused_is_named(name):
    module, expected = MODULES[name]
    assert expected in refused(nn.Sequential(DENSE, module))


def test_features_that_differ_from_pixel_to_pixel():
    shape, dense = nn.Unflatten(1, (1, 4, 4)), nn.Linear(4, 16, bias=False)

    def first(*modules):
        return split(*trace(nn.Sequential(*modules).eval())).layers[0]

    assert first(nn.Linear(4, 16), shape).apart
    assert first(dense, nn.BatchNorm1d(16), shape).apart
    kernel = first(dense, shape, nn.BatchNorm2d(1))
    assert kernel.norm == "2" and kernel.pixels == 16 and not kernel.apart


def test_shapes_that_do_not_fit():
    assert refused(small(), 5, 1, 1).startswith("input of shape 1,5,1,1: `main.0`: ")
    assert "give it, as 1,100,1,1" in refused(nn.Sequential(nn.Conv2d(4, 1, 1)))
    assert "takes z, y; one tensor" in refused(_Two())


class _Two(nn.Module):
    def forward(self, z, y):
        return z


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"bits": "W9A4"}, "bits=W9A4: weights=9: 2 to 8 bits are supported"),
        ({"bits": "float"}, "bits=float: hardware needs integers"),
        ({"output_bits": 1}, "output_bits=1: 2 to 8"),
        ({"latent_bits": 16}, "latent_bits=16: 2 to 8"),
        ({"layer_bits": {"main.1": "W8A8"}}, "layer main.1: no layer of that name; there are main.0, main.3"),
        ({"shape": (2, 4, 1, 1)}, "input of shape 2,4,1,1: 1,Z or 1,C,L or 1,C,H,W"),
        ({"steps": -1}, "steps=-1"),
        ({"latents": "gauss"}, "latents gauss: does not exist; normal, uniform or a .npy file"),
        ({"latents": torch.zeros(3, 4)}, "latents: shape (3, 4); finite floats (N,4,1,1) are expected"),
        ({"arguments": {"a": 1}}, "this module is constructed already"),
    ],
)
def test_arguments_that_do_not_fit(options, expected, tmp_path):
    with pytest.raises(ValueError, match=re.escape(expected)):
        quantize(small(), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
