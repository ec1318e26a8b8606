# SPDX-License-Identifier: Apache-2.0
"""Every file that a command reads may be damaged or hostile: it is read here, with one error for all that."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import yaml
from numpy.lib import format as npy
from numpy.typing import NDArray

_MOST_TEXT = 1 << 28  # bytes of a text file
_MOST_ARRAYS = 1 << 32  # bytes of the arrays of a file
_DEEPEST = 64  # levels of a YAML file
Read = TypeVar("Read")


class DamagedError(ValueError):
    """A file that cannot be read, or does not hold what it should; one line with its name and what to do."""

    def __init__(self, path: Path, what: str, then: str = "") -> None:
        super().__init__(f"{path}: {what}{f'; {then}' if then else ''}")


def read_text(path: Path, then: str = "") -> str:
    """A UTF-8 text file. then: what to do where it cannot be read, for the error. DamagedError."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DamagedError(path, "is no plain file", then)
        if size > _MOST_TEXT:
            raise DamagedError(path, f"has {size} bytes, at most {_MOST_TEXT} are read", then)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DamagedError(path, "does not exist", then) from None
    except OSError as error:
        raise DamagedError(path, f"cannot be read ({error.strerror})", then) from None
    except UnicodeDecodeError:
        raise DamagedError(path, "is no UTF-8 text", then) from None


def read_json(path: Path, then: str = "") -> dict[str, Any]:
    """The object that a JSON file holds. DamagedError where it is damaged or holds something else."""
    try:
        found = json.loads(read_text(path, then))
    except (json.JSONDecodeError, RecursionError) as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DamagedError(path, f"is damaged: no JSON{where}", then) from None
    if not isinstance(found, dict):
        raise DamagedError(path, f"is damaged: holds a {type(found).__name__}, no object", then)
    return found


def read_yaml(path: Path, then: str = "") -> Any:
    """What a YAML file holds. DamagedError where it is none, or nested deeper than any of ours."""
    return parse_yaml(read_text(path, then), path, then)


def parse_yaml(text: str, path: Path, then: str = "") -> Any:
    """What YAML of a file says; path: where it came from, for errors. DamagedError as `read_yaml`."""
    try:
        if _depth(text) > _DEEPEST:
            raise DamagedError(path, f"is nested more than {_DEEPEST} levels deep", then)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "no YAML"
        raise DamagedError(path, f"is not YAML{where} ({what})", then) from None
    except (ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, DamagedError):
            raise
        raise DamagedError(path, f"is not YAML ({str(error).splitlines()[0]})", then) from None


def _depth(text: str) -> int:
    """Levels of a YAML text, without building what it says."""
    depth = most = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            most = max(most, depth)
            if most > _DEEPEST:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return most


def read_arrays(path: Path, then: str = "") -> dict[str, NDArray[Any]]:
    """The arrays of a .npz file; of a .npy file one, named "". No pickles, no objects.

    Sizes are compared with what the file holds before memory is asked for. DamagedError.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                return _members(path, file)
            file.seek(0)
            return {"": _array(file, path.stat().st_size, "it")}
    except FileNotFoundError:
        raise DamagedError(path, "does not exist", then) from None
    except DamagedError:
        raise
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise DamagedError(path, f"is damaged: {_line(error)}", then) from None
    except Exception as error:  # zlib's and others' own, as they have no common class
        raise DamagedError(path, f"is damaged: {_line(error)}", then) from None


def _members(path: Path, file: IO[bytes]) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _MOST_ARRAYS:
            raise ValueError(f"its arrays take more than {_MOST_ARRAYS} bytes")
        found = {}
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            with archive.open(entry) as member:
                found[name] = _array(member, entry.file_size, name)
        return found


def _array(file: IO[bytes], size: int, name: str) -> NDArray[Any]:
    """One array of `size` bytes with its header."""
    version = npy.read_magic(file)
    headers: Mapping[tuple[int, int], Callable[..., Any]] = {
        (1, 0): npy.read_array_header_1_0,
        (2, 0): npy.read_array_header_2_0,
    }
    if version not in headers:
        raise ValueError(f"{name} is of .npy version {version[0]}.{version[1]}")
    shape, fortran, dtype = headers[version](file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects")
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > min(size, _MOST_ARRAYS):
        raise ValueError(f"{name} declares shape {shape}, {wanted} bytes; {size} are there")
    data = file.read(wanted)
    if len(data) != wanted:
        raise ValueError(f"{name} is cut short")
    array = np.frombuffer(data, dtype).copy()
    return array.reshape(shape[::-1]).transpose() if fortran else array.reshape(shape)


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
