# SPDX-License-Identifier: Apache-2.0
"""Files as a full disk, a bad cable, an editor or a stranger may leave them; all follows from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

_VALUES: list[Any] = [
    None, [], {}, "", "a;b", "\ud800", "x" * 300, -1, 0, 1.5, 1 << 70, 1e308, True, [None], {"x": {}}, [[[]]],
]  # fmt: skip
_WHOLE: list[Any] = [[], {}, None, 3, "text", [1, 2], {"version": 99}]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """One of many ways to damage a file."""
    ways: list[Callable[[bytes, random.Random], bytes]] = [
        _cut,
        _flipped,
        _flipped,
        _grown,
        _zeroed,
        _emptied,
    ]
    try:
        json.loads(content)
        ways += [_exchanged] * 6 + [_other]
    except ValueError:
        pass
    return rng.choice(ways)(content, rng)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _flipped(content: bytes, rng: random.Random) -> bytes:
    """Some bits; in long files most of all where headers are."""
    damaged = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 30]) * bool(content)):
        place = rng.randrange(len(damaged) if rng.random() < 0.5 else min(len(damaged), 600))
        damaged[place] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def _grown(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.randbytes(rng.choice([1, 8, 500])) + content[place:]


def _zeroed(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + bytes(len(content) - place)


def _emptied(content: bytes, rng: random.Random) -> bytes:
    return b""


def _other(content: bytes, rng: random.Random) -> bytes:
    return json.dumps(rng.choice(_WHOLE)).encode()


def _exchanged(content: bytes, rng: random.Random) -> bytes:
    """A JSON file with a value exchanged or left out somewhere."""
    data = place = json.loads(content)
    while isinstance(place, dict | list) and place:
        key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.8:
            place = place[key]
            continue
        if rng.random() < 0.2:
            del place[key]
        else:
            place[key] = rng.choice(_VALUES)
        break
    return json.dumps(data).encode()
