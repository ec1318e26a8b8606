# SPDX-License-Identifier: Apache-2.0
"""Every file that a command reads may be damaged or hostile: it is read here, with one error for all that."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import yaml
from numpy.lib import format as npy
from numpy.typing import NDArray

_MOST_TEXT = 1 << 28  # bytes of a text file
_MOST_ARRAYS = 1 << 32  # bytes of the arrays of a file
_DEEPEST, _MOST_VALUES = 64, 1 << 20  # levels and values of a YAML file, aliases counted each time
_CHUNK = 1 << 24  # bytes read at a time
_KINDS = "biufUS"  # of numpy's types: numbers and text


class DamagedError(ValueError):
    """A file that cannot be read, or does not hold what it should; one line with its name and what to do."""

    def __init__(self, path: Path, what: str, then: str = "") -> None:
        super().__init__(f"{path}: {what}{f'; {then}' if then else ''}")


class LacksError(DamagedError, KeyError):
    """An object of a file that has no such key; a KeyError too, for those who can do without."""

    __str__ = Exception.__str__


class Facts(dict[str, Any]):
    """An object of a JSON file; a key that it lacks is LacksError where it is asked for."""

    def __init__(self, values: Mapping[str, Any], path: Path, then: str = "") -> None:
        super().__init__(values)
        self._path, self._then = path, then

    def __missing__(self, key: str) -> Any:
        raise LacksError(self._path, f"has no {key}", self._then)


def check_plain(path: Path, most: int, then: str = "") -> None:
    """DamagedError for what is no file of at most `most` bytes: a pipe, which would be waited for, a disk."""
    try:
        about = path.stat()
        if path.is_file() and about.st_size <= most:
            return
    except FileNotFoundError:
        raise DamagedError(path, "does not exist", then) from None
    except (OSError, ValueError) as error:
        raise DamagedError(path, f"cannot be read ({_line(error)})", then) from None
    kind = f"has {about.st_size} bytes, at most {most} are read" if path.is_file() else "is no plain file"
    raise DamagedError(path, kind, then)


def read_text(path: Path, then: str = "") -> str:
    """A UTF-8 text file. then: what to do where it cannot be read, for the error. DamagedError."""
    check_plain(path, _MOST_TEXT, then)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DamagedError(path, "is no UTF-8 text", then) from None
    except OSError as error:
        raise DamagedError(path, f"cannot be read ({_line(error)})", then) from None


def read_json(path: Path, then: str = "") -> Facts:
    """The object that a JSON file holds. DamagedError where it is damaged or holds something else."""
    text = read_text(path, then)
    try:
        found = json.loads(text, object_hook=lambda values: Facts(values, path, then))
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DamagedError(path, f"is damaged: no JSON{where}", then) from None
    if "\\ud" in text.lower() and not _is_text(found):
        raise DamagedError(path, "is damaged: holds half a character", then)
    if not isinstance(found, Facts):
        raise DamagedError(path, f"is damaged: holds a {type(found).__name__}, no object", then)
    return found


def _is_text(value: Any) -> bool:
    """Whether all strings in a JSON value can be written: an escape may name half of a pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def read_yaml(path: Path, then: str = "") -> Any:
    """What a YAML file holds. DamagedError where it is none, or grows beyond any of ours."""
    return parse_yaml(read_text(path, then), path, then)


def parse_yaml(text: str, path: Path | str, then: str = "") -> Any:
    """The same of a text; path: where it is from, for the error."""
    try:
        found = yaml.safe_load(text)
        _count(found, _DEEPEST, _MOST_VALUES)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or _line(error)
        raise DamagedError(Path(path), f"is not YAML{where} ({what})", then) from None
    except RecursionError:
        raise DamagedError(Path(path), f"is nested more than {_DEEPEST} levels deep", then) from None
    except Exception as error:  # constructors raise what the types do that they make
        raise DamagedError(Path(path), f"is not YAML ({_line(error)})", then) from None
    return found


def _count(value: Any, deepest: int, most: int) -> int:
    """Values in a YAML value. RecursionError, ValueError beyond the limits, also where aliases make it so."""
    if deepest < 0:
        raise RecursionError
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    count = 1
    for part in inner:
        count += _count(part, deepest - 1, most - count)
    if count > most:
        raise ValueError(f"more than {_MOST_VALUES} values")
    return count


def read_arrays(path: Path, then: str = "") -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file; of a .npy file one, named "". Numbers and text, no pickles, no objects.

    Sizes are compared with what the file holds before memory is asked for. DamagedError.
    """
    check_plain(path, _MOST_ARRAYS, then)
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                return _members(file)
            file.seek(0)
            return {"": _array(file, path.stat().st_size, "it")}
    except Exception as error:  # zipfile's, zlib's, struct's and numpy's have no common class
        raise DamagedError(path, f"is damaged: {_line(error)}", then) from None


def _members(file: IO[bytes]) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _MOST_ARRAYS:
            raise ValueError(f"its arrays take more than {_MOST_ARRAYS} bytes")
        found = {}
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            with archive.open(entry) as member:
                found[name] = _array(member, entry.file_size, name)
                member.read(1)  # the end, where the checksum is looked at
        return found


def _array(file: IO[bytes], size: int, name: str) -> NDArray[Any]:
    """One array of a file of `size` bytes with its header."""
    shape, fortran, dtype = _header(file, name)
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > min(size, _MOST_ARRAYS):
        raise ValueError(f"{name} declares shape {shape}, {wanted} bytes; {size} are there")
    array: NDArray[Any] = np.empty(shape[::-1] if fortran else shape, dtype)  # takes memory as it is filled
    flat, done = array.reshape(-1).view(np.uint8) if wanted else np.empty(0, np.uint8), 0
    while done < wanted:
        part = file.read(min(wanted - done, _CHUNK))
        if not part:
            raise ValueError(f"{name} is cut short")
        flat[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    return array.transpose() if fortran else array


def _header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran's order, type."""
    version = npy.read_magic(file)
    headers: Mapping[tuple[int, int], Callable[..., Any]] = {
        (1, 0): npy.read_array_header_1_0,
        (2, 0): npy.read_array_header_2_0,
    }
    if version not in headers:
        raise ValueError(f"{name} is of .npy version {version[0]}.{version[1]}")
    shape, fortran, dtype = headers[version](file)
    if dtype.kind not in _KINDS:
        raise ValueError(f"{name} holds {dtype}, neither numbers nor text")
    if any(size < 0 for size in shape):
        raise ValueError(f"{name} declares shape {shape}")
    return shape, fortran, dtype


def _line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0][:200]
