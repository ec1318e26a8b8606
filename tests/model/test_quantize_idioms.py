# SPDX-License-Identifier: Apache-2.0
"""Float modules as people write them: conditions on the input, wrappers of several GPUs, activations."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize, prune

from fpgan.model.quantize.source import open_module
from fpgan.model.quantize.tracing import trace


class Official(nn.Module):
    """As PyTorch's own DCGAN example."""

    def __init__(self, ngpu=1):
        super().__init__()
        self.ngpu = ngpu
        self.main = nn.Sequential(
            nn.ConvTranspose2d(4, 6, 4, bias=False), nn.BatchNorm2d(6), nn.ReLU(True),
            nn.ConvTranspose2d(6, 1, 4, 2, 1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, input):
        if input.is_cuda and self.ngpu > 1:
            return nn.parallel.data_parallel(self.main, input, range(self.ngpu))
        return self.main(input)


class Written(Official):
    """The layers of Official, called by another function of (module, latent)."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, input):
        return self.function(self, input)


def early(self, z):
    if isinstance(z, torch.cuda.FloatTensor) and self.ngpu > 1:
        raise AssertionError
    return self.main(z)


def asks(self, z):
    """What the input is like, in every way that has an answer on a CPU."""
    if z.dim() == 2:
        z = z[:, :, None, None]
    if z.size(1) != 4 or z.shape[-1] > 1 or z.requires_grad or z.device.type != "cpu":
        raise ValueError("the input's shape")
    return self.main(z)


FORWARDS = {
    "an older one": early,
    "several devices": lambda s, z: nn.parallel.data_parallel(s.main, z, range(2)),
    "shapes": asks,
    "output size": lambda s, z: s.main[3](s.main[0](z), output_size=[9, 9]),
    "output size of a batch": lambda s, z: s.main[3](s.main[0](z), [z.size(0), 1, 8, 8]),
}  # fmt: skip


def same(module, shape=(4, 1, 1)):
    module = open_module(module, None, {}, 0)
    made, found = trace(module)
    z = torch.randn(3, *shape)
    with torch.no_grad():
        wanted = made(z)
    assert found == shape
    return module, made, wanted, z


@pytest.mark.parametrize("name", FORWARDS)
def test_a_forward_that_asks_about_its_input(name):
    module, _, found, z = same(Written(FORWARDS[name]))
    if name != "several devices":  # which no CPU runs
        assert torch.allclose(found, module(z), atol=1e-6)
    assert found.shape == (3, 1, *((9, 9) if name == "output size" else (8, 8)))


def test_pytorchs_own_example_for_any_number_of_gpus():
    for ngpu in (0, 1, 4):
        module, _, found, z = same(Official(ngpu))
        assert torch.allclose(found, module(z), atol=1e-6)


def test_the_user_is_left_with_pytorchs_own_function():
    before = nn.parallel.data_parallel
    same(Written(FORWARDS["several devices"]))
    assert nn.parallel.data_parallel is before


def leaky(function):
    """max and where, on what a layer puts out."""

    def forward(self, z):
        return self.main[3](function(self.main[0](z)))

    return Written(forward)


ACTIVATIONS = {
    "maximum": (lambda x: torch.maximum(x, 0.2 * x), 0.2),
    "max": (lambda x: torch.max(x * 0.1, x), 0.1),
    "where": (lambda x: torch.where(x > 0, x, x * 0.3), 0.3),
    "where not below": (lambda x: torch.where(x >= 0, x, 0.0), 0.0),
    "method": (lambda x: x.maximum(x.mul(0.5)), 0.5),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_leaky_relu_by_hand(name):
    function, slope = ACTIVATIONS[name]
    module, made, found, z = same(leaky(function))
    assert torch.allclose(found, module(z), atol=1e-6)
    slopes = [m.negative_slope for m in made.modules() if isinstance(m, nn.LeakyReLU)]
    assert slopes == [slope]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.maximum(x, 2.0 * x),
        lambda x: torch.maximum(x, -0.2 * x),
        lambda x: torch.minimum(x, 0.2 * x),
        lambda x: torch.where(x > 1, x, 0.2 * x),
        lambda x: torch.where(x > 0, 0.2 * x, x),
    ],
)
def test_what_is_no_leaky_relu_is_not_taken_for_one(function):
    with pytest.raises(ValueError, match=r"joins several images|`gt` .* is not supported"):
        trace(open_module(leaky(function), None, {}, 0))


def test_wrappers_for_several_gpus_and_weights_that_were_saved_in_them(tmp_path):
    """Around the whole and around a part; the names in the file have their `module.` or have not."""
    plain = Official().eval()
    z = torch.randn(2, 4, 1, 1)
    inner = Official()
    inner.main = nn.DataParallel(inner.main)
    for saved in (plain, nn.DataParallel(plain), inner, nn.DataParallel(inner)):
        torch.save(saved.state_dict(), tmp_path / "w.pth")
        wanted = Official().eval()
        wanted.load_state_dict({k.replace("module.", ""): v for k, v in saved.state_dict().items()})
        for wrapped in (Official(), nn.DataParallel(Official()), nn.DataParallel(inner)):
            found = open_module(wrapped, tmp_path / "w.pth", {}, 0)
            assert not any(isinstance(m, nn.DataParallel) for m in found.modules())
            assert torch.allclose(found(z), wanted(z), atol=1e-6)


def test_a_part_that_the_user_named_module_keeps_its_name(tmp_path):
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential()
            self.net.module = nn.ConvTranspose2d(4, 1, 4)

        def forward(self, z):
            return self.net(z)

    saved = Named()
    torch.save(saved.state_dict(), tmp_path / "w.pth")
    assert torch.equal(
        open_module(Named(), tmp_path / "w.pth", {}, 0).net.module.weight, saved.net.module.weight
    )


class Clipped(nn.Module):
    """A parametrization of the user's."""

    def forward(self, weight):
        return weight.clamp(-0.1, 0.1)


def test_pruned_weights_and_parametrizations_of_ones_own():
    module = Official().eval()
    prune.l1_unstructured(module.main[0], "weight", 0.5)
    parametrize.register_parametrization(module.main[3], "weight", Clipped())
    z = torch.randn(2, 4, 1, 1)
    wanted = module(z).detach()
    plain = open_module(module, None, {}, 0)
    assert torch.allclose(plain(z), wanted, atol=1e-6)
    assert not plain.main[0]._forward_pre_hooks and set(plain.state_dict()) == set(Official().state_dict())
    trace(plain)
