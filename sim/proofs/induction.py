# SPDX-License-Identifier: Apache-2.0
"""Whether a circuit's properties follow from themselves a cycle before, in its own process:
python -m fpgan.sim.proofs.induction CIRCUIT.json LOG [INPUT=VALUE ...]."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

PROVED = "Induction step proven: SUCCESS!"


def induct(circuit: Path, log: Path, held: Sequence[str] = ()) -> None:
    """Yosys' own solver, all properties at once; the log holds PROVED where they hold in all cycles.

    held: inputs that never change, as INPUT=VALUE.
    """
    from pyosys import libyosys as ys

    design = ys.Design()
    command = ["sat", "-tempinduct", "-prove-asserts", "-set-assumes", "-maxsteps", "1"]
    command += [part for word in held for part in ("-set", *word.split("="))]
    commands: list[list[str]] = [
        ["read_json", str(circuit)],
        ["hierarchy", "-auto-top"],
        ["delete", "t:$cover"],
        ["tee", "-q", "-o", str(log), *command],
    ]
    for words in commands:
        ys.Pass.call(design, [os.fsencode(word) for word in words])


if __name__ == "__main__":
    induct(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
