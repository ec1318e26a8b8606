# SPDX-License-Identifier: Apache-2.0
"""python -m attack --seconds 300 --seed 1: attacks on every command until the time is up.

Exit code 1 on the first that breaks something; its folder stays.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from attack.processes import import_all
from attack.targets import TARGETS
from attack.tries import Broken, Workshop, attack


def main() -> int:
    parser = argparse.ArgumentParser(prog="attack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long, at least one try; 300")
    parser.add_argument("--seed", type=int, help="of the first try, the next ones follow; a random one")
    parser.add_argument("--tries", type=int, default=1 << 30, help="how many at most")
    parser.add_argument("--only", nargs="*", help="names of commands")
    parser.add_argument("--folder", type=Path, help="what to work in; the system's folder for such files")
    given = parser.parse_args()
    seed = random.randrange(1 << 30) if given.seed is None else given.seed
    targets = tuple(t for t in TARGETS if not given.only or t.name in given.only)
    weighted = [target for target in targets for _ in range(target.weight)]
    import_all()
    root = Path(tempfile.mkdtemp(prefix="fpgan-attack-", dir=given.folder))
    shop, until = Workshop.open(root, targets), time.monotonic() + given.seconds
    for number in range(seed, seed + given.tries):
        target = random.Random(number).choice(weighted)
        try:
            said = attack(shop, target, number)
        except Broken as error:
            print(f"BROKEN, seed {number}: {target.name}: {error}\nsee {root / f'{target.name}-{number}'}")
            return 1
        print(f"seed {number}: {target.name}: {said}", flush=True)
        if time.monotonic() > until:
            break
    shutil.rmtree(root)
    print(f"{number - seed + 1} attacks from seed {seed} on, nothing broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
