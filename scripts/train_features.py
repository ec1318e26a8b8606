# SPDX-License-Identifier: Apache-2.0
"""Trains the networks that scores are measured with, as they lie in model/checkpoints/features.

python scripts/train_features.py {digits,fashion,colour} [--data fashion:FOLDER or emoji:FONT] [--out FOLDER]

Changing one changes every score; a test pins their checksums.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from fpgan.model.data import Images, open_images
from fpgan.model.features import FOLDER, KINDS, ColourNet
from fpgan.model.run import save_tensors

_EPOCHS = {"digits": 12, "fashion": 5, "colour": 40}
_BATCH = 64
_SIZES = {"digits": (1, 28), "fashion": (1, 28), "colour": (3, ColourNet.SIDE)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--data", help="where the images are, as `dataset` of a configuration says it")
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    name = arguments.data or {"colour": "emoji"}.get(arguments.kind, arguments.kind)
    images = open_images(name, *_SIZES[arguments.kind])
    torch.manual_seed(0)
    model = KINDS[arguments.kind]()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for epoch in range(_EPOCHS[arguments.kind]):
        right = 0
        for part in torch.randperm(len(images)).split(_BATCH):
            pictures, labels = _task(images, part.tolist(), arguments.kind)
            logits = model(pictures)[1]
            optimizer.zero_grad()
            F.cross_entropy(logits, labels).backward()
            optimizer.step()
            right += int((logits.argmax(1) == labels).sum())
        print(f"epoch {epoch + 1}: {right / len(images):.2%} right while training", flush=True)
    tensors = {name: value.half() for name, value in model.state_dict().items()}
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_tensors(tensors, arguments.out / f"{arguments.kind}.safetensors")


def _task(images: Images, part: list[int], kind: str) -> tuple[Tensor, Tensor]:
    """Images and what is to be told of them: their label, or how they were turned."""
    batch = images.__getitems__(part)
    if kind != "colour":
        assert batch.labels is not None
        return batch.images, batch.labels
    labels = torch.randint(12, (len(part),))
    changed = [
        image.rot90(int(label) % 4, (1, 2)).roll(int(label) // 4, 0)
        for image, label in zip(batch.images, labels, strict=True)
    ]
    return torch.stack(changed), labels


if __name__ == "__main__":
    main()
