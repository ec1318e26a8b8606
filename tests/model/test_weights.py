# SPDX-License-Identifier: Apache-2.0
"""--init: generators of other people's training scripts, by the order of their layers."""

import re
import zipfile
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fpgan.model.config import GeneratorConfig
from fpgan.model.generator import Generator
from fpgan.model.weights import load_init

CONFIG = GeneratorConfig(latent=100, channels=(256, 128, 64), image_channels=3)
DEEP = GeneratorConfig(latent=100, channels=(64, 32, 16, 8), image_channels=3)


def _sequential(widths, bias=False):
    """Layers as both the article's and PyTorch's own DCGAN example have them."""
    layers = []
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        stride, padding = (1, 0) if i == 0 else (2, 1)
        layers.append(nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=bias))
        layers += [nn.BatchNorm2d(outputs), nn.ReLU(True)] if i < len(widths) - 2 else [nn.Tanh()]
    torch.manual_seed(0)
    for layer in layers:
        for parameter in layer.parameters():
            nn.init.normal_(parameter, 0.5, 0.1)
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
    return nn.Sequential(*layers)


class Main(nn.Module):
    def __init__(self, widths, bias=False):
        super().__init__()
        self.main = _sequential(widths, bias)

    def forward(self, latent):
        return self.main(latent)


SEED, EXAMPLE = (100, 256, 128, 64, 3), (100, 64, 32, 16, 8, 3)


@pytest.mark.parametrize(("config", "widths"), [(CONFIG, SEED), (DEEP, EXAMPLE)])
@pytest.mark.parametrize("kind", ["pth", "safetensors", "wrapped", "parallel", "bare"])
def test_another_dcgan_computes_the_same_images(config, widths, kind, tmp_path):
    """14 modules: `main.10` sorts before `main.2`, and safetensors keeps no order."""
    theirs = Main(widths).eval()
    tensors, path = theirs.state_dict(), tmp_path / "w.pth"
    if kind == "safetensors":
        path = tmp_path / "w.safetensors"
        save_file(tensors, path)
    elif kind == "wrapped":
        torch.save({"epoch": 3, "netG": tensors}, path)
    elif kind == "parallel":
        torch.save({f"module.{name}": t for name, t in tensors.items()}, path)
    else:
        torch.save(theirs.main.state_dict() if kind == "bare" else tensors, path)
    ours = Generator(config)
    load_init(ours, path)
    latent = torch.randn(4, 100, 1, 1)
    with torch.no_grad():
        assert torch.allclose(ours.float_twin().eval()(latent), theirs(latent), atol=1e-5)


def test_our_own_float_checkpoint_starts_one_with_learned_scales(tmp_path):
    source = Generator(replace(CONFIG, weight_bits="float", act_bits="float"))
    save_file(source.state_dict(), tmp_path / "w.safetensors")
    target = Generator(replace(CONFIG, scales="learned"))
    load_init(target, tmp_path / "w.safetensors")
    assert torch.equal(target.layers[1][0].weight, source.layers[1][0].weight)


def _error(tensors, config, tmp_path):
    torch.save(tensors, tmp_path / "w.pth")
    with pytest.raises(ValueError, match=re.escape(str(tmp_path / "w.pth"))) as error:
        load_init(Generator(config), tmp_path / "w.pth")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_mismatch_is_named(tmp_path):
    text = _error(Main((100, 256, 96, 64, 3)).state_dict(), CONFIG, tmp_path)
    for part in (
        "main.3.weight has shape (256, 96, 4, 4), not (256, 128, 4, 4) as layers.1.0",
        "main.4.running_var has shape (96,), not (128,) as layers.1.1",
        "main.6.weight has shape (96, 64, 4, 4), not (128, 64, 4, 4) as layers.2.0",
    ):
        assert part in text
    assert "main.0" not in text
    text = _error(Main((100, 256, 128, 3)).state_dict(), CONFIG, tmp_path)
    assert "no convolution for layers.3.0" in text
    assert "no normalisation for layers.2.1" in text
    text = _error(Main((*SEED, 3)).state_dict(), CONFIG, tmp_path)
    assert "main.12 is one convolution too many" in text
    text = _error(Main(SEED, bias=True).state_dict(), CONFIG, tmp_path)
    assert "main.0.bias has no place in layers.0.0 (set generator.bias: true)" in text
    text = _error(Main(SEED).state_dict(), replace(CONFIG, bias=True), tmp_path)
    assert "main.0.bias is missing, wanted for layers.0.0" in text
    text = _error({**Main(SEED).state_dict(), "fc.table": torch.zeros(2, 3)}, CONFIG, tmp_path)
    assert "fc.table belongs to no layer" in text


def test_mismatches_of_our_own_names(tmp_path):
    tensors = dict(Generator(CONFIG).state_dict())
    del tensors["layers.0.1.weight"]
    tensors |= {"layers.9.0.weight": torch.zeros(1), "layers.1.0.weight": torch.zeros(2)}
    text = _error(tensors, CONFIG, tmp_path)
    assert "layers.0.1.weight is missing" in text
    assert "layers.9.0.weight belongs to no layer" in text
    assert "layers.1.0.weight has shape (2,), not (256, 128, 4, 4)" in text


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_pickled_code_is_refused_and_not_run(tmp_path):
    text = _error({"w": torch.zeros(1), "code": Bomb(tmp_path / "ran")}, CONFIG, tmp_path)
    assert "holds pickled code" in text
    assert not (tmp_path / "ran").exists()
    assert "holds pickled code" in _error(Main(SEED), CONFIG, tmp_path)  # a whole module is code too


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut off"])
def test_what_is_no_weights_file_is_one_line(content, tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="PyTorch file") as error:
        load_init(Generator(CONFIG), path)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="does not exist"):
        load_init(Generator(CONFIG), tmp_path / "none.pth")


def test_other_archives_say_what_to_save_and_pass_on_no_advice(tmp_path):
    """torch says of TorchScript to set weights_only=False, which runs what is in the file."""
    module = torch.nn.Linear(2, 2)
    torch.jit.script(module).save(str(tmp_path / "w.pth"))
    with zipfile.ZipFile(tmp_path / "e.pth", "w") as file:
        file.writestr("e/archive_format", "pt2")
    for name, kind in (("w.pth", "TorchScript"), ("e.pth", "torch.export")):
        with pytest.raises(ValueError, match=f"is a {kind} archive; save only the state dict") as error:
            load_init(Generator(CONFIG), tmp_path / name)
        assert "weights_only" not in str(error.value)


def test_names_in_a_file_are_shortened(tmp_path):
    text = _error({"w\x1b" + "x" * 5000: torch.zeros(1)}, CONFIG, tmp_path)
    assert len(text) < 3000 and text.isprintable() and "belongs to no layer" in text
    long = {**Generator(CONFIG).state_dict(), "y" * 5000: torch.zeros(1)}
    assert len(_error(long, CONFIG, tmp_path)) < 1000


def test_tensors_that_no_layer_has(tmp_path):
    """An fp8 file was a traceback; a tensor that repeats one value 2^40 times asked for 4 TB."""
    odd = {
        "float8": torch.zeros(4).to(torch.float8_e4m3fn),
        "sparse": torch.zeros(4, 4).to_sparse(),
        "huge": torch.zeros(1).expand(1 << 40),
        "complex": torch.zeros(2, dtype=torch.complex64),
    }
    for name, tensor in odd.items():
        text = _error({"main.0.weight": tensor}, CONFIG, tmp_path)
        assert "main.0.weight is of torch." in text or "main.0.weight is no plain tensor" in text, name
    save_file({"a": odd["float8"]}, tmp_path / "fp8.safetensors")
    with pytest.raises(
        ValueError, match=r"fp8\.safetensors: a is of torch.float8_e4m3fn, which no layer has"
    ):
        load_init(Generator(CONFIG), tmp_path / "fp8.safetensors")


def test_what_holds_no_finite_tensors_is_one_line(tmp_path):
    assert "not finite: main.0.weight" in _error(
        {"main.0.weight": torch.tensor([torch.nan])}, CONFIG, tmp_path
    )
    assert "holds no tensors (epoch)" in _error({"epoch": 3}, CONFIG, tmp_path)
    assert "holds a int, not a state dict" in _error(3, CONFIG, tmp_path)
