# SPDX-License-Identifier: Apache-2.0
"""FID and KID on Inception-v3 features, as papers give them. The network's weights are the user's to get."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fpgan.model.data import Images, with_channels
from fpgan.model.drawing import Drawing, generate
from fpgan.model.weights import torch_reason

_BATCH = 50
_SUBSET = 1000
_FEATURES = 2048


def inception_network(weights: Path | str) -> nn.Module:
    """Inception-v3 from torch-fidelity's file pt_inception-2015-12-05-6726825d.pth; uint8 images -> (N,2048).

    ValueError if the file or the packages are missing.
    """
    if not Path(weights).is_file():
        raise ValueError(
            f"{weights}: does not exist; it is the file of torch-fidelity's Inception-v3 weights"
        )
    try:
        import torch_fidelity  # noqa: F401
        from torchmetrics.image.fid import NoTrainInceptionV3
    except ImportError as error:
        raise ValueError(f"{error.name} is not installed: pip install 'fpgan[inception]'") from None
    try:
        network: nn.Module = NoTrainInceptionV3("inception-v3-compat", [str(_FEATURES)], str(weights))
    except Exception as error:  # whatever loading a wrong file raises
        raise ValueError(f"{weights}: no Inception-v3 weights ({torch_reason(error)})") from None
    return network


def inception_scores(
    network: nn.Module, generator: Drawing, images: Images, samples: int, seed: int
) -> dict[str, Any]:
    """FID and KID x 1000 of generated against real images, and of two halves of the real ones at equal size.

    network: uint8 images (N,3,H,W) -> features (N,D).
    """
    size = min(samples, len(images) // 2)
    source = torch.Generator().manual_seed(seed)
    made, _ = generate(generator, size, source)
    order = torch.randperm(len(images), generator=source)[: 2 * size]
    reference, other = (
        torch.cat([images.__getitems__(part.tolist()).images for part in half.split(_BATCH)])
        for half in (order[:size], order[size:])
    )
    scores, real = (_scores(network, side, reference) for side in (made, other))
    return {"images": size, **scores, **{f"{name}_real_vs_real": value for name, value in real.items()}}


@torch.no_grad()
def _scores(network: nn.Module, images: Tensor, reference: Tensor) -> dict[str, float]:
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance
        from torchmetrics.image.kid import KernelInceptionDistance
    except ImportError:
        raise ValueError("torchmetrics is not installed: pip install 'fpgan[inception]'") from None

    fid = FrechetInceptionDistance(network).set_dtype(torch.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it keeps all features
        kid = KernelInceptionDistance(network, subset_size=min(_SUBSET, len(images)))
    for side, real in ((images, False), (reference, True)):
        for part in side.split(_BATCH):
            pixels = ((with_channels(part, 3).clamp(-1, 1) + 1) * 127.5).round().byte()
            fid.update(pixels, real=real)
            kid.update(pixels, real=real)
    torch.manual_seed(0)  # of the subsets that KID draws
    return {"fid": round(float(fid.compute()), 4), "kid": round(1000 * float(kid.compute()[0]), 4)}
