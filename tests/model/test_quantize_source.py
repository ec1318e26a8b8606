# SPDX-License-Identifier: Apache-2.0
"""Modules to quantize: a file's class or instance and its weights, and one line where they cannot be had."""

import pytest
import quantize_models as models
import torch
from safetensors.torch import save_file

from fpgan.model.quantize.source import open_module

SOURCE = """
from torch import nn
from widths import WIDTH

class Net(nn.Sequential):
    def __init__(self, latent, width=WIDTH):
        super().__init__(nn.ConvTranspose2d(latent, width, 4), nn.Tanh())
        assert width < 9, "too wide"

made = Net(3)
number = 3
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "net.py").write_text(SOURCE)
    (tmp_path / "widths.py").write_text("WIDTH = 2\n")
    return tmp_path / "net.py"


def test_a_file_is_opened_by_class_or_instance(source):
    net = open_module(f"{source}:Net", None, {"latent": 5}, 0)
    assert net[0].weight.shape == (5, 2, 4, 4) and not net.training
    assert torch.equal(net[0].weight, open_module(f"{source}:Net", None, {"latent": 5}, 0)[0].weight)
    assert open_module(f"{source}:made", None, {}, 0)[0].in_channels == 3


def unopened(source, name, **arguments):
    with pytest.raises(ValueError) as error:
        open_module(f"{source}{name}", arguments.pop("weights", None), arguments, 0)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_that_cannot_be_opened_is_one_line(source, tmp_path):
    assert "FILE.py:NAME is expected" in unopened(source, "")
    assert "none.py: does not exist" in unopened(tmp_path / "none.py", ":Net")
    assert "net.py: has no Gen; it has Net" in unopened(source, ":Gen", latent=3)
    assert "Net(latent, width=2): missing a required argument: 'latent'; give each as --arg" in unopened(
        source, ":Net"
    )
    assert "net.py:8: Net cannot be made (AssertionError: too wide)" in unopened(
        source, ":Net", latent=1, width=9
    )
    assert "number is a int, not a torch.nn.Module" in unopened(source, ":number")
    for text, expected in (
        ("import none_such", ":1: cannot be imported (ModuleNotFoundError: No module named 'none_such')"),
        ("x = (", ":1: cannot be imported (SyntaxError"),
        ("import sys\nsys.exit(2)", "runs a program when it is imported; put that behind if __name__"),
    ):
        (tmp_path / "bad.py").write_text(text)
        assert expected in unopened(tmp_path / "bad.py", ":Net")


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_weights_that_do_not_fit_are_named_key_by_key(source, tmp_path):
    tensors = {"0.weight": torch.zeros(5, 2, 3, 3), "1.bias": torch.zeros(2)}
    torch.save(tensors, tmp_path / "w.pth")
    text = unopened(source, ":Net", latent=5, weights=tmp_path / "w.pth")
    for part in (
        "0.weight has shape (5, 2, 3, 3), not (5, 2, 4, 4)",
        "0.bias is missing",
        "1.bias belongs to no layer",
    ):
        assert part in text
    torch.save({"state_dict": {"w": Bomb(tmp_path / "ran")}}, tmp_path / "w.pth")
    assert "holds pickled code" in unopened(source, ":Net", latent=5, weights=tmp_path / "w.pth")
    assert not (tmp_path / "ran").exists()


def test_weights_of_any_wrapping_are_loaded(source, tmp_path):
    net = open_module(f"{source}:Net", None, {"latent": 5}, 1)
    torch.save({"netG": {f"module.{k}": v for k, v in net.state_dict().items()}}, tmp_path / "w.pth")
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    for name in ("w.pth", "w.safetensors"):
        again = open_module(f"{source}:Net", tmp_path / name, {"latent": 5}, 0)
        assert torch.equal(again[0].weight, net[0].weight)


def test_normalised_weights_become_plain_ones():
    module = models.Wave().eval()
    mel = torch.randn(2, 5, 6)
    with torch.no_grad():
        wanted = module(mel)
        plain = open_module(module, None, {}, 0)
        assert torch.allclose(plain(mel), wanted, atol=1e-6)
    assert set(plain.state_dict()) == {f"{n}.{k}" for n in ("pre", "up", "post") for k in ("weight", "bias")}
