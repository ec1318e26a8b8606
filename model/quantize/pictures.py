# SPDX-License-Identifier: Apache-2.0
"""What the float network and the quantized one make of the same inputs, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch

from fpgan.model.quantize.network import QuantizedNetwork

_SHOWN, _SIGNALS = 8, 3


@torch.no_grad()
def save_samples(
    network: QuantizedNetwork, result: dict[str, Any], path: Path, source: torch.Generator
) -> None:
    """Rows of 8 images: float, quantized, their difference; of a 1-D network the curves of 3 signals."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    latents = network.latents.draw(_SHOWN, source)
    made = [m(latents) for m in (network.original, network.module)]
    wanted, found = (m.reshape(-1, *network.split.image).numpy() for m in made)
    flat = wanted.shape[2] == 1
    figure = _signals(plt, wanted, found) if flat else _images(plt, wanted, found, network.layers[-1].span)
    steps = f", {result['steps']} steps of fine-tuning" if result["steps"] else ", calibrated only"
    sqnr = "equal" if result["sqnr_db"] is None else f"SQNR {result['sqnr_db']:.1f} dB"
    figure.suptitle(f"{result['bits']}{steps}: {sqnr}", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _images(plt: Any, wanted: np.ndarray, found: np.ndarray, span: tuple[float, float]) -> Any:
    """wanted, found: (N,C,H,W)."""
    low, high = span if np.isfinite(span).all() else (float(wanted.min()), float(wanted.max()))
    reach = max(float(np.abs(found - wanted).max()), 1e-9)
    rows = [
        ("float", (wanted - low) / (high - low)),
        ("quantized", (found - low) / (high - low)),
        (f"difference\n(white: {reach:.2g})", np.abs(found - wanted) / reach),
    ]
    figure, axes = plt.subplots(3, len(wanted), figsize=(1.5 * len(wanted) + 0.9, 4.8), squeeze=False)
    for axis_row, (title, pictures) in zip(axes, rows, strict=True):
        for axis, picture in zip(axis_row, pictures, strict=True):
            colour = picture.shape[0] == 3
            shown = picture.transpose(1, 2, 0) if colour else picture[0]
            axis.imshow(np.clip(shown, 0, 1), cmap="gray", vmin=0, vmax=1)
            axis.set_xticks([])
            axis.set_yticks([])
        axis_row[0].set_ylabel(title)
    return figure


def _signals(plt: Any, wanted: np.ndarray, found: np.ndarray) -> Any:
    """wanted, found: (N,C,1,L); the first channel is drawn."""
    figure, axes = plt.subplots(_SIGNALS, 1, figsize=(10, 6), squeeze=False, sharex=True)
    for axis, one, other in zip(axes[:, 0], wanted[:, 0, 0], found[:, 0, 0], strict=False):
        axis.plot(one, color="tab:blue", linewidth=1.5, label="float")
        axis.plot(other, color="tab:orange", linewidth=1, linestyle="--", label="quantized")
        axis.plot(other - one, color="tab:red", linewidth=0.7, label="difference")
    axes[0, 0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, fontsize=8)
    axes[-1, 0].set_xlabel("sample")
    return figure
