# SPDX-License-Identifier: Apache-2.0
"""One step downhill."""

import pytest
import torch
from torch import nn

from fpgan.model.descent import Descent, Diverged
from fpgan.model.device import Device


def test_a_step_goes_towards_the_teacher_and_one_that_diverges_changes_nothing():
    pupil, teacher, latents = nn.Linear(2, 1), nn.Linear(2, 1), torch.ones(3, 2)
    descent = Descent(Device(), torch.optim.SGD(pupil.parameters(), 0.1), lambda what: f"the {what}; wait")
    far = descent.imitate(pupil, teacher, latents)
    assert 0 < descent.imitate(pupil, teacher, latents) < far
    before = pupil.weight.clone()
    with pytest.raises(Diverged, match=r"^the loss is nan; wait$"):
        descent.imitate(pupil, teacher, latents * float("nan"))
    assert torch.equal(pupil.weight, before)
