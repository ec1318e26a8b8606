# SPDX-License-Identifier: Apache-2.0
"""What all results share: the fields of a JSON file, its folder, and how a notebook shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from fpgan.build.api.html import result_html
from fpgan.hw.system.fields import fill, plain, shape_of, told
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.shapes import check_shape
from fpgan.hw.system.tools import CheckError

R = TypeVar("R", bound="Result")


@dataclass(frozen=True, kw_only=True, repr=False)
class Result:
    """A result file as an object; its other base is the dataclass of that file (fields: build/FILES.md).

    A field that may be missing from the file is false where it is. root: the folder that the file is in.
    """

    PICTURE: ClassVar[str] = ""  # name of its picture in root

    root: Path = Path()

    @property
    def picture(self) -> Path | None:
        """The PNG that shows it; None where there is none."""
        path = self.root / self.PICTURE
        return path if self.PICTURE and path.is_file() else None

    @property
    def wrong(self) -> str:
        """What fails in it, in one line; empty where nothing does."""
        return ""

    def check(self) -> Self:
        """The result itself. CheckError with `wrong`, where something is."""
        if self.wrong:
            raise CheckError(self.wrong)
        return self

    def as_json(self) -> dict[str, Any]:
        """What the file holds, for json.dumps."""
        written: dict[str, Any] = plain(self)
        return written

    def __repr__(self) -> str:
        single = ((key, value) for key, value, _ in told(self) if isinstance(value, int | float | str))
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in single)})"

    def _repr_html_(self) -> str:
        return result_html(type(self).__name__, self, self.picture, self.wrong)


def result(cls: type[R], data: Mapping[str, Any], root: Path) -> R:
    """The result with these values by the keys of its file. TypeError for a key more or less."""
    filled: R = replace(fill(cls, data), root=root)
    return filled


def read(cls: type[R], path: Path, then: str) -> R:
    """A result from its file. ValueError in one line where it is damaged; then: what makes it again."""
    data = read_json(path, then)
    check_shape(data, shape_of(cls), path, then)
    filled: R = replace(fill(cls, data, others=True), root=path.parent)
    return filled
