# SPDX-License-Identifier: Apache-2.0
"""Debian's openclipart-png: 8,121 drawings in the public domain, in folders by topic."""

from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fpgan.hw.system.text import brief
from fpgan.model.sources import SIDE, on_white, open_image, read_once

CLIPART = Path("/usr/share/openclipart/png")
_FEW = 40  # images below which a topic is taken together with the one around it
_HELD_OUT = 10  # one in so many is not learnt from
_LONGEST_NAME = 255
_OTHER = "other"


class Clipart(NamedTuple):
    """pixels (N,3,64,64) uint8; topic (N) int64, of names; held_out (N) bool; broken: files left out."""

    pixels: np.ndarray
    topic: np.ndarray
    names: tuple[str, ...]
    held_out: np.ndarray
    broken: frozenset[str]


def clipart(folder: str = "") -> Clipart:
    """The different drawings below a folder, in the middle of white squares; kept in the user's cache.

    folder: where the PNG files are; Debian's by default. A topic is a folder, by its path, that holds at
    least 40 drawings which are in no topic further down; what is in none is `other`. What is held out follows
    from a drawing's pixels alone. ValueError if there are none.
    """
    root = Path(folder) if folder else CLIPART
    files = sorted(root.rglob("*.png")) if root.is_dir() else []
    if not files:
        hint = "" if folder else "; apt install openclipart-png, or name a folder: clipart:FOLDER"
        raise ValueError(f"{root}: holds no PNG files{hint}")
    key = zlib.crc32("".join(f"{p} {p.lstat().st_size} {p.lstat().st_mtime_ns}\n" for p in files).encode())
    found = read_once("clipart", root, np.array([len(files), key]), lambda: _drawings(root, files))
    sums = [zlib.crc32(pixels.tobytes()) for pixels in found["pixels"]]
    names, topic = topics([str(name) for name in found["folder"]])
    held_out = np.array([s % _HELD_OUT == 0 for s in sums])
    return Clipart(found["pixels"], topic, names, held_out, frozenset(map(str, found["broken"])))


def _drawings(root: Path, files: list[Path]) -> dict[str, np.ndarray]:
    """Pixels of the different drawings, each with the folder of the first file that shows it."""
    first: dict[bytes, str] = {}
    broken = []
    for path in files:
        try:
            with open_image(path, ("PNG",)) as picture:
                pixels = on_white(picture).tobytes()
        except Exception:  # decoders of damaged files raise nearly anything
            broken.append(brief(path.relative_to(root), _LONGEST_NAME))
        else:
            first.setdefault(pixels, path.parent.relative_to(root).as_posix())
    if not first:
        raise ValueError(f"{root}: none of its {len(files)} PNG files can be read")
    pixels = np.stack([np.frombuffer(p, np.uint8).reshape(SIDE, SIDE, 3) for p in first])
    return {
        "pixels": pixels.transpose(0, 3, 1, 2).copy(),
        "folder": np.array(list(first.values()), np.str_),
        "broken": np.array(broken, np.str_),
    }


def topics(folders: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of topics, and each drawing's (N) int64, of the folders that they are in, as `food/fruit`."""
    place = [_OTHER if f == "." else f for f in folders]
    for depth in range(max(f.count("/") for f in place), -1, -1):
        counts = Counter(place)
        small = {f for f, n in counts.items() if f.count("/") == depth and n < _FEW}
        place = [(f.rpartition("/")[0] or _OTHER) if f in small else f for f in place]
    names = tuple(sorted(set(place)))
    return names, np.array([names.index(f) for f in place], np.int64)
