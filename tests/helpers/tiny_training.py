# SPDX-License-Identifier: Apache-2.0
"""The smallest trainings, and what tests of training share."""

import os
import signal
from dataclasses import replace

import made_up
import torch
from safetensors.torch import load_file

from fpgan.model.config import PRESETS
from fpgan.model.drawing import generate

PLAIN = {"distill": 0.0, "distill_features": 0.0, "decay": 0.0, "tuning": "adversarial"}
TINY = replace(PRESETS["tiny"], batch=8, features=4, **PLAIN, float_steps=3)
LONG = replace(TINY, steps=7)
CHECKPOINT = "checkpoint.safetensors"
RECIPE = replace(
    LONG, decay=0.5, distill=1.0, distill_features=0.1, augment=("translation", "cutout"),
    generator=replace(TINY.generator, classes=10, scales="learned", weight_bits=2, act_bits=2),
)  # fmt: skip


def mean_score(generator, images):
    made, _ = generate(generator, 16, torch.Generator().manual_seed(0))
    return made_up.score(name="mean", value=made.mean().item())


def same_weights(a, b):
    left, right = load_file(a / CHECKPOINT), load_file(b / CHECKPOINT)
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


def interrupt():
    """Comes between two steps, so one more is made."""
    os.kill(os.getpid(), signal.SIGINT)
