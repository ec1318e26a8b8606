# SPDX-License-Identifier: Apache-2.0
"""fpgan power"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fpgan.build.cli.common import Json, show, steps
from fpgan.build.cli.options import real, whole
from fpgan.build.cli.options import seed as seed_option


def command(
    build: Annotated[Path, typer.Argument(metavar="BUILD", help="BUILD folder.")],
    images: Annotated[int, whole("Images whose toggles are counted.", 1)] = 8,
    seed: Annotated[int, seed_option("Which of the golden vectors.")] = 0,
    stall: Annotated[float, real("Probability that either side pauses in a cycle.", 0, 1, "[)")] = 0.0,
    json: Json = False,
) -> None:
    """Estimate power and energy per image from the toggles of a simulation.

    Example: `fpgan power build`
    """
    from fpgan.build.implement.power import power

    with steps("power") as progress:
        result = power(build, images, seed, stall, progress)
    watts, energy = result["W"], result["energy_per_image_uJ"]
    parts = ", ".join(f"{name} {value:.3f}" for name, value in watts.items() if name != "total")
    show(
        result,
        json,
        [
            f"{build / 'power.json'}: {watts['total']:.2f} W ({parts})",
            f"{energy['total']:.2f} uJ per image ({energy['dynamic']:.2f} dynamic) at "
            f"{result['images_per_second']:,.0f} images/s, {result['gops_per_W']:.0f} GOPS/W",
            f"within a factor of {result['uncertainty_factor']:.1f} ({result['how']})",
            f"not in it: {'; '.join(result['not_in_it'])}",
        ],
    )
